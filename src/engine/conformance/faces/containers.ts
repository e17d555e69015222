/** `DCont` on both faces: names, opening, closing. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { DObjNotFound } from "../../../errors.ts";
import type { Face } from "../../contract.ts";
import { failsWith, failsWithTypeError, failureOf, inUtf8Order, keysOf } from "../data.ts";
import { type AnyCont, type AnyDict, objectsOf, sizeOf, walked } from "../faces.ts";
import type { Suite } from "../suite.ts";

/** Every call of a dictionary that writes. */
const WRITES: Readonly<Record<string, (dd: AnyDict) => unknown>> = {
  set: (dd) => dd.set("k", "w"),
  put: (dd) => dd.put("k", "w"),
  "put of null": (dd) => dd.put("k", null),
  "put if absent": (dd) => dd.put("l", "w", { if: "absent" }),
  modify: (dd) => dd.modify("k", () => "w"),
  getOrInsert: (dd) => dd.getOrInsert("l", "w"),
  getOrInsertComputed: (dd) => dd.getOrInsertComputed("l", () => "w"),
  delete: (dd) => dd.delete("k"),
  pop: (dd) => dd.pop("k"),
  popitem: (dd) => dd.popitem(),
  bput: (dd) => dd.bput({ k: "w" }),
  clear: (dd) => dd.clear(),
};

/** Every call of a dictionary that reads. */
const READS: Readonly<Record<string, (dd: AnyDict) => unknown>> = {
  get: (dd) => dd.get("k"),
  has: (dd) => dd.has("k"),
  bget: (dd) => dd.bget(["k"]),
  size: (dd) => sizeOf(dd),
  isEmpty: (dd) => dd.isEmpty(),
  keys: (dd) => walked(dd.keys()),
  values: (dd) => walked(dd.values()),
  entries: (dd) => walked(dd.entries()),
  dump: (dd) => dd.dump(),
  equals: (dd) => dd.equals({ k: "v" }),
};

/** Every call of a container. */
const CONTAINER_CALLS: Readonly<Record<string, (c: AnyCont, name: string) => unknown>> = {
  dict: (c, name) => c.dict(`${name} too`),
  "dict with entries": (c, name) => c.dict(`${name} too`, { k: "v" }),
  get: (c, name) => c.get(name),
  getDict: (c, name) => c.getDict(name),
  has: (c, name) => c.has(name),
  destroy: (c, name) => c.destroy(name),
  "the walk of names": (c) => walked(objectsOf(c)),
};

