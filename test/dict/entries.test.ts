import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { valuesOf } from "../../src/dict/encoding.ts";
import {
  BATCH_ENTRIES,
  Batch,
  encodeAll,
  encodeEntry,
  encodeValue,
  keySourceOf,
  sourceOf,
} from "../../src/dict/entries.ts";
import { DaosError } from "../../src/errors.ts";

const values = valuesOf<unknown>(undefined);

describe("what a bulk call was given", () => {
  test("records, Maps and arrays are whole; other iterables are streams", () => {
    assert.deepEqual(sourceOf({ a: 1, 2: "b" }, "bput"), {
      type: "whole",
      entries: [
        ["2", "b"],
        ["a", 1],
      ],
    });
    assert.equal(sourceOf(new Map(), "bput").type, "whole");
    assert.equal(sourceOf([["a", "1"]], "bput").type, "whole");
    assert.equal(sourceOf(new Map().entries(), "bput").type, "stream");
    assert.equal(sourceOf(new Set(), "bput").type, "stream");
    assert.equal(sourceOf((async function* () {})(), "bput").type, "asyncStream");
    assert.equal(sourceOf(Object.create(null), "bput").type, "whole");
  });

  test("__proto__ is an entry where it is a record's own", () => {
    const record = JSON.parse('{"__proto__": "v"}') as object;
    assert.deepEqual(sourceOf(record, "bput"), { type: "whole", entries: [["__proto__", "v"]] });
  });

  test("everything else is a TypeError that names the call", () => {
    for (const entries of [undefined, null, 7, "text", true, Symbol("s"), () => {}, Promise.resolve({ a: "v" })])
      assert.throws(
        () => sourceOf(entries, "bput"),
        (e) => e instanceof TypeError && e.message.startsWith("bput"),
      );
  });
});

describe("the keys of a bulk read", () => {
  test("come from iterables, Maps and records", () => {
    assert.deepEqual([...keySourceOf(["a", "b"]).keys], ["a", "b"]);
    assert.deepEqual([...keySourceOf(new Map([["a", 1]])).keys], ["a"]);
    assert.deepEqual([...keySourceOf(new Set(["a"])).keys], ["a"]);
    assert.deepEqual(keySourceOf({ a: null, b: null }), { keys: ["a", "b"], isRecord: true });
    assert.equal(keySourceOf(["a"]).isRecord, false);
  });

  test("a lone string is a TypeError: its characters are hardly meant", () => {
    assert.throws(
      () => keySourceOf("ab"),
      (e) => e instanceof TypeError && e.message.includes("[key]"),
    );
    for (const keys of [undefined, null, 7]) assert.throws(() => keySourceOf(keys), TypeError);
  });

  test("what would pass for an empty record, a promise or an async iterable, is a TypeError that says so", () => {
    assert.throws(() => keySourceOf(Promise.resolve(["a"])), { name: "TypeError", message: /await it/ });
    assert.throws(() => keySourceOf((async function* () {})()), { name: "TypeError", message: /async iterable/ });
  });
});

describe("entries as operations", () => {
  test("null removes, and so does what is empty", () => {
    assert.deepEqual(encodeEntry(["k", null], values, 100), [Buffer.from("k"), null]);
    assert.equal(encodeEntry(["k", ""], values, 100)[1]?.length, 0);
  });

  test("what is no pair is a TypeError", () => {
    for (const entry of ["kv", 7, null, undefined, { 0: "k", 1: "v" }])
      assert.throws(() => encodeEntry(entry, values, 100), TypeError);
    for (const entry of [[], ["k"], ["k", undefined], [undefined, "v"]])
      assert.throws(() => encodeEntry(entry, values, 100), TypeError);
  });

  test("the first bad one throws", () => {
    assert.throws(
      () =>
        encodeAll(
          [
            ["a", "1"],
            ["", "2"],
            ["c", 3],
          ],
          values,
          100,
        ),
      (e) => DaosError.is(e, "DER_INVAL"),
    );
    assert.equal(
      encodeAll(
        [
          ["a", "1"],
          ["b", null],
        ],
        values,
        100,
      ).length,
      2,
    );
  });

  test("a value may have as many bytes as the engine takes, and not one more", () => {
    assert.equal(encodeValue("x".repeat(100), values, 100).length, 100);
    assert.throws(
      () => encodeValue("x".repeat(101), values, 100),
      (e) => DaosError.is(e, "DER_REC2BIG") && e.message.includes("101") && e.message.includes("100"),
    );
  });
});

describe("a batch", () => {
  const op = (bytes: number) => [Buffer.from("k"), new Uint8Array(bytes)] as const;

  test("is full when it has enough records", () => {
    const batch = new Batch();
    for (let i = 1; i < BATCH_ENTRIES; i++) assert.equal(batch.add(op(1)), false);
    assert.equal(batch.add(op(1)), true);
    assert.equal(batch.take().length, BATCH_ENTRIES);
    assert.deepEqual(batch.take(), []);
    assert.equal(batch.add(op(1)), false, "it starts anew");
  });

  test("is full when it has enough bytes", () => {
    const batch = new Batch();
    assert.equal(batch.add(op(500_000)), false);
    assert.equal(batch.add(op(600_000)), true);
    batch.take();
    assert.equal(batch.add(op(500_000)), false);
    assert.equal(batch.add([Buffer.from("k"), null]), false);
  });
});
