/** Conditional writes: they apply or change nothing, and of many at once the condition holds for exactly one. */
import assert from "node:assert/strict";
import type { Cond, Face } from "../../contract.ts";
import { bytes, keysOf, pattern, text } from "../data.ts";
import type { Suite } from "../suite.ts";

export function testConditions(suite: Suite, twin: Face): void {
  const cases: readonly [there: string | undefined, Cond, holds: boolean][] = [
    [undefined, "absent", true],
    ["v", "absent", false],
    [undefined, "present", false],
    ["v", "present", true],
    ["v", { was: bytes("v") }, true],
    ["v", { was: bytes("w") }, false],
    ["v", { was: bytes("vv") }, false],
    ["vv", { was: bytes("v") }, false],
    ["v", { was: bytes("V") }, false],
    [undefined, { was: bytes("v") }, false],
  ];
  for (const [there, cond, holds] of cases) {
    const when = typeof cond === "string" ? cond : `it was ${text(cond.was)}`;
    suite.test(`put if ${when} ${holds ? "applies" : "changes nothing"} when the value is ${there}`, async (f) => {
      const kv = await f.kv(twin, there === undefined ? {} : { k: bytes(there) });
      assert.equal(await kv.put(bytes("k"), bytes("new"), cond), holds);
      assert.equal(text(await kv.get(bytes("k"))), holds ? "new" : there);
      assert.equal(await kv.count(), holds || there !== undefined ? 1 : 0);
    });
  }

  suite.test("compare-and-set compares all of a big value", async (f) => {
    const value = pattern(150_000);
    const other = value.slice();
    other[149_999]! ^= 1;
    const kv = await f.kv(twin, { k: value });
    assert.equal(await kv.put(bytes("k"), bytes("new"), { was: other }), false);
    assert.equal(await kv.put(bytes("k"), bytes("new"), { was: value.subarray(0, 149_999) }), false);
    assert.equal(await kv.put(bytes("k"), other, { was: value }), true);
    assert.equal(Buffer.compare((await kv.get(bytes("k")))!, other), 0);
  });

  suite.test("a conditional put of an empty value removes the key when the condition holds", async (f) => {
    const kv = await f.kv(twin, { k: bytes("v"), l: bytes("v") });
    const nothing = new Uint8Array(0);
    assert.equal(await kv.put(bytes("k"), nothing, { was: bytes("w") }), false);
    assert.equal(await kv.has(bytes("k")), true);
    assert.equal(await kv.put(bytes("k"), nothing, { was: bytes("v") }), true);
    assert.equal(await kv.put(bytes("l"), nothing, "present"), true);
    assert.equal(await kv.count(), 0);
    assert.equal(await kv.put(bytes("l"), nothing, "present"), false);
  });

  suite.test("of many puts if absent at once one wins, and its value stays", async (f) => {
    const kv = await f.kv(twin);
    for (const k of keysOf(10)) {
      const won = await Promise.all(Array.from({ length: 20 }, (_, i) => kv.put(bytes(k), bytes(String(i)), "absent")));
      assert.equal(won.filter(Boolean).length, 1);
      assert.equal(text(await kv.get(bytes(k))), String(won.indexOf(true)));
    }
    assert.equal(await kv.count(), 10);
  });

  suite.test("of many compare-and-sets with one old value one wins", async (f) => {
    const kv = await f.kv(twin, { k: bytes("0") });
    const won = await Promise.all(
      Array.from({ length: 20 }, (_, i) => kv.put(bytes("k"), bytes(`new ${i}`), { was: bytes("0") })),
    );
    assert.equal(won.filter(Boolean).length, 1);
    assert.equal(text(await kv.get(bytes("k"))), `new ${won.indexOf(true)}`);
  });

  suite.test("of many takes at once one gets the value", async (f) => {
    const kv = await f.kv(twin, { k: bytes("v") });
    const taken = await Promise.all(Array.from({ length: 20 }, () => kv.take(bytes("k"))));
    assert.deepEqual(taken.filter((v) => v !== undefined).map(text), ["v"]);
  });

  suite.test("of many removes at once one finds the key", async (f) => {
    const kv = await f.kv(twin, { k: bytes("v") });
    const found = await Promise.all(Array.from({ length: 20 }, () => kv.remove(bytes("k"))));
    assert.equal(found.filter(Boolean).length, 1);
    assert.equal(await kv.count(), 0);
  });
}
