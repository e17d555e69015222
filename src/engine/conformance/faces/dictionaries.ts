/** `DDict` on both faces, one record at a time. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { Face } from "../../contract.ts";
import { failsWith, failsWithTypeError, keysOf, pattern } from "../data.ts";
import { type AnyDict, sizeOf } from "../faces.ts";
import type { Fixture } from "../fixture.ts";
import type { Suite } from "../suite.ts";

export function testDictionaries(suite: Suite, face: Face): void {
  const dict = async (f: Fixture, init?: Record<string, string>): Promise<AnyDict> =>
    (await f.cont(face)).dict(f.name(), init);

  suite.test("what was put is got as a Buffer; text stands for its UTF-8 bytes", async (f) => {
    const dd = await dict(f);
    await dd.put("Rio", "Maracanã");
    const value = await dd.get("Rio");
    assert.ok(Buffer.isBuffer(value));
    assert.equal(value.toString(), "Maracanã");
    await dd.put("Rio", Uint8Array.of(0, 255, 128));
    assert.deepEqual([...(await dd.get("Rio"))!], [0, 255, 128]);
    assert.equal(await dd.get("Paris"), undefined);
  });

  suite.test("has, delete and size follow every write", async (f) => {
    const dd = await dict(f, { a: "1", b: "2" });
    assert.equal(await sizeOf(dd), 2);
    assert.equal(await dd.has("a"), true);
    assert.equal(await dd.delete("a"), true);
    assert.equal(await dd.delete("a"), false);
    assert.equal(await dd.has("a"), false);
    assert.equal(await sizeOf(dd), 1);
    assert.equal(await dd.isEmpty(), false);
    await dd.delete("b");
    assert.equal(await dd.isEmpty(), true);
    assert.equal(await sizeOf(dd), 0);
  });

  suite.test("put of null or of an empty value deletes", async (f) => {
    for (const nothing of [null, "", new Uint8Array(0)]) {
      const dd = await dict(f, { k: "v" });
      await dd.put("k", nothing);
      assert.equal(await dd.has("k"), false);
      await dd.put("k", nothing);
      assert.equal(await sizeOf(dd), 0);
    }
  });

  suite.test("set stores, and never deletes: an empty value is a TypeError", async (f) => {
    const dd = await dict(f, { k: "v" });
    await dd.set("k", "w");
    assert.equal(String(await dd.get("k")), "w");
    for (const nothing of ["", new Uint8Array(0), null, undefined])
      await failsWithTypeError(() => dd.set("k", nothing as unknown as string));
    assert.equal(String(await dd.get("k")), "w");
  });

  suite.test("put if absent is DER_EXIST where the key is, put if present DER_NONEXIST where it is not", async (f) => {
    const dd = await dict(f);
    await failsWith("DER_NONEXIST", () => dd.put("k", "v", { if: "present" }));
    assert.equal(await dd.has("k"), false);
    await dd.put("k", "v", { if: "absent" });
    await failsWith("DER_EXIST", () => dd.put("k", "w", { if: "absent" }));
    assert.equal(String(await dd.get("k")), "v");
    await dd.put("k", "w", { if: "present" });
    assert.equal(String(await dd.get("k")), "w");
    await dd.put("k", null, { if: "present" });
    assert.equal(await dd.has("k"), false);
    await failsWithTypeError(() => dd.put("k", "v", { if: "maybe" as "absent" }));
    assert.equal(await dd.has("k"), false);
  });

  suite.test("pop gives the value and removes it", async (f) => {
    const dd = await dict(f, { k: "v" });
    assert.equal(String(await dd.pop("k")), "v");
    assert.equal(await dd.pop("k"), undefined);
    assert.equal(await sizeOf(dd), 0);
  });

  suite.test("popitem takes every record once, then undefined", async (f) => {
    const init = Object.fromEntries(keysOf(12).map((k) => [k, `value of ${k}`]));
    const dd = await dict(f, init);
    const taken: Record<string, string> = {};
    for (let item = await dd.popitem(); item !== undefined; item = await dd.popitem()) taken[item[0]] = String(item[1]);
    assert.deepEqual(taken, { ...init, ...taken });
    assert.equal(Object.keys(taken).length, 12);
    assert.equal(await sizeOf(dd), 0);
  });

  suite.test("getOrInsert stores once and gives what is stored", async (f) => {
    const dd = await dict(f, { there: "old" });
    assert.equal(String(await dd.getOrInsert("there", "new")), "old");
    assert.equal(String(await dd.getOrInsert("missing", "new")), "new");
    assert.equal(String(await dd.get("missing")), "new");
    assert.equal(String(await dd.getOrInsert("missing", "newer")), "new");
    await failsWithTypeError(() => dd.getOrInsert("empty", ""));
    assert.equal(await dd.has("empty"), false);
  });

  suite.test("getOrInsertComputed computes only what is missing", async (f) => {
    const dd = await dict(f, { there: "old" });
    const computed: string[] = [];
    const make = (key: string): string => {
      computed.push(key);
      return `made for ${key}`;
    };
    assert.equal(String(await dd.getOrInsertComputed("there", make)), "old");
    assert.equal(String(await dd.getOrInsertComputed("missing", make)), "made for missing");
    assert.equal(String(await dd.getOrInsertComputed("missing", make)), "made for missing");
    assert.deepEqual(computed, ["missing"]);
    const failure = new Error("cannot be made");
    await assert.rejects(
      async () =>
        dd.getOrInsertComputed("broken", () => {
          throw failure;
        }),
      failure,
    );
    assert.equal(await dd.has("broken"), false);
  });

  suite.test("modify reads, changes and writes back", async (f) => {
    const dd = await dict(f);
    assert.equal(String(await dd.modify("n", (old) => `${old ?? "nothing"} and one`)), "nothing and one");
    assert.equal(String(await dd.modify("n", (old) => `${old} and two`)), "nothing and one and two");
    assert.equal(await dd.modify("n", () => null), undefined);
    assert.equal(await dd.has("n"), false);
    assert.equal(await dd.modify("n", () => null), undefined);
    await failsWithTypeError(() => dd.modify("n", () => 1 as unknown as string));
    await failsWithTypeError(() => dd.modify("n", (async () => "v") as unknown as () => string));
    assert.equal(await sizeOf(dd), 0);
  });

  suite.test("modify of a value that its function changes in place stores the change", async (f) => {
    const dd = await dict(f, { k: "aaa" });
    await dd.modify("k", (old) => {
      old![0] = 0x62;
      return old!;
    });
    assert.equal(String(await dd.get("k")), "baa");
  });

  suite.test("many modifies of one key at once, by several containers, lose no update", async (f) => {
    const dd = await dict(f);
    // Those of one container take turns.
    const conts = await Promise.all(Array.from({ length: 5 }, async () => f.openCont(face)));
    try {
      const hits = Array.from({ length: 25 }, async (_, i) => {
        const shared = await conts[i % conts.length]!.getDict(dd.name);
        await shared.modify("n", (old) => String(Number(old?.toString() ?? 0) + 1));
      });
      await Promise.all(hits);
      assert.equal(String(await dd.get("n")), "25");
    } finally {
      for (const cont of conts) await cont.close();
    }
  });

  suite.test("a key is the same as text and as bytes", async (f) => {
    const dd = await dict(f);
    await dd.put(Buffer.from("é"), "v");
    assert.equal(String(await dd.get("é")), "v");
    assert.equal(await dd.has(new TextEncoder().encode("é")), true);
    assert.equal(await dd.delete("é"), true);
    assert.equal(await sizeOf(dd), 0);
  });

  suite.test("values that come out are the caller's", async (f) => {
    const dd = await dict(f);
    for (const n of [5, 200_000]) {
      await dd.put("k", pattern(n));
      const [one, two] = [(await dd.get("k"))!, (await dd.get("k"))!];
      assert.notEqual(one.buffer, two.buffer);
      assert.notEqual(one.buffer, Buffer.from("pooled").buffer);
      one.fill(0);
      assert.equal(Buffer.compare(two, pattern(n)), 0);
      assert.equal(Buffer.compare((await dd.get("k"))!, pattern(n)), 0);
    }
  });

  const changed: Readonly<Record<string, (dd: AnyDict, key: Buffer, value: Buffer) => unknown>> = {
    put: (dd, key, value) => dd.put(key, value),
    set: (dd, key, value) => dd.set(key, value),
    "put if absent": (dd, key, value) => dd.put(key, value, { if: "absent" }),
    bput: (dd, key, value) => dd.bput([[key, value]]),
    modify: (dd, key) => dd.modify(key, () => "before"),
    getOrInsert: (dd, key, value) => dd.getOrInsert(key, value),
    getOrInsertComputed: (dd, key) => dd.getOrInsertComputed(key, () => "before"),
  };
  for (const [verb, call] of Object.entries(changed))
    suite.test(`what goes into ${verb} may be changed right after the call`, async (f) => {
      const dd = await dict(f);
      const value = Buffer.from("before");
      const key = Buffer.from("key");
      const done = call(dd, key, value);
      value.fill(0x79);
      key.fill(0x78);
      await done;
      assert.equal(String(await dd.get("key")), "before");
      assert.equal(await sizeOf(dd), 1);
    });

  suite.test("name, oid and kind say what it is, and showing it needs no storage", async (f) => {
    const c = await f.openCont(face);
    const name = f.name();
    const dd = await c.dict(name, { k: "v" });
    assert.deepEqual([dd.name, dd.kind], [name, "dict"]);
    assert.notEqual(dd.oid, "");
    assert.equal((await c.getDict(name)).oid, dd.oid);
    await c.close();
    assert.equal(`${dd}`, name);
    assert.ok(inspect(dd).includes(name));
    assert.ok(inspect(dd).includes(dd.oid));
  });
}
