/** Several processes on one container: atomicity, visibility, durability. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { inUtf8Order, keysOf } from "./data.ts";
import { type AnyDict, objectsOf, sizeOf, walked } from "./faces.ts";
import { type Fixture, TWINS } from "./fixture.ts";
import type { Suite } from "./suite.ts";

const UTF8 = { valueEncoding: "utf8" } as const;
/** How often a writing process is killed. */
const KILLS = 3;

export function testProcesses(suite: Suite): void {
  suite.testAmongProcesses("what one process has written, the next read of another sees", async (f) => {
    const [peer] = await f.peers.some(1);
    for (const mine of TWINS)
      for (const theirs of TWINS) {
        const c = await f.cont(mine);
        const name = f.name();
        assert.equal(await peer!.run("exists", theirs, name), false);
        const dd = await c.dict<string>(name, null, UTF8);
        assert.equal(await peer!.run("exists", theirs, name), true);
        for (let i = 0; i < 10; i++) {
          await dd.put("k", `mine ${i}`);
          assert.equal(await peer!.run("get", theirs, name, "k"), `mine ${i}`);
          await peer!.run("put", theirs, name, "k", `theirs ${i}`);
          assert.equal(await dd.get("k"), `theirs ${i}`);
          await peer!.run("put", theirs, name, "k", null);
          assert.equal(await dd.get("k"), undefined);
          assert.equal(await sizeOf(dd), 0);
          await dd.put("k", "back");
          await dd.delete("k");
          assert.equal(await peer!.run("get", theirs, name, "k"), undefined);
        }
        await peer!.run("bput", theirs, name, { a: "1", b: "2" });
        assert.deepEqual(await dd.dump(), new Map(Object.entries({ a: "1", b: "2" })));
        await dd.clear();
        assert.deepEqual(await peer!.run("keys", theirs, name), []);
        await c.destroy(name);
        assert.equal(await peer!.run("exists", theirs, name), false);
        assert.deepEqual(await peer!.run("create", theirs, [name], { k: "later" }), [name]);
        assert.equal(await (await c.getDict<string>(name, UTF8)).get("k"), "later");
        await peer!.run("destroy", theirs, name);
        assert.equal(await c.has(name), false);
      }
  });

  suite.testAmongProcesses("modify loses no update among processes", async (f) => {
    const peers = await f.peers.some(2);
    const { name, dd } = await dict(f);
    await Promise.all([
      peers[0]!.run("increment", "async", name, "n", 60),
      peers[1]!.run("increment", "sync", name, "n", 60),
      ...Array.from({ length: 20 }, () => dd.modify("n", (old) => String(Number(old ?? "0") + 1))),
    ]);
    assert.equal(await dd.get("n"), "140");
  });

  suite.testAmongProcesses("put if absent succeeds for one process a key", async (f) => {
    const peers = await f.peers.some(2);
    const { name, dd } = await dict(f);
    const keys = keysOf(120);
    const wins = await Promise.all([
      peers[0]!.run("putAbsent", "async", name, keys, "async peer"),
      peers[1]!.run("putAbsent", "sync", name, keys, "sync peer"),
    ]);
    assert.deepEqual(inUtf8Order(wins.flat()), keys);
    const stored = await dd.dump();
    for (const k of wins[0]) assert.equal(stored.get(k), "async peer");
    for (const k of wins[1]) assert.equal(stored.get(k), "sync peer");
    assert.equal(await sizeOf(dd), keys.length);
  });

  suite.testAmongProcesses("getOrInsert gives all processes the same value", async (f) => {
    const peers = await f.peers.some(2);
    const { name } = await dict(f);
    const keys = keysOf(80);
    const [one, two] = await Promise.all([
      peers[0]!.run("getOrInsert", "sync", name, keys, "one"),
      peers[1]!.run("getOrInsert", "async", name, keys, "two"),
    ]);
    assert.deepEqual(one, two);
  });

  suite.testAmongProcesses("pop gives each record to one process", async (f) => {
    const peers = await f.peers.some(2);
    const keys = keysOf(120);
    const { name, dd } = await dict(f, keys);
    const taken = await Promise.all([
      peers[0]!.run("pop", "async", name, keys),
      peers[1]!.run("pop", "sync", name, keys.toReversed()),
    ]);
    assert.deepEqual(inUtf8Order(taken.flat()), keys);
    assert.equal(await sizeOf(dd), 0);
  });

  suite.testAmongProcesses("popitem gives each record to one process", async (f) => {
    const peers = await f.peers.some(2);
    const keys = keysOf(120);
    const { name, dd } = await dict(f, keys);
    const taken = await Promise.all([
      peers[0]!.run("popitems", "async", name),
      peers[1]!.run("popitems", "sync", name),
      popitems(dd),
      popitems(dd),
    ]);
    assert.deepEqual(inUtf8Order(taken.flat()), keys);
    assert.equal(await sizeOf(dd), 0);
  });

  suite.testAmongProcesses("a name is created by one process, with that one's entries", async (f) => {
    const peers = await f.peers.some(2);
    const c = await f.cont("async");
    const names = Array.from({ length: 25 }, () => f.name());
    const created = await Promise.all([
      peers[0]!.run("create", "async", names, { by: "one", one: "1" }),
      peers[1]!.run("create", "sync", names, { by: "two", two: "2" }),
    ]);
    assert.deepEqual(inUtf8Order(created.flat()), inUtf8Order(names));
    for (const [i, by] of ["one", "two"].entries())
      for (const name of created[i]!)
        assert.equal(
          await (await c.get(name)).equals({ by, [by]: String(i + 1) }),
          true,
          `${name} is not ${by}'s alone`,
        );
  });

  suite.testAmongProcesses("the count is right after many processes wrote at once", async (f) => {
    const peers = await f.peers.some(2);
    const { name, dd } = await dict(f);
    const keys = keysOf(60);
    await Promise.all([
      peers[0]!.run("putAbsent", "async", name, keys, "v"),
      peers[1]!.run("pop", "sync", name, keys),
      peers[1]!.run("bput", "async", name, Object.fromEntries(keys.map((k, i) => [k, i % 2 === 0 ? null : "w"]))),
      ...keys.map((k, i) => (i % 3 === 0 ? dd.delete(k) : dd.put(k, "mine"))),
    ]);
    const found = await walked(dd.keys());
    assert.equal(await sizeOf(dd), found.length);
    assert.equal((await dd.dump()).size, found.length);
  });

  suite.testAmongProcesses("what a process left to be written when it had nothing else to do is stored", async (f) => {
    const { name, dd } = await dict(f);
    const keys = keysOf(300);
    const peer = f.peers.start();
    peer.run("storeAndLeave", name, keys).catch(() => {});
    assert.equal(await peer.ended(), 0, "it did not end by itself, or with an error");
    assert.deepEqual(inUtf8Order(await walked(dd.keys())), keys);
  });

  for (const face of TWINS)
    suite.testAmongProcesses(`no acknowledged write of a killed process is lost (${face})`, async (f) => {
      for (let kill = 0; kill < KILLS; kill++) {
        const { name, dd } = await dict(f);
        const peer = f.peers.start();
        await peer.acknowledges(20, peer.run("storeForEver", face, name));
        await sleep(Math.random() * 20);
        await peer.kill();
        const stored = await dd.dump();
        for (let i = 0; i <= peer.acknowledged; i++) assert.equal(stored.get(String(i)), `value ${i}`, `write ${i}`);
        assert.equal(await sizeOf(dd), stored.size);
        await dd.put("after", "v");
        assert.equal(await dd.get("after"), "v", "the others go on");
      }
    });

  for (const face of TWINS)
    suite.testAmongProcesses(
      `a process that is killed while it creates leaves whole dictionaries (${face})`,
      async (f) => {
        const c = await f.cont("async");
        const beginning = f.name();
        const peer = f.peers.start();
        await peer.acknowledges(5, peer.run("createForEver", face, beginning));
        await sleep(Math.random() * 10);
        await peer.kill();
        const names = await namesOf(f, beginning);
        for (let i = 0; i <= peer.acknowledged; i++)
          assert.ok(names.includes(`${beginning}-${i}`), `creation ${i} is lost`);
        for (const name of names) assert.equal(await sizeOf(await c.getDict(name)), 20, name);
      },
    );

  testArrays(suite);
}

