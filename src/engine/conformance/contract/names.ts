/** Names of a container: each stands for one object, is taken by one creator, and its object's id is never used again. */
import assert from "node:assert/strict";
import type { Container, Face, NamedObject, ObjectSpec } from "../../contract.ts";
import { bytes, failsWith, inUtf8Order, keysOf, text, UNUSUAL_KEYS } from "../data.ts";
import type { Fixture } from "../fixture.ts";
import type { Suite } from "../suite.ts";

const DICT: ObjectSpec = { kind: "dict" };

export function testNames(suite: Suite, twin: Face): void {
  suite.test("a name is created once, looked up and destroyed", async (f) => {
    const c = await f.contract(twin);
    const name = f.name();
    assert.equal(await c.lookup(name), undefined);
    const object = (await c.create(name, DICT))!;
    assert.equal(object.kind, "dict");
    assert.deepEqual(await c.lookup(name), object);
    assert.equal(await c.create(name, DICT), undefined, "the name is taken");
    assert.deepEqual(await c.lookup(name), object, "and its object is the same");
    assert.equal(await c.destroy(name), true);
    assert.equal(await c.lookup(name), undefined);
    assert.equal(await c.destroy(name), false);
  });

  suite.test("a taken name keeps its object's content", async (f) => {
    const c = await f.contract(twin);
    const name = f.name();
    const kv = c.kv((await c.create(name, DICT))!);
    await kv.put(bytes("k"), bytes("v"));
    await c.create(name, DICT);
    assert.equal(text(await kv.get(bytes("k"))), "v");
    await c.destroy(name);
  });

  suite.test("of many creators of one name at once one gets it", async (f) => {
    const c = await f.contract(twin);
    const name = f.name();
    const created = await Promise.all(Array.from({ length: 10 }, () => c.create(name, DICT)));
    const [winner, ...others] = created.filter((object) => object !== undefined);
    assert.deepEqual(others, []);
    assert.deepEqual(await c.lookup(name), winner);
  });

  suite.test("of many destroyers of one name at once one finds it", async (f) => {
    const c = await f.contract(twin);
    const name = f.name();
    await c.create(name, DICT);
    const destroyed = await Promise.all(Array.from({ length: 10 }, () => c.destroy(name)));
    assert.equal(destroyed.filter(Boolean).length, 1);
  });

  suite.test("an object's id is used once, also when its name is used again", async (f) => {
    const c = await f.contract(twin);
    const name = f.name();
    const oids: string[] = [];
    for (let i = 0; i < 5; i++) {
      oids.push((await c.create(name, DICT))!.oid);
      await c.destroy(name);
      oids.push((await c.createNameless(DICT)).oid);
      await c.discard({ kind: "dict", oid: oids.at(-1)! });
    }
    assert.equal(new Set(oids).size, oids.length);
  });

  suite.test("a later object of the same name begins empty", async (f) => {
    const c = await f.contract(twin);
    const name = f.name();
    const first = c.kv((await c.create(name, DICT))!);
    await first.batch(keysOf(100).map((k) => [bytes(k), bytes("of the first")]));
    await first.put(bytes("big"), new Uint8Array(200_000).fill(1));
    await c.destroy(name);
    const second = c.kv((await c.create(name, DICT))!);
    assert.equal(await second.count(), 0);
    assert.equal(await second.get(bytes("key-000001")), undefined);
    assert.deepEqual((await second.list({ limit: 10 })).entries, []);
    await c.destroy(name);
  });

  suite.test("a nameless object is filled and then named, and others see it only then", async (f) => {
    const c = await f.contract(twin);
    const name = f.name();
    const object = await c.createNameless(DICT);
    const kv = c.kv(object);
    await kv.batch([
      [bytes("a"), bytes("1")],
      [bytes("b"), bytes("2")],
    ]);
    assert.equal(await c.lookup(name), undefined);
    assert.ok(!(await namesOf(c)).some(({ oid }) => oid === object.oid));
    assert.equal(await c.link(name, object), true);
    assert.deepEqual(await c.lookup(name), object);
    assert.equal(await kv.count(), 2);
    assert.equal(text(await c.kv((await c.lookup(name))!).get(bytes("b"))), "2");
    await c.destroy(name);
  });

  suite.test("a nameless object does not get a taken name, and can be discarded", async (f) => {
    const c = await f.contract(twin);
    const name = f.name();
    const owner = (await c.create(name, DICT))!;
    const object = await c.createNameless(DICT);
    await c.kv(object).put(bytes("k"), bytes("v"));
    assert.equal(await c.link(name, object), false);
    assert.deepEqual(await c.lookup(name), owner);
    await c.discard(object);
    assert.equal(await c.kv(owner).count(), 0);
    await c.destroy(name);
  });

  suite.test("of many nameless objects that want one name at once one gets it", async (f) => {
    const c = await f.contract(twin);
    const name = f.name();
    const objects = await Promise.all(Array.from({ length: 5 }, () => c.createNameless(DICT)));
    const linked = await Promise.all(objects.map((object) => c.link(name, object)));
    assert.equal(linked.filter(Boolean).length, 1);
    assert.deepEqual(await c.lookup(name), objects[linked.indexOf(true)]);
    for (const [i, object] of objects.entries()) if (!linked[i]) await c.discard(object);
    await c.destroy(name);
  });

  suite.testIf("arrays", "kinds are kept", async (f) => {
    const c = await f.contract(twin);
    const name = f.name();
    const object = (await c.create(name, { kind: "array" }))!;
    assert.equal(object.kind, "array");
    assert.deepEqual(await c.lookup(name), object);
    assert.deepEqual(
      (await namesOf(c)).filter((o) => o.name === name),
      [{ name, ...object }],
    );
    await c.destroy(name);
  });

  for (const limit of [1, 3, 1000])
    suite.test(`names are listed by ${limit}, each once`, (f) =>
      inFreshContainer(f, twin, async (c) => {
        const names = keysOf(10, "name-");
        const created = new Map<string, string>();
        for (const name of names) created.set(name, (await c.create(name, DICT))!.oid);
        await c.createNameless(DICT);
        const listed = await namesOf(c, limit);
        assert.deepEqual(inUtf8Order(listed.map(({ name }) => name)), names);
        for (const { name, kind, oid } of listed) assert.deepEqual([kind, oid], ["dict", created.get(name)]);
        await c.destroy(names[4]!);
        assert.deepEqual(
          inUtf8Order((await namesOf(c, limit)).map(({ name }) => name)),
          names.filter((name) => name !== names[4]),
        );
      }),
    );

  suite.test("unusual names are names like others, and no two of them are one", (f) =>
    inFreshContainer(f, twin, async (c) => {
      const names = [...UNUSUAL_KEYS, "n".repeat(65_536), `${"n".repeat(65_535)}m`];
      const oids = new Set<string>();
      for (const name of names) oids.add((await c.create(name, DICT))!.oid);
      assert.equal(oids.size, names.length);
      assert.deepEqual(inUtf8Order((await namesOf(c, 7)).map(({ name }) => name)), inUtf8Order(names));
      for (const name of names) assert.equal(await c.destroy(name), true, JSON.stringify(name.slice(0, 20)));
      assert.deepEqual(await namesOf(c), []);
    }),
  );

  suite.testIf("orderedKeys", "names are listed in the order of their UTF-8 bytes", (f) =>
    inFreshContainer(f, twin, async (c) => {
      for (const name of UNUSUAL_KEYS) await c.create(name, DICT);
      assert.deepEqual(
        (await namesOf(c, 5)).map(({ name }) => name),
        inUtf8Order(UNUSUAL_KEYS),
      );
    }),
  );

  suite.testIf("detectsDestroyed", "a nameless object that was discarded is gone", async (f) => {
    const c = await f.contract(twin);
    const object = await c.createNameless(DICT);
    const kv = c.kv(object);
    await kv.put(bytes("k"), bytes("v"));
    await c.discard(object);
    await failsWith("DER_NONEXIST", () => kv.get(bytes("k")));
    await failsWith("DER_NONEXIST", () => c.link(f.name(), object));
  });
}

/** The named objects, by lists of at most `limit`. */
export async function namesOf(c: Container<Face>, limit = 1000): Promise<NamedObject[]> {
  const all: NamedObject[] = [];
  for (;;) {
    const some = await c.list(all.at(-1)?.name, limit);
    assert.ok(some.length <= limit);
    if (some.length === 0) return all;
    all.push(...some);
  }
}

async function inFreshContainer(
  f: Fixture,
  twin: Face,
  work: (container: Container<Face>) => Promise<void>,
): Promise<void> {
  const fresh = await f.freshContainer();
  const container = await f.openContract(twin, "RW", fresh);
  try {
    await work(container);
  } finally {
    await container.close();
    await f.removeContainer(fresh);
  }
}
