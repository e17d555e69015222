/** Many records at a time, and many reads at a time: what travels together is still each caller's own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { DCont } from "../../../src/index.ts";
import { onCluster, unique } from "./support.ts";

/** Of a client that is to meet it. */
const TIMEOUT_MS = 4000;
const LARGE = Buffer.alloc(70_000, 1);
const MANY = Array.from({ length: 20_000 }, (_, i) => `key ${String(i).padStart(6, "0")}`);

onCluster("bulks", { store: "memstore", osds: 1 }, (ground) => {
  test("of one key several times end with the last, also among large values and removals", async () => {
    await using dcont = await ground().client();
    const dict = await dcont.dict(unique("twice"), { k0: "old", k3: "old" }, { valueEncoding: "utf8" });
    const large = LARGE.toString("latin1");
    for (let round = 0; round < 2; round++) {
      await dict.bput([
        ["k0", "1"],
        ["k0", null],
        ["k1", null],
        ["k1", "1"],
        ["k2", large],
        ["k2", "1"],
        ["k3", "1"],
        ["k3", large],
        ["k3", null],
        ["k4", "1"],
        ["k4", large],
      ]);
      assert.deepEqual(
        await dict.dump(),
        new Map([
          ["k1", "1"],
          ["k2", "1"],
          ["k4", large],
        ]),
      );
    }
    await dcont.destroy(dict.name);
  });

  test("take their turn among other calls on their keys, from the first call on", async () => {
    await using dcont = await ground().client();
    const name = unique("turns");
    await dcont.dict(name);
    for (let round = 0; round < 3; round++) {
      // The first round is by a client that does not know yet how many shards there are.
      const other = round === 0 ? await ground().client() : dcont;
      const dict = await other.getDict(name, { valueEncoding: "utf8" });
      const records = (value: string) => MANY.map((key) => [key, value] as const);
      // Among the first 10,000, which `bget` asks for with its call.
      const key = MANY[5000]!;
      const calls = [
        dict.put(key, "before"),
        dict.bput(records("first")),
        dict.get(key),
        dict.put(key, "between"),
        dict.bget([key]),
        dict.bput(records("second")),
        dict.bget(MANY),
        dict.pop(key),
        dict.has(key),
      ] as const;
      const [, , first, , between, , all, popped, has] = await Promise.all(calls);
      assert.equal(first, "first");
      assert.deepEqual([...(between as Map<string, string>)], [[key, "between"]]);
      assert.deepEqual(all, new Map(records("second")));
      assert.equal(popped, "second");
      assert.equal(has, false);
      assert.equal(await dict.size(), MANY.length - 1);
      if (other !== dcont) await other.close();
    }
  });

  test("made while a clear is under way take their turn behind earlier calls", { timeout: 60_000 }, async () => {
    await using dcont = await ground().client();
    const dict = await dcont.dict(unique("clears"), { k: "old" }, { valueEncoding: "utf8" });
    const [, , popped] = await Promise.all([
      dict.clear(),
      dict.put("k", "first"),
      dict.pop("k"),
      dict.bput({ k: "last", l: "1" }),
    ]);
    assert.equal(popped, "first");
    assert.deepEqual(await dict.bget(["k", "l"]), new Map(Object.entries({ k: "last", l: "1" })));
    // The second one waits for the put, which must not wait for what comes after it.
    await Promise.all([dict.clear(), dict.put("k", "first"), dict.clear(), dict.bput({ k: "last" })]);
    assert.deepEqual(await dict.dump(), new Map([["k", "last"]]));
  });

  test("store what was given, whatever the caller does to its memory afterwards", async () => {
    await using dcont = await ground().client();
    const dict = await dcont.dict(unique("memory"));
    for (let round = 0; round < 2; round++) {
      const value = Buffer.alloc(100, "given");
      const written = dict.bput(MANY.map((key) => [key, value] as const));
      value.fill("x");
      await written;
      const found = await dict.bget(MANY);
      assert.equal(found.size, MANY.length);
      for (const bytes of found.values()) assert.ok(bytes.equals(Buffer.alloc(100, "given")));
    }
  });

  test("replace large values and leave nothing of them, and go on where the dictionary was cleared", async () => {
    await using dcont = await ground().client();
    await using another = await ground().client();
    const dict = await dcont.dict(unique("large"));
    const records = MANY.map((key) => [key, "small"] as const);
    await dict.bput(records);
    await (await another.getDict(dict.name)).bput(Object.fromEntries(MANY.slice(0, 50).map((key) => [key, LARGE])));
    await dict.bput(records);
    assert.ok([...(await dict.bget(MANY)).values()].every((value) => String(value) === "small"));
    const parts = await ground().cluster.rados("-p", ground().pool, "-N", `tsdaos.${dcont.uuid}`, "ls");
    assert.deepEqual(
      parts.split("\n").filter((name) => name.startsWith("b.")),
      [],
    );
    await (await another.getDict(dict.name)).clear();
    await dict.bput(records);
    await Promise.all([dict.clear(), dict.clear(), dict.bput(records.slice(0, 100)), dict.put(MANY[0]!, "last")]);
    assert.equal(await dict.size(), 100);
    assert.equal(String(await dict.get(MANY[0]!)), "last");
  });

  test("of a container that is closed land first", async () => {
    const dcont = await ground().client();
    const name = unique("close");
    const dict = await dcont.dict(name);
    const written = dict.bput(MANY.map((key) => [key, "1"] as const));
    await dcont.close();
    await written;
    await using another = await ground().client();
    assert.equal(await (await another.getDict(name)).size(), MANY.length);
  });

  test("are seen by a walk of another client that has not come to their keys yet", async () => {
    await using dcont = await ground().client();
    const dict = await dcont.dict(unique("ahead"));
    await dict.bput(Array.from({ length: 15_000 }, (_, i) => [`k${i}`, "1"] as const));
    const walk = dict.keys();
    await walk.next();
    await sleep(50);
    await using another = await ground().client();
    await (await another.getDict(dict.name)).bput({ last: "1", lost: "1" });
    const seen = new Set(await Array.fromAsync(walk));
    assert.deepEqual([seen.has("last"), seen.has("lost")], [true, true]);
  });

  test("walks of keys see each key once, and what their own process puts and deletes further on", async () => {
    await using dcont = await ground().client();
    const dict = await dcont.dict(unique("walk"), null, { oclass: "S16" });
    await dict.bput(MANY.map((key) => [key, "1"] as const));
    assert.deepEqual(await Array.fromAsync(dict.keys()), MANY);
    assert.deepEqual(await Array.fromAsync(dict.keys({ start: MANY[12_345]! })), MANY.slice(12_345));
    const seen: string[] = [];
    for await (const key of dict.keys()) {
      if (seen.push(key) !== 5000) continue;
      await dict.put("key 015000 and a half", "1");
      await dict.delete("key 016000");
    }
    const expected = MANY.filter((key) => key !== "key 016000");
    assert.deepEqual(seen, expected.toSpliced(15_001, 0, "key 015000 and a half"));
  });

  test("walks of a read-only handle see what their own process writes through another one", async () => {
    await using dcont = await ground().client();
    const dict = await dcont.dict(unique("walk"));
    await dict.bput(MANY.map((key) => [key, "1"] as const));
    await using reader = await DCont.open(ground().pool, ground().container, {
      system: ground().clientSystem(),
      mode: "RO",
    });
    const seen: string[] = [];
    for await (const key of (await reader.getDict(dict.name)).keys())
      if (seen.push(key) === 5000) await dict.delete("key 016000");
    assert.deepEqual(
      seen,
      MANY.filter((name) => name !== "key 016000"),
    );
  });
});

