/** Walking a dictionary on both faces: keys, values, records; parts of it; while it changes. */
import assert from "node:assert/strict";
import type { Face } from "../../contract.ts";
import { failsWith, failsWithTypeError, inUtf8Order, keysOf, UNUSUAL_KEYS } from "../data.ts";
import { type AnyDict, walked } from "../faces.ts";
import type { Fixture } from "../fixture.ts";
import type { Suite } from "../suite.ts";

export function testWalks(suite: Suite, face: Face): void {
  const dict = async (f: Fixture, keys: Iterable<string>): Promise<AnyDict> =>
    (await f.cont(face)).dict(
      f.name(),
      [...keys].map((k) => [k, `value of ${k}`] as const),
    );

  suite.test("keys, values and entries give every record once, in one order", async (f) => {
    const keys = keysOf(2300);
    const dd = await dict(f, keys);
    const walkedKeys = await walked(dd.keys());
    assert.deepEqual(inUtf8Order(walkedKeys), keys);
    assert.deepEqual(
      (await walked(dd.values())).map(String),
      walkedKeys.map((k) => `value of ${k}`),
    );
    assert.deepEqual(
      (await walked(dd.entries())).map(([k, v]) => [k, String(v)]),
      walkedKeys.map((k) => [k, `value of ${k}`]),
    );
    const direct = await walked(dd as unknown as Iterable<[string, Buffer]>);
    assert.deepEqual(
      direct.map(([k]) => k),
      walkedKeys,
    );
  });

  suite.test("walking an empty dictionary ends at once", async (f) => {
    const dd = await dict(f, []);
    assert.deepEqual(await walked(dd.keys()), []);
    assert.deepEqual(await walked(dd.entries()), []);
  });

  suite.test("a walk may be left early, and the dictionary used meanwhile", async (f) => {
    const dd = await dict(f, keysOf(50));
    let seen = 0;
    for await (const k of dd.keys()) {
      await dd.put(k, "changed");
      if (++seen === 10) break;
    }
    const values = (await walked(dd.values())).map(String);
    assert.equal(values.filter((v) => v === "changed").length, 10);
    assert.equal(values.length, 50);
  });

  suite.test("deleting while walking skips nothing that stays", async (f) => {
    const keys = keysOf(1500);
    const dd = await dict(f, keys);
    const seen: string[] = [];
    for await (const k of dd.keys()) {
      seen.push(k);
      await dd.delete(k);
    }
    assert.deepEqual(inUtf8Order(seen), keys);
    assert.equal(await dd.isEmpty(), true);
  });

  suite.test("two walks at once do not disturb each other", async (f) => {
    const dd = await dict(f, keysOf(30));
    const pairs: [string, string][] = [];
    for await (const a of dd.keys({ limit: 5 })) for await (const b of dd.keys()) pairs.push([a, b]);
    assert.equal(pairs.length, 150);
    assert.equal(new Set(pairs.map(String)).size, 150);
  });

  suite.test("limit and prefix hold, whatever the order", async (f) => {
    const dd = await dict(f, [...keysOf(1200, "a-"), ...keysOf(20, "b-"), "b", "c"]);
    assert.deepEqual(inUtf8Order(await walked(dd.keys({ prefix: "b-" }))), keysOf(20, "b-"));
    assert.equal((await walked(dd.keys({ prefix: "b-", limit: 7 }))).length, 7);
    assert.equal((await walked(dd.keys({ limit: 1100 }))).length, 1100);
    assert.deepEqual(await walked(dd.keys({ limit: 0 })), []);
    assert.deepEqual(await walked(dd.keys({ prefix: "nothing" })), []);
    assert.equal((await walked(dd.values({ prefix: "a-" }))).length, 1200);
    assert.deepEqual((await walked(dd.entries({ prefix: "c" }))).map(String), ["c,value of c"]);
  });

  suite.test("start is included and end is not, whatever the order", async (f) => {
    const dd = await dict(f, ["a", "b", "ba", "c", "d"]);
    const range = async (o: { start?: string; end?: string; prefix?: string }): Promise<string[]> =>
      inUtf8Order(await walked(dd.keys(o)));
    assert.deepEqual(await range({ start: "b" }), ["b", "ba", "c", "d"]);
    assert.deepEqual(await range({ end: "c" }), ["a", "b", "ba"]);
    assert.deepEqual(await range({ start: "b", end: "c" }), ["b", "ba"]);
    assert.deepEqual(await range({ start: "b", end: "b" }), []);
    assert.deepEqual(await range({ start: "d", end: "a" }), []);
    assert.deepEqual(await range({ start: "ba", prefix: "b" }), ["ba"]);
    assert.deepEqual(await range({ end: "ba", prefix: "b" }), ["b"]);
  });

  suite.test("a prefix is one of characters, not of half a character's bytes", async (f) => {
    const keys = ["é", "é1", "ê", "\u{1f600}", "\u{1f600}x", "\u{1f601}", "\u{10ffff}", "\u{10ffff}a", "\uffff"];
    const dd = await dict(f, keys);
    for (const prefix of ["é", "\u{1f600}", "\u{10ffff}", "\uffff"])
      assert.deepEqual(
        inUtf8Order(await walked(dd.keys({ prefix }))),
        inUtf8Order(keys.filter((k) => k.startsWith(prefix))),
      );
  });

  suite.test("ranges that make no sense are refused", async (f) => {
    const dd = await dict(f, ["a"]);
    for (const limit of [-1, 1.5, Number.NaN]) await failsWith("DER_INVAL", () => walked(dd.keys({ limit })));
    await failsWith("DER_INVAL", () => walked(dd.keys({ prefix: "\ud800" })));
    await failsWithTypeError(() => walked(dd.keys({ start: 7 as unknown as string })));
    await failsWithTypeError(() => walked(dd.keys("a" as unknown as object)));
  });

  suite.testIf("orderedKeys", "walks are in the order of UTF-8 bytes, backwards with reverse", async (f) => {
    const keys = [...UNUSUAL_KEYS.map((k) => `-${k}`), ...keysOf(1100)];
    const dd = await dict(f, keys);
    const ordered = inUtf8Order(keys);
    assert.deepEqual(await walked(dd.keys()), ordered);
    assert.deepEqual(await walked(dd.keys({ reverse: true })), ordered.toReversed());
    assert.deepEqual(await walked(dd.keys({ reverse: true, limit: 3 })), ordered.slice(-3).toReversed());
    assert.deepEqual(await walked(dd.keys({ prefix: "key-00000", reverse: true, limit: 4 })), [
      "key-000009",
      "key-000008",
      "key-000007",
      "key-000006",
    ]);
    assert.equal((await dd.popitem())?.[0], ordered[0]);
  });

  suite.testUnless("orderedKeys", "reverse is DER_NOSYS", async (f) => {
    const dd = await dict(f, ["a"]);
    await failsWith("DER_NOSYS", () => walked(dd.keys({ reverse: true })));
  });
}
