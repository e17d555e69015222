/** What is large, and what is many. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Remote } from "../local/remote.ts";
import { onCluster, unique } from "./support.ts";

const MIB = 2 ** 20;

onCluster("on a cluster in memory", { store: "memstore", osds: 1 }, (ground) => {
  test("a value of 100 MiB comes back as it went in, on both faces", async () => {
    const { pool, container, system } = ground();
    await using remote = await Remote.start();
    await using dcont = await ground().client();
    const dict = await dcont.dict(unique("large"));
    const value = Buffer.alloc(100 * MIB, "0123456789abcdef!");
    await dict.put("async", value);
    await remote.run(
      ({ blocking, state }, pool, container, system, name) => {
        state.cont = new blocking.DCont(pool, container, { system });
        const dict = state.cont.getDict(name);
        dict.put("sync", dict.get("async")!);
      },
      pool,
      container,
      system,
      dict.name,
    );
    assert.ok((await dict.get("sync"))?.equals(value));
  });

  test("100,000 keys are put and got in bulk, each with its own value", async () => {
    await using dcont = await ground().client();
    const dict = await dcont.dict(unique("bulk"), null, { valueEncoding: "utf8" });
    const records = Array.from({ length: 100_000 }, (_, i) => [`key ${i}`, `value ${i}`] as const);
    await dict.bput(records);
    assert.equal(await dict.size(), records.length);
    assert.deepEqual(await dict.bget(records.map(([key]) => key)), new Map(records));
  });

  test("1,000 dictionaries are made, listed in order and used", async () => {
    await using dcont = await ground().client();
    const prefix = unique("many");
    const names = Array.from({ length: 1000 }, (_, i) => `${prefix}-${String(i).padStart(4, "0")}`);
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let name = names[next++]; name !== undefined; name = names[next++]) await dcont.dict(name, { name });
    };
    await Promise.all(Array.from({ length: 16 }, lane));
    const listed: string[] = [];
    for await (const { name } of dcont) if (name.startsWith(prefix)) listed.push(name);
    assert.deepEqual(listed, names);
    for (const name of [names[0]!, names[500]!, names[999]!])
      assert.equal(String(await (await dcont.getDict(name)).get("name")), name);
  });

  test("a dictionary of 1,000,000 keys, more than its shards are meant for, is walked in under 150 MiB", async (t) => {
    const { pool, container, system } = ground();
    const name = unique("million");
    await using dcont = await ground().client();
    const dict = await dcont.dict(name);
    const many = 1_000_000;
    const value = Buffer.alloc(20, "v");
    for (let from = 0; from < many; from += 100_000)
      await dict.bput(Array.from({ length: 100_000 }, (_, i) => [`key ${from + i}`, value] as const));
    for (const face of ["async", "sync"] as const) {
      await using remote = await Remote.start();
      const { keys, isInOrder, peak } = await remote.run(
        async ({ tsdaos, blocking }, face, pool, container, system, name) => {
          const { readFileSync } = await import("node:fs");
          const { setFlagsFromString } = await import("node:v8");
          // Else V8 may let its space for new objects alone grow to 128 MiB, whatever is held: see docs/guide.md.
          setFlagsFromString("--semi-space-growth-factor=1");
          const anonymous = (): number =>
            Number(/RssAnon:\s+(\d+)/.exec(readFileSync("/proc/self/status", "latin1"))![1]) / 1024;
          let keys = 0;
          let isInOrder = true;
          let peak = 0;
          let last = "";
          const see = (key: string): void => {
            isInOrder &&= last < key;
            last = key;
            if (keys++ % 2000 === 0) peak = Math.max(peak, anonymous());
          };
          if (face === "sync") {
            using dcont = new blocking.DCont(pool, container, { system, mode: "RO" });
            for (const [key] of dcont.getDict(name)) see(key);
          } else {
            await using dcont = await tsdaos.DCont.open(pool, container, { system, mode: "RO" });
            for await (const [key] of await dcont.getDict(name)) see(key);
          }
          return { keys, isInOrder, peak };
        },
        face,
        pool,
        container,
        system,
        name,
      );
      assert.equal(keys, many);
      assert.ok(isInOrder);
      t.diagnostic(`${face}: ${Math.round(peak)} MiB`);
      assert.ok(peak < 150, `${face}: ${Math.round(peak)} MiB`);
    }
    assert.equal(await dict.size(), many);
  });
});
