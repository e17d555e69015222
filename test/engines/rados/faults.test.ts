/** Daemons and clients that die, hang and come back, on bluestore with three copies of which two must answer. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { checkContainer, DaosError, DCont, type DDict } from "../../../src/index.ts";
import { Remote } from "../local/remote.ts";
import { Load } from "./load.ts";
import { onCluster, unique } from "./support.ts";

/** Load before and after something happens, milliseconds. */
const SOME_LOAD_MS = 1500;
/** Longer than `osd_heartbeat_grace` of the test cluster. */
const HANG_MS = 6000;
/** Of the clients that are to meet it. */
const TIMEOUT_MS = 6000;
/** Less than two timeouts in a row: one is what a call may take, the rest is for a busy machine. */
const TIMED_OUT_WITHIN_MS = 11_000;
/** A call that blocked the event loop would do so for the whole timeout. */
const LOOP_STANDS_MS = 2000;
/** Longer than a whole cluster needs to come up again. */
const PATIENCE_MS = 120_000;

onCluster("faults", { store: "bluestore" }, (ground) => {
  // A test that fails must not take the others along.
  afterEach(async () => {
    const { cluster, pool } = ground();
    cluster.revive();
    await cluster.waitForOsds(3);
    await cluster.waitForCleanPool(pool);
  });

  test("an OSD that is killed, and the next when it is back, is felt by nobody", async () => {
    const { cluster } = ground();
    await using load = await Load.start(ground());
    for (const id of [0, 1]) {
      await sleep(SOME_LOAD_MS);
      await cluster.killOsd(id);
      await sleep(SOME_LOAD_MS);
      cluster.startOsd(id);
      await cluster.waitForOsds(3);
      await cluster.waitForCleanPool(ground().pool);
    }
    await load.stop();
  });

  test("an OSD that hangs for longer than the heartbeat's grace loses nothing", async () => {
    const { cluster } = ground();
    await using load = await Load.start(ground());
    await sleep(SOME_LOAD_MS);
    cluster.signalOsd(2, "SIGSTOP");
    await sleep(HANG_MS);
    cluster.signalOsd(2, "SIGCONT");
    await sleep(SOME_LOAD_MS);
    await load.stop();
    await cluster.waitForOsds(3);
    await cluster.waitForCleanPool(ground().pool);
  });

  test("with fewer OSDs than min_size, calls time out on time, the event loop goes on, and so does everything later", async () => {
    const { cluster } = ground();
    const clients = await Promise.all([0, 1, 2, 3].map(() => ground().client({ timeout: TIMEOUT_MS })));
    const dict = await clients[0]!.dict(unique("few"), { before: "1" });
    const others = await Promise.all(clients.slice(1).map((client) => client.getDict(dict.name)));
    await Promise.all([cluster.killOsd(0), cluster.killOsd(1)]);
    await sleep(2000);
    const loop = watchLoop();
    const begun = performance.now();
    const results = await Promise.allSettled([
      dict.put("a", "1"),
      dict.put("big", Buffer.alloc(300_000)),
      dict.delete("before"),
      dict.pop("b"),
      dict.put("c", "1", { if: "absent" }),
      ...others.flatMap((other, o) => Array.from({ length: 5 }, (_, i) => other.put(`k${o}.${i}`, "v"))),
      ...others.map((other) => other.get("before")),
    ]);
    const took = performance.now() - begun;
    for (const result of results) {
      assert.equal(result.status, "rejected");
      assert.ok(DaosError.is(result.reason, "DER_TIMEDOUT"), String(result.reason));
    }
    assert.ok(took >= TIMEOUT_MS / 2 && took < TIMED_OUT_WITHIN_MS, `it took ${took} ms`);
    loop.assertAlive();
    cluster.revive();
    await cluster.waitForOsds(3);
    await cluster.waitForCleanPool(ground().pool);
    await dict.put("after", "2");
    for (const other of others) assert.equal(String(await other.get("after")), "2");
    for (const client of clients) await client.close();
  });

  test("without a monitor, opening is DER_UNREACH within its timeout", async () => {
    const { cluster, pool, container, clientSystem } = ground();
    await using client = await ground().client();
    const dict = await client.dict(unique("nomon"), { before: "1" });
    await cluster.killMonitor();
    const loop = watchLoop();
    const begun = performance.now();
    await assert.rejects(DCont.open(pool, container, { system: clientSystem(TIMEOUT_MS) }), { code: "DER_UNREACH" });
    const took = performance.now() - begun;
    assert.ok(took < TIMED_OUT_WITHIN_MS, `it took ${took} ms`);
    loop.assertAlive();
    // Who is connected goes on without monitors.
    await dict.put("during", "2");
    assert.equal(String(await dict.get("during")), "2");
    cluster.startMonitor();
    await cluster.waitForOsds(3);
    await using another = await ground().client();
    assert.equal(String(await (await another.getDict(dict.name)).get("during")), "2");
  });

  test("after all daemons were killed, everything that was acknowledged is there", async () => {
    const { cluster } = ground();
    const clients = await Promise.all([0, 1, 2, 3].map(() => ground().client({ timeout: PATIENCE_MS })));
    const name = unique("all");
    const dicts: DDict[] = [];
    for (const client of clients) dicts.push(await client.dict(name, null, { ifExists: "open" }));
    const acknowledged = new Map<string, string>();
    let stopping = false;
    const lanes = Array.from({ length: 16 }, async (_, lane) => {
      const dict = dicts[lane % dicts.length]!;
      for (let i = 0; !stopping; i++) {
        const key = `${lane}.${i}`;
        const value = i % 50 === 49 ? "x".repeat(100_000) : key;
        await dict.put(key, value);
        acknowledged.set(key, value);
      }
    });
    await sleep(SOME_LOAD_MS);
    await cluster.killAll();
    stopping = true;
    cluster.revive();
    await Promise.all(lanes);
    for (const client of clients) await client.close();
    await using another = await ground().client();
    const found = await (await another.getDict(name)).dump();
    assert.ok(acknowledged.size > 100);
    for (const [key, value] of acknowledged) assert.equal(String(found.get(key)), value, key);
  });

  test("a client that is killed in the middle of bulk writes disturbs nobody, and its leftovers are found and removed", async (t) => {
    const { pool, container, system } = ground();
    await using load = await Load.start(ground());
    const name = unique("killed");
    await using remote = await Remote.start();
    await remote.run(
      async ({ tsdaos, state }, pool, container, system, name) => {
        state.client = await tsdaos.DCont.open(pool, container, { system });
        state.dict = await state.client.dict(name, null);
        const large = Buffer.alloc(20_000_000, 1);
        const forEver = async (write: (i: number) => Promise<void>): Promise<void> => {
          for (let i = 0; ; i++) await write(i);
        };
        const lanes = [0, 1, 2, 3, 4, 5, 6, 7].map((lane) => forEver(() => state.dict.put(`large${lane}`, large)));
        lanes.push(
          forEver((i) => state.dict.bput(Array.from({ length: 5000 }, (_, k) => [`${i}.${k}`, "v"] as const))),
        );
        state.lanes = lanes;
      },
      pool,
      container,
      system,
      name,
    );
    await sleep(SOME_LOAD_MS);
    await remote.kill();
    await sleep(SOME_LOAD_MS);
    await load.stop();
    await using client = await ground().client();
    const dict = await client.getDict(name);
    for await (const [, value] of dict) assert.ok(value.length === 1 || value.length === 20_000_000);
    // What the killed client left is not taken for garbage before an hour has passed.
    const early = await checkContainer(pool, container, { system, repair: true });
    assert.deepEqual(early.findings, []);
    t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 2 * 3_600_000 });
    const late = await checkContainer(pool, container, { system, repair: true });
    assert.ok(late.findings.length > 0, "the client was killed while it wrote large values, and left none behind");
    assert.ok(late.findings.every(({ repaired }) => repaired));
    assert.deepEqual((await checkContainer(pool, container, { system })).findings, []);
    for await (const [, value] of dict) assert.ok(value.length === 1 || value.length === 20_000_000);
  });
});

/** Measures how long the event loop stands still. */
function watchLoop(): { assertAlive(): void } {
  let last = performance.now();
  let longest = 0;
  const tick = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(tick, 5).unref();
  return {
    assertAlive: () => {
      tick();
      clearInterval(timer);
      assert.ok(longest < LOOP_STANDS_MS, `the event loop stood still for ${longest} ms`);
    },
  };
}
