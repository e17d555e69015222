/** Keys and values at their limits, on both faces and in every call that takes them. */
import assert from "node:assert/strict";
import type { Key } from "../../../dict/key.ts";
import type { Face } from "../../contract.ts";
import { failsWith, failsWithTypeError, inUtf8Order, pattern, UNUSUAL_KEYS } from "../data.ts";
import { type AnyDict, sizeOf, walked } from "../faces.ts";
import type { Fixture } from "../fixture.ts";
import type { Suite } from "../suite.ts";

/** Every call that takes a key. */
const CALLS: Readonly<Record<string, (dd: AnyDict, key: Key) => unknown>> = {
  get: (dd, key) => dd.get(key),
  has: (dd, key) => dd.has(key),
  set: (dd, key) => dd.set(key, "v"),
  put: (dd, key) => dd.put(key, "v"),
  "put of null": (dd, key) => dd.put(key, null),
  "put if absent": (dd, key) => dd.put(key, "v", { if: "absent" }),
  delete: (dd, key) => dd.delete(key),
  pop: (dd, key) => dd.pop(key),
  modify: (dd, key) => dd.modify(key, () => "v"),
  getOrInsert: (dd, key) => dd.getOrInsert(key, "v"),
  getOrInsertComputed: (dd, key) => dd.getOrInsertComputed(key, () => "v"),
  bput: (dd, key) => dd.bput([[key, "v"]]),
  bget: (dd, key) => dd.bget([key]),
  equals: (dd, key) => dd.equals([[key, "v"]]),
};

const BAD: readonly [what: string, key: unknown, failure: "TypeError" | "DER_INVAL" | "DER_KEY2BIG"][] = [
  ["an empty text", "", "DER_INVAL"],
  ["no bytes", new Uint8Array(0), "DER_INVAL"],
  ["text with NUL", "a\0b", "DER_INVAL"],
  ["bytes with NUL", Uint8Array.of(97, 0), "DER_INVAL"],
  ["a lone high surrogate", "a\ud800", "DER_INVAL"],
  ["a lone low surrogate", "\udfffb", "DER_INVAL"],
  ["bytes that are not UTF-8", Uint8Array.of(0x61, 0xff), "DER_INVAL"],
  ["bytes of half a character", Uint8Array.of(0xc3), "DER_INVAL"],
  ["bytes of an encoded surrogate", Uint8Array.of(0xed, 0xa0, 0x80), "DER_INVAL"],
  ["text of 65,537 bytes", "k".repeat(65_537), "DER_KEY2BIG"],
  ["text of 32,769 characters of two bytes", "é".repeat(32_769), "DER_KEY2BIG"],
  ["65,537 bytes", new Uint8Array(65_537).fill(107), "DER_KEY2BIG"],
  ["a number", 7, "TypeError"],
  ["undefined", undefined, "TypeError"],
  ["null", null, "TypeError"],
  ["a symbol", Symbol("k"), "TypeError"],
  ["an array", ["k"], "TypeError"],
  ["an ArrayBuffer", new ArrayBuffer(3), "TypeError"],
];