export function testContainers(suite: Suite, face: Face): void {
  suite.test("a container says what it is", async (f) => {
    const c = await f.cont(face);
    assert.equal(`${c}`, `${f.pool}/${f.container}`);
    assert.equal(inspect(c), `daos://${f.pool}/${f.container}`);
    assert.deepEqual([c.pool, c.label, c.mode], [f.pool, f.container, "RW"]);
    const byUuid = await f.openCont(face, "RW", c.uuid);
    assert.deepEqual([byUuid.uuid, byUuid.label], [c.uuid, f.container]);
    assert.equal(`${byUuid}`, `${f.pool}/${c.uuid}`);
    await byUuid.close();
  });

  suite.test("dict creates a name once; a taken one is DER_EXIST and unchanged", async (f) => {
    const c = await f.cont(face);
    const name = f.name();
    await c.dict(name, { k: "v" });
    await failsWith("DER_EXIST", () => c.dict(name));
    await failsWith("DER_EXIST", () => c.dict(name, { k: "w", l: "w" }));
    const dd = await c.get(name);
    assert.equal(String(await dd.get("k")), "v");
    assert.equal(await sizeOf(dd), 1);
  });

  suite.test(
    "ifExists open gives the dictionary that is there, unchanged, or a new one with its entries",
    async (f) => {
      const c = await f.cont(face);
      const name = f.name();
      const first = await c.dict(name, { k: "v" }, { ifExists: "open" });
      assert.equal(await sizeOf(first), 1);
      const second = await c.dict(name, { k: "w", l: "w" }, { ifExists: "open" });
      assert.equal(second.oid, first.oid);
      assert.equal(String(await second.get("k")), "v");
      assert.equal(await sizeOf(second), 1);
      await failsWith("DER_EXIST", () => c.dict(name, null, { ifExists: "error" }));
      await failsWithTypeError(() => c.dict(name, null, { ifExists: "maybe" as "open" }));
    },
  );

  suite.test("many dict calls with ifExists open at once give one dictionary", async (f) => {
    const c = await f.cont(face);
    const name = f.name();
    const all = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => c.dict(name, { k: `v${i}` }, { ifExists: "open" })),
    );
    assert.equal(new Set(all.map((dd) => dd.oid)).size, 1);
    assert.equal(await sizeOf(all[0]!), 1);
  });

  suite.test("entries that cannot be stored leave no name behind", async (f) => {
    const c = await f.cont(face);
    const name = f.name();
    const before = (await walked(objectsOf(c))).length;
    await failsWithTypeError(() => c.dict(name, { a: "1", b: 2 as unknown as string }));
    await failsWith("DER_INVAL", () => c.dict(name, { a: "1", "": "2" }));
    await failsWithTypeError(() => c.dict(name, "text" as unknown as Record<string, string>));
    const failure = new Error("the source broke");
    await assert.rejects(
      async () =>
        c.dict(
          name,
          (function* () {
            for (const k of keysOf(1500)) yield [k, "v"] as const;
            throw failure;
          })(),
        ),
      failure,
    );
    assert.equal(await c.has(name), false);
    assert.equal((await walked(objectsOf(c))).length, before);
    const dd = await c.dict(name);
    assert.equal(await sizeOf(dd), 0);
  });

  suite.test("dict takes records, Maps, pairs, generators and other dictionaries", async (f) => {
    const c = await f.cont(face);
    const first = await c.dict(f.name(), { a: "1", b: "2" });
    for (const init of [
      new Map([
        ["a", "1"],
        ["b", "2"],
      ]),
      Object.entries({ a: "1", b: "2" }),
      (function* () {
        yield ["a", "1"] as const;
        yield ["b", "2"] as const;
      })(),
      first as unknown as Map<string, string>,
    ])
      assert.equal(await (await c.dict(f.name(), init)).equals(first as unknown as Map<string, string>), true);
    assert.equal(await sizeOf(await c.dict(f.name(), [])), 0);
  });

  suite.test("the entries of a dict may be changed right after the call", async (f) => {
    const c = await f.cont(face);
    const [key, value] = [Buffer.from("key"), Buffer.from("before")];
    const entries: [Buffer, Buffer][] = [[key, value]];
    const made = c.dict(f.name(), entries);
    key.fill(0x78);
    value.fill(0x79);
    entries.length = 0;
    assert.equal(await (await made).equals({ key: "before" }), true);
  });

  suite.test("options in the place of entries are a TypeError, and nothing is created", async (f) => {
    const c = await f.cont(face);
    const name = f.name();
    await failsWithTypeError(() => c.dict(name, { valueEncoding: "json" }));
    await failsWithTypeError(() => c.dict(name, { ifExists: "open", oclass: "S1" }));
    assert.equal(await c.has(name), false);
    const dd = await c.dict(name, { valueEncoding: "json" }, {});
    assert.equal(String(await dd.get("valueEncoding")), "json");
  });

  suite.test("a missing name is DObjNotFound with PyDAOS's words", async (f) => {
    const c = await f.cont(face);
    const name = f.name();
    for (const open of [() => c.get(name), () => c.getDict(name)]) {
      const e = await failureOf(open);
      assert.ok(e instanceof DObjNotFound);
      assert.equal(e.code, "DER_NONEXIST");
      assert.equal(e.message, `Failed to open '${name}'`);
    }
    assert.equal(await c.has(name), false);
    await failsWith("DER_NONEXIST", () => c.destroy(name));
  });

  suite.test("bad names are refused in every call, and nothing is created", async (f) => {
    const c = await f.cont(face);
    const bad: readonly [unknown, "TypeError" | "DER_INVAL" | "DER_KEY2BIG"][] = [
      ["", "DER_INVAL"],
      ["a\0", "DER_INVAL"],
      ["\ud800", "DER_INVAL"],
      ["n".repeat(65_537), "DER_KEY2BIG"],
      [7, "TypeError"],
      [undefined, "TypeError"],
      [null, "TypeError"],
    ];
    for (const [name, failure] of bad)
      for (const call of [c.dict, c.get, c.getDict, c.has, c.destroy]) {
        const work = (): unknown => (call as (name: unknown) => unknown).call(c, name);
        await (failure === "TypeError" ? failsWithTypeError(work) : failsWith(failure, work));
      }
  });

  suite.test("object classes that DAOS does not know are refused, known ones are taken", async (f) => {
    const c = await f.cont(face);
    const name = f.name();
    for (const oclass of ["", "S0", "OC_", "OC_XX", "RP_1G1", "s1"])
      await failsWith("DER_INVAL", () => c.dict(name, null, { oclass }));
    await failsWithTypeError(() => c.dict(name, null, { oclass: 1 as unknown as string }));
    assert.equal(await c.has(name), false);
    await c.dict(name, { k: "v" }, { oclass: "OC_S1" });
    assert.equal(String(await (await c.get(name)).get("k")), "v");
  });

  suite.test("destroyed names are free again, and begin empty", async (f) => {
    const c = await f.cont(face);
    const name = f.name();
    await c.dict(name, { k: "v" });
    assert.equal(await c.has(name), true);
    await c.destroy(name);
    assert.equal(await c.has(name), false);
    assert.equal(await sizeOf(await c.dict(name)), 0);
  });

  suite.test("the walk of names gives each with kind and oid", async (f) => {
    const fresh = await f.freshContainer();
    const c = await f.openCont(face, "RW", fresh);
    assert.deepEqual(await walked(objectsOf(c)), []);
    const oids = new Map<string, string>();
    for (const name of [...keysOf(5, "name-"), "__proto__", "Maracanã"]) oids.set(name, (await c.dict(name)).oid);
    const objects = await walked(objectsOf(c));
    assert.deepEqual(inUtf8Order(objects.map(({ name }) => name)), inUtf8Order(oids.keys()));
    for (const { name, kind, oid } of objects) assert.deepEqual([kind, oid], ["dict", oids.get(name)]);
    await c.close();
    await f.removeContainer(fresh);
  });

  suite.test("after close every call is DER_NO_HDL, and closing again does nothing", async (f) => {
    const c = await f.openCont(face);
    const name = f.name();
    const dd = await c.dict(name, { k: "v" });
    await c.close();
    await c.close();
    for (const [verb, call] of Object.entries({ ...WRITES, ...READS }))
      await failsWith("DER_NO_HDL", () => call(dd)).catch((e: Error) => assert.fail(`${verb}: ${e.message}`));
    for (const [verb, call] of Object.entries(CONTAINER_CALLS))
      await failsWith("DER_NO_HDL", () => call(c, name)).catch((e: Error) => assert.fail(`${verb}: ${e.message}`));
    assert.equal(String(await (await (await f.cont(face)).get(name)).get("k")), "v");
  });

  suite.test("a container that is open read-only refuses every write and reads all", async (f) => {
    const name = f.name();
    await (await f.cont(face)).dict(name, { k: "v" });
    const c = await f.openCont(face, "RO");
    assert.equal(c.mode, "RO");
    const dd = await c.get(name);
    for (const [verb, call] of Object.entries(WRITES))
      await failsWith("DER_NO_PERM", () => call(dd)).catch((e: Error) => assert.fail(`${verb}: ${e.message}`));
    await failsWith("DER_NO_PERM", () => c.dict(f.name()));
    await failsWith("DER_NO_PERM", () => c.dict(f.name(), { k: "v" }));
    await failsWith("DER_NO_PERM", () => c.destroy(name));
    for (const call of Object.values(READS)) await call(dd);
    assert.deepEqual([String(await dd.get("k")), await sizeOf(dd), await dd.equals({ k: "v" })], ["v", 1, true]);
    assert.equal(String(await dd.getOrInsert("k", "w")), "v", "what is there needs no write");
    await c.close();
  });

  suite.test("what was written is there after closing and opening again", async (f) => {
    const c = await f.openCont(face);
    const name = f.name();
    const dd = await c.dict(name, { a: "1", b: "2", c: "3" });
    await dd.put("big", Buffer.alloc(100_000, 7));
    await dd.delete("b");
    await dd.put("c", "4");
    await c.close();
    const again = await f.openCont(face);
    const back = await again.get(name);
    assert.equal(await back.equals({ a: "1", c: "4", big: Buffer.alloc(100_000, 7) }), true);
    assert.equal(await sizeOf(back), 3);
    await again.close();
  });

  suite.testIf(
    "detectsDestroyed",
    "a destroyed dictionary answers DER_NONEXIST, never a later one's data",
    async (f) => {
      const c = await f.cont(face);
      const name = f.name();
      const old = await c.dict(name, { k: "v" });
      await c.destroy(name);
      const later = await c.dict(name, { k: "later" });
      for (const [verb, call] of Object.entries({ ...WRITES, ...READS }))
        await failsWith("DER_NONEXIST", () => call(old)).catch((e: Error) => assert.fail(`${verb}: ${e.message}`));
      assert.equal(await later.equals({ k: "later" }), true);
    },
  );

  suite.test("a container that is missing is DER_NONEXIST, of another type DER_INVAL", async (f) => {
    await failsWith("DER_NONEXIST", () => f.openCont(face, "RW", "missing"));
    await failsWith("DER_INVAL", () => f.openCont(face, "RW", "not a label"));
    await failsWith("DER_INVAL", () => f.openCont(face, "RW", ""));
    const posix = await f.freshContainer("POSIX");
    const e = await failureOf(() => f.openCont(face, "RW", posix));
    await failsWith("DER_INVAL", () => Promise.reject(e));
    assert.match((e as Error).message, /POSIX/);
    assert.match((e as Error).message, /^failed to access container: DER_INVAL/);
    await f.removeContainer(posix);
  });
}