function testArrays(suite: Suite): void {
  const test = (name: string, work: (f: Fixture) => Promise<void>): void => {
    if (suite.capabilities.arrays) suite.testAmongProcesses(name, work);
    else suite.cannotTest(name, "the engine declares arrays: false");
  };

  test("elements of one chunk that processes set one by one are all there", async (f) => {
    const peers = await f.peers.some(2);
    const c = await f.cont("async");
    for (const codecs of [[], ["zstd"]] as const) {
      const name = f.name();
      const da = await c.array(name, { shape: [120], dtype: "int32", chunks: [500], codecs });
      await Promise.all([
        peers[0]!.run("setElements", "async", name, 0, 3, 120),
        peers[1]!.run("setElements", "sync", name, 1, 3, 120),
        ...Array.from({ length: 40 }, (_, i) => da.set([3 * i + 2], 3 * i + 3)),
      ]);
      assert.deepEqual(
        [...(await da.get()).data],
        Array.from({ length: 120 }, (_, i) => i + 1),
      );
    }
  });

  test("rows that processes append are all there, each in one piece", async (f) => {
    const peers = await f.peers.some(2);
    const c = await f.cont("sync");
    const name = f.name();
    const da = await c.array(name, { shape: [0, 8], dtype: "int32", chunks: [3, 5] });
    const numbers = Array.from({ length: 40 }, (_, i) => i + 1);
    await Promise.all([
      peers[0]!.run("appendRows", "async", name, numbers.slice(0, 20)),
      peers[1]!.run("appendRows", "sync", name, numbers.slice(20)),
    ]);
    const { shape, data } = await da.get();
    assert.deepEqual(shape, [80, 8]);
    const pairs = numbers.map((_, i) => new Set(data.subarray(16 * i, 16 * i + 16)));
    assert.ok(
      pairs.every(({ size }) => size === 1),
      "two rows are torn apart",
    );
    assert.deepEqual(
      pairs.map(([n]) => n!).sort((a, b) => a - b),
      numbers,
    );
  });

  for (const face of TWINS)
    test(`a process that is killed while it sets an array leaves chunks whole, and what was acknowledged (${face})`, async (f) => {
      const c = await f.cont("async");
      // Chunks that are replaced as a whole, and chunks on the edge, which are read, changed and written.
      for (const [codecs, width] of [
        [[], 5000],
        [["zstd"], 6000],
      ] as const) {
        const name = f.name();
        const da = await c.array(name, { shape: [12, 5000], dtype: "int32", chunks: [1, width], codecs });
        const peer = f.peers.start();
        await peer.acknowledges(5, peer.run("setForEver", face, name));
        await sleep(Math.random() * 10);
        await peer.kill();
        const { data } = await da.get();
        for (let row = 0; row < 12; row++) {
          const values = new Set(data.subarray(5000 * row, 5000 * row + 5000));
          assert.equal(values.size, 1, `chunk ${row} is half old and half new`);
          const [value] = values as Set<number>;
          const { acknowledged } = peer;
          assert.ok(value! >= acknowledged, `chunk ${row} has ${value}, and ${acknowledged} was acknowledged`);
        }
        await da.set(null, -1);
        assert.ok(
          (await da.get()).data.every((v) => v === -1),
          "the others go on",
        );
      }
    });
}

async function namesOf(f: Fixture, beginning: string): Promise<string[]> {
  const objects = await walked(objectsOf(await f.cont("async")));
  return objects.map(({ name }) => name).filter((name) => name.startsWith(`${beginning}-`));
}

async function popitems(dd: AnyDict<string>): Promise<string[]> {
  const keys: string[] = [];
  for (let item = await dd.popitem(); item !== undefined; item = await dd.popitem()) keys.push(item[0]);
  return keys;
}

async function dict(f: Fixture, keys: readonly string[] = []): Promise<{ name: string; dd: AnyDict<string> }> {
  const name = f.name();
  const c = await f.cont("async");
  return {
    name,
    dd: await c.dict<string>(
      name,
      keys.map((k) => [k, `value of ${k}`] as const),
      UTF8,
    ),
  };
}
