/** Another process holds SQLite's lock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DCont } from "../../../src/index.ts";
import { faces } from "./faces.ts";
import { Remote } from "./remote.ts";
import { der, sleep, tankNeo } from "./support.ts";

/** Holds the lock of the container's file until told to let go. */
async function lockHolder(file: string): Promise<Remote & AsyncDisposable> {
  const holder = await Remote.start();
  await holder.run(async ({ state }, file) => {
    const { DatabaseSync } = await import("node:sqlite");
    state.database = new DatabaseSync(file);
    state.database.exec("BEGIN IMMEDIATE");
  }, file);
  return holder;
}
const letGo = (holder: Remote): Promise<void> => holder.run(({ state }) => state.database.exec("COMMIT"));

const TIMEOUT_MS = 300;
/** A call must be over by then; generous, for a busy machine. */
const LATE_MS = 25_000;

for (const face of faces)
  for (const [way, address] of [
    ["the option", (system: string) => ({ system, timeout: TIMEOUT_MS })],
    ["the URL", (system: string) => ({ system: `${system}?timeout=${TIMEOUT_MS}` })],
  ] as const)
    test(`a lock that is held for long is DER_BUSY after the timeout of ${way}: ${face.name}`, async (t) => {
      const { system, file } = await tankNeo(t);
      const c = await face.open("tank", "neo", address(system));
      const dict = await c.dict("d", { k: "v" });
      await using holder = await lockHolder(file);
      const busy = async (call: () => unknown): Promise<void> => {
        const began = performance.now();
        await assert.rejects(async () => call(), der("DER_BUSY", /container\.sqlite.*timeout/), String(call));
        const waited = performance.now() - began;
        assert.ok(waited >= TIMEOUT_MS - 5, `gave up after ${waited} ms`);
        assert.ok(waited < LATE_MS, `took ${waited} ms`);
      };
      await busy(() => dict.put("k", "2"));
      await busy(() => dict.bput([["k", "3"]]));
      await busy(() => c.dict("new"));
      await busy(() => c.destroy("d"));
      await busy(() => dict.clear());
      // Reading needs no lock.
      assert.equal(String(await dict.get("k")), "v");
      assert.equal((await dict.dump()).size, 1);
      await letGo(holder);
      await dict.put("k", "4");
      assert.equal(String(await dict.get("k")), "4");
      await c.close();
    });

test("writes that wait for a lock together fail together, each after its own timeout; later ones get the lock", {
  timeout: 60_000,
}, async (t) => {
  const { system, file } = await tankNeo(t);
  await using c = await DCont.open("tank", "neo", { system, timeout: 3000 });
  const dict = await c.dict("d");
  await using holder = await lockHolder(file);
  const began = performance.now();
  const ended: number[] = [];
  const early = Array.from({ length: 3000 }, (_, i) =>
    dict.put(`early ${i}`, "v").finally(() => ended.push(performance.now() - began)),
  );
  const failed = Promise.allSettled(early);
  await sleep(2000);
  const late = Promise.allSettled(Array.from({ length: 100 }, (_, i) => dict.put(`late ${i}`, "v")));
  const results = await failed;
  for (const result of results) {
    assert.equal(result.status, "rejected");
    if (result.status === "rejected") der("DER_BUSY")(result.reason);
  }
  assert.ok(Math.min(...ended) >= 2900, `gave up after ${Math.min(...ended)} ms`);
  assert.ok(Math.max(...ended) < LATE_MS, `3000 writes waited one after the other: ${Math.max(...ended)} ms`);
  await letGo(holder);
  const released = performance.now() - began;
  // Those that were made later have not waited long enough to fail, unless the machine slept.
  const settled = await late;
  const stored = settled.filter(({ status }) => status === "fulfilled").length;
  assert.equal((await dict.dump()).size, stored);
  if (released < 4500) assert.equal(stored, 100);
  await dict.put("after", "v");
});

test("a write that waits for a short lock succeeds, and the event loop goes on meanwhile", async (t) => {
  const { system, file } = await tankNeo(t);
  await using c = await DCont.open("tank", "neo", { system });
  const dict = await c.dict("d");
  await dict.put("warm", "up");
  await using holder = await lockHolder(file);
  let turns = 0;
  const ticking = setInterval(() => turns++, 5);
  const put = dict.put("k", "v");
  await sleep(500);
  await letGo(holder);
  await put;
  clearInterval(ticking);
  assert.ok(turns > 10, `the event loop turned ${turns} times in half a second`);
  assert.equal(String(await dict.get("k")), "v");
});

test("writers of several processes never starve, also beside one that never pauses", {
  timeout: 200_000,
}, async (t) => {
  const { system } = await tankNeo(t);
  const remotes = await Promise.all([1, 2, 3, 4].map(() => Remote.start()));
  t.after(() => Promise.all(remotes.map((remote) => remote.kill())));
  const reports = await Promise.all(
    remotes.map((remote, i) =>
      remote.run(
        async ({ tsdaos, blocking }, system, i) => {
          let longest = 0;
          let writes = 0;
          const timed = async (write: () => unknown): Promise<void> => {
            const began = performance.now();
            await write();
            longest = Math.max(longest, performance.now() - began);
            writes++;
          };
          if (i < 2) {
            // One writes without a pause, one in batches of a thousand.
            const dict = new blocking.DCont("tank", "neo", { system }).dict(`d${i}`);
            const until = performance.now() + 4000;
            const batch = Array.from({ length: 1000 }, (_, k): [string, string] => [`k${k}`, "x".repeat(100)]);
            while (performance.now() < until)
              await timed(() => (i === 0 ? dict.put(String(writes % 100), `${writes}`) : dict.bput(batch)));
          } else {
            const dict = await (await tsdaos.DCont.open("tank", "neo", { system })).dict(`d${i}`);
            const until = performance.now() + 4000;
            while (performance.now() < until) await timed(() => dict.put(String(writes % 100), `${writes}`));
          }
          return { writes, longest };
        },
        system,
        i,
      ),
    ),
  );
  for (const [i, { writes, longest }] of reports.entries()) {
    t.diagnostic(`writer ${i}: ${writes} writes, the longest ${longest.toFixed(0)} ms`);
    assert.ok(writes > 0);
    assert.ok(longest < LATE_MS, `writer ${i} waited for ${longest} ms`);
  }
});
