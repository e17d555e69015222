import assert from "node:assert/strict";
import { test } from "node:test";
import { Statistics } from "../../../src/cli/array/statistics.ts";

/** The figures of all values at once, the way of the textbook. */
function expected(values: readonly number[]): { mean: number; std: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, std: Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length) };
}

test("the figures do not depend on the blocks in which values come", () => {
  const values = Array.from({ length: 10_000 }, (_, i) => 1e6 + Math.sin(i) * 3);
  for (const size of [1, 7, 1000, 10_000]) {
    const statistics = new Statistics();
    for (let at = 0; at < values.length; at += size) statistics.add(Float64Array.from(values.slice(at, at + size)));
    const { mean, std } = expected(values);
    assert.ok(Math.abs(statistics.mean! - mean) < 1e-8, `${size}: mean ${statistics.mean}`);
    assert.ok(Math.abs(statistics.std! - std) < 1e-8, `${size}: std ${statistics.std}`);
    assert.deepEqual([statistics.min, statistics.max], [Math.min(...values), Math.max(...values)]);
  }
});

test("NaNs are counted and count for nothing else; infinities count", () => {
  const statistics = new Statistics();
  statistics.add([NaN, 1, 0, -0, NaN]);
  statistics.add([NaN]);
  assert.deepEqual(
    [statistics.elements, statistics.nan, statistics.zeros, statistics.min, statistics.max],
    [6, 3, 2, 0, 1],
  );
  assert.equal(statistics.mean, 1 / 3);
  statistics.add([Infinity]);
  assert.deepEqual([statistics.infinite, statistics.max, statistics.mean], [1, Infinity, Infinity]);
  assert.ok(Number.isNaN(statistics.std));
  statistics.add([-Infinity]);
  assert.ok(Number.isNaN(statistics.mean));
});

test("64-bit integers stay exact where they are told as they are", () => {
  const statistics = new Statistics();
  statistics.add(BigInt64Array.of(2n ** 62n + 1n, -(2n ** 62n) - 1n, 0n));
  assert.deepEqual([statistics.min, statistics.max, statistics.zeros], [-(2n ** 62n) - 1n, 2n ** 62n + 1n, 1]);
});

test("of nothing there are no figures", () => {
  const statistics = new Statistics();
  statistics.add([]);
  statistics.add([NaN]);
  assert.deepEqual([statistics.min, statistics.max, statistics.mean, statistics.std], Array(4).fill(undefined));
});
