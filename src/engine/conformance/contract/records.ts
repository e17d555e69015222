/** Single records and batches of them: what is put is there, what is removed is not, and the count is right. */
import assert from "node:assert/strict";
import type { Face, Kv, Op } from "../../contract.ts";
import { bytes, inUtf8Order, keysOf, listKeys, pattern, text, UNUSUAL_KEYS } from "../data.ts";
import type { Suite } from "../suite.ts";

/** Sizes around which engines store values differently. */
const SIZES = [1, 2, 7, 1023, 1024, 1025, 4096, 65_535, 65_536, 65_537, 1024 * 1024, 20 * 1024 * 1024];
const KEY_MAX = 65_536;

export function testRecords(suite: Suite, twin: Face): void {
  suite.test("what is missing is undefined or false, and removing it changes nothing", async (f) => {
    const kv = await f.kv(twin, { other: bytes("x") });
    assert.equal(await kv.get(bytes("k")), undefined);
    assert.equal(await kv.has(bytes("k")), false);
    assert.equal(await kv.take(bytes("k")), undefined);
    assert.equal(await kv.remove(bytes("k")), false);
    assert.deepEqual(await kv.getMany([bytes("k")]), [undefined]);
    assert.equal(await kv.count(), 1);
  });

  suite.test("what was put is got, overwritten and removed", async (f) => {
    const kv = await f.kv(twin);
    assert.equal(await kv.put(bytes("k"), bytes("one")), true);
    assert.equal(text(await kv.get(bytes("k"))), "one");
    assert.equal(await kv.has(bytes("k")), true);
    assert.equal(await kv.count(), 1);
    assert.equal(await kv.put(bytes("k"), bytes("two")), true);
    assert.equal(text(await kv.get(bytes("k"))), "two");
    assert.equal(await kv.count(), 1);
    assert.equal(await kv.remove(bytes("k")), true);
    assert.equal(await kv.get(bytes("k")), undefined);
    assert.equal(await kv.has(bytes("k")), false);
    assert.equal(await kv.remove(bytes("k")), false);
    assert.equal(await kv.count(), 0);
    await kv.put(bytes("k"), bytes("three"));
    assert.equal(text(await kv.get(bytes("k"))), "three");
    assert.equal(await kv.count(), 1);
  });

  suite.test("an empty value removes the key", async (f) => {
    const kv = await f.kv(twin, { k: bytes("v"), l: bytes("v") });
    assert.equal(await kv.put(bytes("k"), new Uint8Array(0)), true);
    assert.equal(await kv.has(bytes("k")), false);
    assert.equal(await kv.put(bytes("k"), new Uint8Array(0)), true, "also when it is not there");
    await kv.batch([[bytes("l"), new Uint8Array(0)]]);
    assert.equal(await kv.has(bytes("l")), false);
    assert.equal(await kv.count(), 0);
    assert.deepEqual(await listKeys(kv), []);
  });

  suite.test("take gives the value once", async (f) => {
    const kv = await f.kv(twin, { k: bytes("v") });
    assert.equal(text(await kv.take(bytes("k"))), "v");
    assert.equal(await kv.take(bytes("k")), undefined);
    assert.equal(await kv.has(bytes("k")), false);
    assert.equal(await kv.count(), 0);
  });

  suite.test("take of a big value gives all of it", async (f) => {
    const value = pattern(300_000);
    const kv = await f.kv(twin, { k: value });
    assert.deepEqual(Buffer.from((await kv.take(bytes("k")))!), Buffer.from(value));
    assert.equal(await kv.get(bytes("k")), undefined);
  });

  suite.test("getMany answers in the order of its keys, for missing and repeated ones too", async (f) => {
    const kv = await f.kv(twin, { a: bytes("1"), b: bytes("2"), c: pattern(100_000) });
    const got = await kv.getMany(["c", "missing", "a", "b", "a"].map(bytes));
    assert.deepEqual(got.slice(1).map(text), [undefined, "1", "2", "1"]);
    assert.deepEqual(Buffer.from(got[0]!), Buffer.from(pattern(100_000)));
    assert.deepEqual(await kv.getMany([]), []);
  });

  suite.test("getMany of thousands of keys", async (f) => {
    const kv = await f.kv(twin);
    const keys = keysOf(3000);
    await kv.batch(keys.map((k): Op => [bytes(k), bytes(`value of ${k}`)]));
    const got = await kv.getMany([...keys].reverse().map(bytes));
    assert.deepEqual(
      got.map(text),
      [...keys].reverse().map((k) => `value of ${k}`),
    );
  });

  suite.test("a batch puts, overwrites and removes; a key that occurs twice ends with its last value", async (f) => {
    const kv = await f.kv(twin, { old: bytes("1"), gone: bytes("1"), empty: bytes("1") });
    await kv.batch([
      [bytes("new"), bytes("2")],
      [bytes("old"), bytes("2")],
      [bytes("gone"), null],
      [bytes("empty"), new Uint8Array(0)],
      [bytes("never"), null],
      [bytes("twice"), bytes("first")],
      [bytes("twice"), bytes("last")],
      [bytes("came"), bytes("x")],
      [bytes("came"), null],
      [bytes("back"), null],
      [bytes("back"), bytes("here")],
    ]);
    await kv.batch([]);
    assert.deepEqual(inUtf8Order(await listKeys(kv)), ["back", "new", "old", "twice"]);
    assert.deepEqual((await kv.getMany(["new", "old", "twice", "back"].map(bytes))).map(text), [
      "2",
      "2",
      "last",
      "here",
    ]);
    assert.equal(await kv.count(), 4);
  });

  suite.test("a batch of thousands of records is whole", async (f) => {
    const kv = await f.kv(twin);
    const keys = keysOf(5000);
    await kv.batch(keys.map((k, i): Op => [bytes(k), pattern(1 + (i % 200), i)]));
    assert.equal(await kv.count(), keys.length);
    assert.deepEqual(inUtf8Order(await listKeys(kv)), keys);
    assert.deepEqual(Buffer.from((await kv.get(bytes(keys[4321]!)))!), Buffer.from(pattern(1 + (4321 % 200), 4321)));
  });

  suite.test("clear removes every key, and what is put afterwards is there alone", async (f) => {
    const kv = await f.kv(twin);
    await kv.batch(keysOf(2500).map((k): Op => [bytes(k), pattern(50)]));
    await kv.put(bytes("big"), pattern(200_000));
    await kv.clear();
    assert.equal(await kv.count(), 0);
    assert.deepEqual(await listKeys(kv), []);
    assert.equal(await kv.get(bytes("big")), undefined);
    await kv.clear();
    await kv.put(bytes("key-000001"), bytes("again"));
    assert.equal(await kv.count(), 1);
    assert.deepEqual(await listKeys(kv), ["key-000001"]);
    assert.equal(text(await kv.get(bytes("key-000001"))), "again");
  });

  suite.test("objects of one container do not see each other's keys", async (f) => {
    const [one, two] = [await f.kv(twin, { k: bytes("1") }), await f.kv(twin, { k: bytes("2"), l: bytes("2") })];
    await one.clear();
    assert.equal(await one.count(), 0);
    assert.equal(text(await two.get(bytes("k"))), "2");
    assert.equal(await two.count(), 2);
    await two.remove(bytes("k"));
    assert.deepEqual(await listKeys(two), ["l"]);
  });

  suite.test("unusual keys are keys like others, and no two of them are one", async (f) => {
    const kv = await f.kv(twin);
    for (const [i, k] of UNUSUAL_KEYS.entries()) await kv.put(bytes(k), bytes(`value ${i}`), "absent");
    assert.equal(await kv.count(), UNUSUAL_KEYS.length);
    for (const [i, k] of UNUSUAL_KEYS.entries())
      assert.equal(text(await kv.get(bytes(k))), `value ${i}`, JSON.stringify(k));
    assert.deepEqual(inUtf8Order(await listKeys(kv)), inUtf8Order(UNUSUAL_KEYS));
    assert.equal(await kv.remove(bytes("e\u0301")), true);
    assert.equal(text(await kv.get(bytes("\u00e9"))), `value ${UNUSUAL_KEYS.indexOf("\u00e9")}`);
  });

  suite.test("keys of up to 65,536 bytes are told apart by their last byte", async (f) => {
    const kv = await f.kv(twin);
    const long = ["x", "y"].map((last) => "k".repeat(KEY_MAX - 1) + last);
    const keys = [...long, "k".repeat(KEY_MAX - 1), "k".repeat(1000), "k"];
    for (const k of keys) await kv.put(bytes(k), bytes(`${k.length}${k.at(-1)}`));
    assert.equal(await kv.count(), keys.length);
    for (const k of keys) assert.equal(text(await kv.get(bytes(k))), `${k.length}${k.at(-1)}`);
    assert.deepEqual(
      (await kv.getMany(keys.map(bytes))).map(text),
      keys.map((k) => `${k.length}${k.at(-1)}`),
    );
    assert.deepEqual(inUtf8Order(await listKeys(kv, 2)), inUtf8Order(keys));
    assert.equal(await kv.remove(bytes(long[0]!)), true);
    assert.equal(await kv.has(bytes(long[1]!)), true);
  });

  suite.test("values of every size and byte come back as they were, whatever was there before", async (f) => {
    const kv = await f.kv(twin);
    const sizes = SIZES.filter((n) => n <= f.capabilities.maxValueBytes);
    // Up and down again: a value replaces a smaller and a bigger one.
    for (const [i, n] of [...sizes, ...sizes.toReversed().slice(1)].entries()) {
      await kv.put(bytes("k"), pattern(n, i + 1));
      const got = await kv.get(bytes("k"));
      assert.equal(got?.length, n);
      assert.equal(Buffer.compare(got, pattern(n, i + 1)), 0, `${n} bytes`);
      assert.equal(await kv.count(), 1);
    }
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    await kv.put(bytes("all bytes"), all);
    assert.deepEqual([...(await kv.get(bytes("all bytes")))!], [...all]);
    await kv.put(bytes("zero"), Uint8Array.of(0));
    assert.deepEqual([...(await kv.get(bytes("zero")))!], [0]);
  });

  suite.test("keys and values may be views into bigger memory", async (f) => {
    const kv = await f.kv(twin);
    const memory = bytes("..key..value..");
    await kv.put(memory.subarray(2, 5), memory.subarray(7, 12));
    await kv.batch([[memory.subarray(3, 5), memory.subarray(8, 12)]]);
    assert.equal(text(await kv.get(bytes("key"))), "value");
    assert.equal(text(await kv.get(bytes("ey"))), "alue");
    assert.equal(await kv.has(memory.subarray(2, 5)), true);
  });

  suite.test("the count equals the number of keys after any mixture of writes", async (f) => {
    const kv = await f.kv(twin);
    const model = new Map<string, string>();
    const random = pattern(400, 42);
    for (let i = 0; i < 60; i++) {
      const k = `k${random[i]! % 12}`;
      const v = random[i + 100]! % 3 === 0 ? "x".repeat(2000) : `v${i}`;
      await mixed(kv, model, random[i + 200]! % 7, k, v);
      assert.equal(await kv.count(), model.size, `after write ${i}`);
    }
    assert.deepEqual(inUtf8Order(await listKeys(kv)), inUtf8Order(model.keys()));
  });
}

async function mixed(kv: Kv<Face>, model: Map<string, string>, what: number, k: string, v: string): Promise<void> {
  const key = bytes(k);
  switch (what) {
    case 0:
    case 1:
      await kv.put(key, bytes(v));
      model.set(k, v);
      return;
    case 2:
      assert.equal(await kv.remove(key), model.delete(k));
      return;
    case 3:
      assert.equal(text(await kv.take(key)), model.get(k));
      model.delete(k);
      return;
    case 4:
      assert.equal(await kv.put(key, bytes(v), "absent"), !model.has(k));
      if (!model.has(k)) model.set(k, v);
      return;
    case 5:
      await kv.put(key, new Uint8Array(0));
      model.delete(k);
      return;
    default:
      await kv.batch([
        [key, bytes(v)],
        [bytes("also"), bytes(v)],
        [bytes("not"), null],
      ]);
      model.set(k, v).set("also", v).delete("not");
  }
}