onCluster("bulks on a cluster that does not answer", { store: "bluestore" }, (ground) => {
  test("and reads end when the timeout is over, and not after one more", async () => {
    await using dcont = await ground().client({ timeout: TIMEOUT_MS });
    const dict = await dcont.dict(unique("silent"));
    await dict.bput(MANY.map((key) => [key, "1"] as const));
    // More than a page, the first of which is there before the silence.
    const walked = await dcont.dict(unique("walked"));
    await walked.bput(Array.from({ length: 40_000 }, (_, i) => [`${i}`, "1"] as const));
    const walk = walked.keys();
    await walk.next();
    const calls = {
      get: () => dict.get(MANY[0]!),
      has: () => dict.has(MANY[1]!),
      bget: () => dict.bget(MANY.slice(2, 1000)),
      bput: () => dict.bput(MANY.slice(1000).map((key) => [key, "2"] as const)),
      walk: () => Array.fromAsync(walk),
    };
    const { cluster } = ground();
    for (const id of cluster.osds()) cluster.signalOsd(id, "SIGSTOP");
    try {
      const begun = performance.now();
      const ends = Object.entries(calls).map(async ([name, call]) => {
        await assert.rejects(async () => await call(), { code: "DER_TIMEDOUT" }, name);
        const took = performance.now() - begun;
        assert.ok(took < 1.6 * TIMEOUT_MS, `${name} took ${took} ms`);
      });
      await Promise.all(ends);
    } finally {
      for (const id of cluster.osds()) cluster.signalOsd(id, "SIGCONT");
    }
    // OSDs may think each other dead for a while.
    await using patient = await ground().client();
    const again = await patient.getDict(dict.name);
    await again.bput(MANY.map((key) => [key, "3"] as const));
    assert.equal((await again.bget(MANY)).size, MANY.length);
  });
});

onCluster("reads at a time", { store: "memstore" }, (ground) => {
  test("of shards that answer go on while others hang", async () => {
    await using dcont = await ground().client();
    const dict = await dcont.dict(unique("hang"), null, { oclass: "S16" });
    const keys = MANY.slice(0, 128);
    await dict.bput(keys.map((key) => [key, "1"] as const));
    const ended = new Map<string, number>();
    let goesOn = true;
    const lane = async (key: string): Promise<void> => {
      while (goesOn) {
        assert.equal(String(await dict.get(key)), "1");
        ended.set(key, (ended.get(key) ?? 0) + 1);
      }
    };
    const lanes = keys.map(lane);
    await sleep(300);
    ground().cluster.signalOsd(0, "SIGSTOP");
    await sleep(300);
    ended.clear();
    await sleep(1000);
    const meanwhile = [...ended.values()];
    ground().cluster.signalOsd(0, "SIGCONT");
    goesOn = false;
    await Promise.all(lanes);
    assert.ok(meanwhile.length < keys.length, "no key was of the OSD that hung: nothing is shown");
    // How many are of that OSD is chance. The others wait for 10 ms at a time at most; a busy machine takes as long again.
    assert.ok(meanwhile.length > 0, "no key was read");
    for (const times of meanwhile) assert.ok(times >= 10, `a key was read ${times} times in a second`);
  });
});
