/** What careless and hostile programs do: close, destroy and end things that others are in the middle of. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import {
  checkContainer,
  createContainer,
  DaosError,
  DCont,
  type DDict,
  queryContainer,
  queryPool,
} from "../../../src/index.ts";
import { onCluster, unique } from "./support.ts";

const run = promisify(execFile);
const INDEX = new URL("../../../src/index.ts", import.meta.url).href;
/** Of the clients of a cluster that is stopped. */
const TIMEOUT_MS = 2000;

onCluster("a careless program", { store: "memstore", osds: 1 }, (ground) => {
  /** A program in a process of its own, which a crash would end; it prints what it has to say. */
  async function program(text: string): Promise<string> {
    const { system } = ground();
    const whole = `import { DCont, DaosError } from ${JSON.stringify(INDEX)};\nconst system = ${JSON.stringify(system)};\n${text}`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", whole], { timeout: 60_000 });
    return stdout.trim();
  }

  test("that closes a container in the middle of walks, counts and reads is told so, and does not crash", async () => {
    const outcome = await program(`
      const outcomes = new Set();
      const records = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => ["k" + i, i % 100 ? "v" : "x".repeat(100_000)]));
      for (let round = 0; round < 40; round++) {
        const dcont = await DCont.open("tank", "neo", { system });
        const dict = await dcont.dict("closing", round === 0 ? records : null, { ifExists: "open" });
        const calls = [
          dict.size(), dict.dump(), dict.bget(Object.keys(records)), dict.popitem(), dict.isEmpty(),
          (async () => { for await (const _ of dict.keys()); })(),
          dcont.has("closing"), (async () => { for await (const _ of dcont); })(),
          dict.put("large", Buffer.alloc(9_000_000)),
        ];
        const settled = Promise.allSettled(calls);
        if (round % 2) await new Promise((resolve) => setTimeout(resolve, round));
        await dcont.close();
        for (const call of await settled)
          outcomes.add(call.status === "fulfilled" ? "ok" : DaosError.is(call.reason) ? call.reason.code : String(call.reason));
      }
      console.log([...outcomes].sort().join(" "));`);
    assert.equal(outcome, "DER_NO_HDL ok");
  });

  test("that has all the calls of koffi on threads that there may be puts and gets all the same", async () => {
    const outcome = await program(`
      const { default: koffi } = await import("koffi");
      const usleep = koffi.load("libc.so.6").func("usleep", "int", ["uint32_t"]);
      const dcont = await DCont.open("tank", "neo", { system });
      const dict = await dcont.dict("busy");
      let calls = 0;
      // Until koffi refuses one: the engine may have one under way.
      try {
        for (; calls < 256; calls++) usleep.async(60_000, () => calls--);
      } catch {}
      await dict.put("a", "1");
      const value = await dict.get("a");
      console.log(value.toString(), calls > 0);
      await dcont.close();`);
    assert.equal(outcome, "1 true");
  });

  test("that asks 400 things of the monitors at once gets 400 answers", async () => {
    const { pool, container, system } = ground();
    const asked = Array.from({ length: 400 }, (_, i) =>
      i % 2 ? queryPool(pool, { system }) : queryContainer(pool, container, { system }),
    );
    assert.equal((await Promise.all(asked)).length, 400);
  });

  test("that ends a worker in the middle of its calls goes on", async () => {
    const outcome = await program(`
      import { Worker } from "node:worker_threads";
      const text = \`
        import("node:worker_threads").then(async ({ workerData, parentPort }) => {
          const { DCont } = await import(workerData.index);
          const dcont = await DCont.open("tank", "neo", { system: workerData.system });
          const dict = await dcont.dict("worker", null, { ifExists: "open" });
          parentPort.postMessage("ready");
          for (;;) await Promise.all([...Array(200).keys()].map((i) => dict.put("k" + i, "v".repeat(i * 500)).then(() => dict.get("k" + i))));
        });\`;
      for (let round = 0; round < 4; round++) {
        const workers = [0, 1].map(() => new Worker(text, { eval: true, workerData: { index: ${JSON.stringify(INDEX)}, system } }));
        await Promise.all(workers.map((worker) => new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject))));
        await new Promise((resolve) => setTimeout(resolve, 100 + 50 * round));
        await Promise.all(workers.map((worker) => worker.terminate()));
      }
      await using dcont = await DCont.open("tank", "neo", { system });
      const dict = await dcont.getDict("worker");
      await dict.put("after", "all");
      const whole = await Promise.all([...Array(200).keys()].map(async (i) => ((await dict.get("k" + i))?.length ?? i * 500) === i * 500));
      console.log(whole.every(Boolean), String(await dict.get("after")));`);
    assert.equal(outcome, "true all");
  });

  test("that clears, destroys and makes anew what others write meets only what it can expect, and leaves no trace", async (t) => {
    const { pool, system, clientSystem } = ground();
    const name = unique("fought-over");
    const container = unique("fought-over");
    await createContainer(pool, container, { system });
    const opened = Array.from({ length: 3 }, () => DCont.open(pool, container, { system: clientSystem() }));
    const clients = await Promise.all(opened);
    const end = performance.now() + 3000;
    const unexpected: unknown[] = [];
    const lane = async (client: DCont, what: number): Promise<void> => {
      for (let i = 0; performance.now() < end; i++)
        try {
          const dict = await client.dict(name, { first: "1" }, { ifExists: "open" });
          if (what === 0) await dict.bput({ a: "1", b: "x".repeat(70_000), [`k${i}`]: "v" });
          else if (what === 1) await dict.clear();
          else if (what === 2) await client.destroy(name);
          else for await (const [, value] of dict) assert.ok(value.length > 0);
        } catch (e) {
          // Between finding the name and using it, the object may have gone.
          if (!DaosError.is(e, "DER_NONEXIST")) unexpected.push(e);
        }
    };
    await Promise.all(clients.flatMap((client) => [0, 1, 2, 3].map((what) => lane(client, what))));
    assert.deepEqual(unexpected, []);
    await clients[0]!.destroy(name).catch(() => {});
    for (const client of clients) await client.close();
    // In two hours' time, when nothing can be taken for what is just being made.
    t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 2 * 3_600_000 });
    assert.deepEqual((await checkContainer(pool, container, { system })).findings, []);
  });

  test("that counts while others write counts what was acknowledged, and nothing that was not asked for", async () => {
    const clients = await Promise.all(Array.from({ length: 3 }, () => ground().client()));
    const name = unique("counted");
    const dicts: DDict[] = [];
    for (const client of clients) dicts.push(await client.dict(name, null, { ifExists: "open" }));
    let [asked, acknowledged] = [0, 0];
    let stopping = false;
    const lanes = dicts.slice(1).flatMap((dict, d) =>
      [0, 1, 2, 3].map(async (lane) => {
        for (let i = 0; !stopping; i++) {
          asked++;
          await dict.put(`${d}.${lane}.${i}`, "v");
          // What is only replaced does not count.
          await dict.put(`${d}.${lane}.0`, "w");
          acknowledged++;
        }
      }),
    );
    for (let i = 0; i < 50; i++) {
      const least = acknowledged;
      const size = await dicts[0]!.size();
      assert.ok(least <= size && size <= asked, `${least} <= ${size} <= ${asked}`);
    }
    stopping = true;
    await Promise.all(lanes);
    for (const dict of dicts) assert.equal(await dict.size(), acknowledged);
    for (const client of clients) await client.close();
  });

  test("that repairs a container while others write takes nothing away from them", async () => {
    const { pool, container, system } = ground();
    await using client = await ground().client();
    let stopping = false;
    const written = new Map<string, string>();
    const lanes = [0, 1, 2, 3].map(async (lane) => {
      for (let i = 0; !stopping; i++) {
        const name = `repaired-${lane}-${i}`;
        const large = "x".repeat(80_000 + i);
        const dict = await client.dict(name, { lane: String(lane), large }, { valueEncoding: "utf8" });
        if (i % 3 === 1) await dict.clear();
        await dict.put("large", large);
        if (i % 3 === 2) await client.destroy(name);
        else written.set(name, large);
      }
    });
    for (let i = 0; i < 5; i++) {
      const { findings } = await checkContainer(pool, container, { system, repair: true });
      assert.deepEqual(findings, []);
    }
    stopping = true;
    await Promise.all(lanes);
    assert.ok(written.size > 5);
    for (const [name, large] of written) assert.equal(String(await (await client.getDict(name)).get("large")), large);
  });

  test("whose cluster has gone silent can close, and its repair repairs nothing", async () => {
    const { cluster, pool, container } = ground();
    const system = ground().clientSystem(TIMEOUT_MS);
    const dcont = await DCont.open(pool, container, { system });
    const dict = await dcont.dict(unique("silent"), { large: Buffer.alloc(100_000_000, 1) });
    for (const id of cluster.osds()) cluster.signalOsd(id, "SIGSTOP");
    try {
      const begun = performance.now();
      const calls = [dict.put("large", Buffer.alloc(100_000_000)), dict.pop("large"), dict.clear(), dict.size()];
      const repair = checkContainer(pool, container, { system, repair: true });
      for (const call of await Promise.allSettled([...calls, repair]))
        assert.ok(call.status === "rejected" && DaosError.is(call.reason, "DER_TIMEDOUT"), String(call.status));
      await dcont.close();
      const took = performance.now() - begun;
      assert.ok(took < 10 * TIMEOUT_MS, `it took ${took} ms`);
    } finally {
      for (const id of cluster.osds()) cluster.signalOsd(id, "SIGCONT");
    }
    await sleep(TIMEOUT_MS);
    await using client = await ground().client();
    const found = await client.getDict(dict.name);
    for await (const [key, value] of found) assert.deepEqual([key, value.length], ["large", 100_000_000]);
  });
});
