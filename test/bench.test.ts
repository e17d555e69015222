/** The harness of the benchmarks computes what it prints. No time is measured here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Contender,
  interleave,
  isMet,
  losses,
  median,
  Report,
  race,
  ratio,
  type Samples,
  spread,
  table,
} from "../bench/harness.ts";

test("the median is the value in the middle, or the mean of the two there, in any order", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 100, 2]), 3);
  assert.equal(median([7]), 7);
  assert.throws(() => median([]), RangeError);
});

test("the spread has the extremes", () => {
  assert.deepEqual(spread([10, 2, 30]), { median: 10, min: 2, max: 30 });
});

test("a ratio is taken round by round: a slow round of both does not change it", () => {
  const samples: Samples = new Map([
    ["a", [50, 5, 50]],
    ["b", [100, 10, 100]],
  ]);
  assert.deepEqual(ratio(samples, "a", "b"), { median: 0.5, min: 0.5, max: 0.5 });
  assert.throws(() => ratio(samples, "a", "c"), /c was not measured/);
});

test("contenders take turns, another one begins each round, and the first round does not count", async () => {
  const order: string[] = [];
  let calls = 0;
  const samples = await interleave(2, [{ name: "a" }, { name: "b" }, { name: "c" }], ({ name }) => {
    order.push(name);
    return calls++;
  });
  assert.equal(order.join(""), "cab" + "abc" + "bca");
  assert.deepEqual(
    [...samples],
    [
      ["a", [3, 8]],
      ["b", [4, 6]],
      ["c", [5, 7]],
    ],
  );
});

test("in a race all take turns until each has worked its time, and preparing is not counted", async (t) => {
  let clock = 0;
  t.mock.method(performance, "now", () => clock);
  const order: string[] = [];
  const contender = (name: string, takes: number): Contender => ({
    name,
    prepare: () => {
      clock += 1000;
    },
    work: () => {
      order.push(name);
      clock += takes;
      return name === "blocks" ? 10 : Promise.resolve(10);
    },
  });
  const samples = await race(1, 5, [contender("blocks", 2), contender("awaits", 5)]);
  // Three pieces of 2 ms and one of 5 ms fill 5 ms; the first of the two rounds does not count.
  assert.deepEqual(order, ["awaits", "blocks", "blocks", "blocks", "blocks", "awaits", "blocks", "blocks"]);
  assert.deepEqual(
    [...samples],
    [
      ["blocks", [5000]],
      ["awaits", [2000]],
    ],
  );
});

test("a figure is met when its median reaches the target, on the target's side", () => {
  const measured = { median: 0.85, min: 0.1, max: 9 };
  assert.ok(isMet({ what: "", measured, target: { atLeast: 0.85, unit: "x" } }));
  assert.ok(!isMet({ what: "", measured, target: { atLeast: 0.86, unit: "x" } }));
  assert.ok(isMet({ what: "", measured, target: { under: 0.86, unit: "ms" } }));
  assert.ok(!isMet({ what: "", measured, target: { under: 0.85, unit: "ms" } }));
});

test("every peer that is faster is told of, the worst first", () => {
  const samples: Samples = new Map([
    ["mine", [10]],
    ["twice", [20]],
    ["slow", [5]],
    ["thrice", [30]],
  ]);
  const found = losses([{ what: "get", samples, ours: ["mine"] }]);
  assert.deepEqual(
    found.map(({ peer, ratio: { median: m } }) => [peer, m.toFixed(2)]),
    [
      ["thrice", "0.33"],
      ["twice", "0.50"],
    ],
  );
});

test("the report says what was missed and where it loses", () => {
  const lines: string[] = [];
  const report = new Report((line) => lines.push(line));
  const samples: Samples = new Map([
    ["mine", [10, 10]],
    ["peer", [40, 40]],
  ]);
  report.figure({ what: "fast", measured: spread([2]), target: { atLeast: 1, unit: "x" } });
  report.figure({ what: "small", measured: spread([200]), target: { under: 150, unit: "MiB" } });
  report.comparison({ what: "get", samples, ours: ["mine"] });
  assert.equal(report.end(), false);
  const text = lines.join("\n");
  assert.match(text, /fast +>= x1\.00 +x2\.00 .*ok/);
  assert.match(text, /small +< 150 MiB +200 MiB .*MISSED/);
  assert.match(text, /Where it loses\n+ +get +mine +x0\.25 of +peer/);
});

test("columns of a table are aligned", () => {
  assert.deepEqual(
    table([
      ["a", "bb"],
      ["ccc", ""],
    ]),
    ["a    bb", "ccc"],
  );
});