export function testKeysAndValues(suite: Suite, face: Face): void {
  const dict = async (f: Fixture, init?: Record<string, string>): Promise<AnyDict> =>
    (await f.cont(face)).dict(f.name(), init);

  for (const [what, key, failure] of BAD)
    suite.test(`${what} as a key is ${failure} in every call, and nothing is written`, async (f) => {
      const dd = await dict(f, { k: "v" });
      for (const [verb, call] of Object.entries(CALLS)) {
        const work = (): unknown => call(dd, key as Key);
        try {
          await (failure === "TypeError" ? failsWithTypeError(work) : failsWith(failure, work));
        } catch (e) {
          throw new Error(`${verb}: ${(e as Error).message}`, { cause: e });
        }
      }
      assert.equal(await sizeOf(dd), 1);
      assert.equal(String(await dd.get("k")), "v");
    });

  suite.test("keys of exactly 65,536 bytes are keys", async (f) => {
    const dd = await dict(f);
    const keys = ["k".repeat(65_536), "é".repeat(32_768), "\u{1f600}".repeat(16_384)];
    for (const [i, k] of keys.entries()) await dd.put(k, `value ${i}`);
    for (const [i, k] of keys.entries()) assert.equal(String(await dd.get(k)), `value ${i}`);
    assert.deepEqual(await walked(dd.keys()).then(inUtf8Order), inUtf8Order(keys));
    assert.equal(await dd.delete(keys[1]!), true);
    assert.equal(await sizeOf(dd), 2);
  });

  suite.test("unusual keys are keys like others", async (f) => {
    const dd = await dict(f);
    for (const [i, k] of UNUSUAL_KEYS.entries()) await dd.put(k, `value ${i}`, { if: "absent" });
    assert.equal(await sizeOf(dd), UNUSUAL_KEYS.length);
    for (const [i, k] of UNUSUAL_KEYS.entries()) assert.equal(String(await dd.get(k)), `value ${i}`, JSON.stringify(k));
    assert.deepEqual(inUtf8Order(await walked(dd.keys())), inUtf8Order(UNUSUAL_KEYS));
    for (const k of UNUSUAL_KEYS) assert.equal(await dd.delete(k), true);
    assert.equal(await sizeOf(dd), 0);
  });

  suite.test("what is no value is a TypeError in every call, and nothing is written", async (f) => {
    const dd = await dict(f, { k: "v" });
    const none: unknown[] = [undefined, 7, 7n, true, {}, ["v"], new ArrayBuffer(1), new Date(), Symbol("v"), () => "v"];
    none.push(
      "\ud800",
      new Uint16Array(1),
      new DataView(new ArrayBuffer(1)),
      Promise.resolve("v"),
      detached(),
      cutOff(),
    );
    for (const bad of none) {
      const value = bad as string;
      await failsWithTypeError(() => dd.put("k", value));
      await failsWithTypeError(() => dd.set("k", value));
      await failsWithTypeError(() => dd.put("l", value, { if: "absent" }));
      await failsWithTypeError(() => dd.bput({ k: "w", l: value }));
      await failsWithTypeError(() =>
        dd.bput([
          ["k", "w"],
          ["l", value],
        ]),
      );
      await failsWithTypeError(() => dd.modify("k", () => value));
      if (bad instanceof Promise) continue;
      await failsWithTypeError(() => dd.getOrInsert("l", value));
      await failsWithTypeError(() => dd.getOrInsertComputed("l", () => value));
    }
    assert.equal(String(await dd.get("k")), "v");
    assert.equal(await sizeOf(dd), 1);
  });

  for (const [what, n] of [
    ["1 MiB", 1024 * 1024],
    ["20 MiB", 20 * 1024 * 1024],
  ] as const) {
    const name = `a value of ${what} comes back as it was`;
    if (suite.capabilities.maxValueBytes < n) {
      suite.cannotTest(name, `the engine declares maxValueBytes: ${suite.capabilities.maxValueBytes}`);
      continue;
    }
    suite.test(name, async (f) => {
      const dd = await dict(f);
      const value = pattern(n);
      await dd.put("k", value);
      assert.equal(Buffer.compare((await dd.get("k"))!, value), 0);
      assert.equal(Buffer.compare((await dd.dump()).get("k")!, value), 0);
      assert.equal(Buffer.compare((await dd.bget(["k"])).get("k")!, value), 0);
      assert.equal(Buffer.compare((await dd.pop("k"))!, value), 0);
      assert.equal(await sizeOf(dd), 0);
    });
  }

  suite.test("values are kept to the byte", async (f) => {
    const dd = await dict(f);
    const values = [
      Uint8Array.of(0),
      Uint8Array.of(0, 0, 0),
      Uint8Array.from({ length: 256 }, (_, i) => i),
      Uint8Array.of(0xff, 0xfe),
      Buffer.from("\ufeffwith a byte order mark"),
      Buffer.from("line\r\nbreaks\n"),
    ];
    for (const [i, value] of values.entries()) await dd.put(`k${i}`, value);
    for (const [i, value] of values.entries()) assert.deepEqual([...(await dd.get(`k${i}`))!], [...value]);
    await dd.put("text", "\ufeff\u0000Maracanã \u{1f600}");
    assert.equal(String(await dd.get("text")), "\ufeff\u0000Maracanã \u{1f600}");
  });
}

/** Bytes that were handed to another thread. */
function detached(): Uint8Array {
  const bytes = Uint8Array.of(1);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

/** Bytes that lie beyond the end of their buffer. */
function cutOff(): Uint8Array {
  const buffer = new ArrayBuffer(4, { maxByteLength: 4 });
  const bytes = new Uint8Array(buffer, 2, 2);
  buffer.resize(1);
  return bytes;
}
