/** Processes are killed (SIGKILL) while they write; nothing that was acknowledged is lost, nobody else notices. */
import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { checkContainer, DCont } from "../../../src/index.ts";
import { BATCH_KEYS, type SurvivorReport, writeOf } from "./kills.ts";
import { sleep, tankNeo, temporaryDirectory } from "./support.ts";

const KILLS = 104;
/** Victims at a time. */
const SLOTS = 3;
const KINDS = ["async", "sync", "bulk", "bulk-sync"] as const;
/** A survivor that takes longer than this for a put, a get and a delete has been stalled. Generous: for a busy machine. */
const STALL_MS = 25_000;

test(`${KILLS} kills in the middle of writes lose nothing that was acknowledged`, { timeout: 900_000 }, async (t) => {
  const { system } = await tankNeo(t);
  const logs = temporaryDirectory(t);
  const env = { ...process.env, NODE_COMPILE_CACHE: join(logs, "cache") };
  const start = (name: string, args: string[], ipc: boolean): ChildProcess => {
    const child = fork(fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url)), args, {
      execArgv: [],
      env,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    if (!ipc) child.disconnect();
    t.after(() => child.kill("SIGKILL"));
    return child;
  };

  const survivors = await Promise.all(
    (["async", "sync"] as const).map(async (face) => {
      const child = start("survivor", [system, `survivor ${face}`, face], true);
      await once(child, "message");
      return child;
    }),
  );

  const log = (victim: number): string => join(logs, `${victim}`);
  const acknowledged = (victim: number): number[] =>
    readFileSync(log(victim), "utf8").split("\n").slice(0, -1).map(Number);
  const kind = (victim: number): (typeof KINDS)[number] => KINDS[victim % KINDS.length]!;
  let next = 0;
  const began = performance.now();
  const slot = async (): Promise<void> => {
    while (next < KILLS) {
      const victim = next++;
      writeFileSync(log(victim), "");
      const child = start("victim", [system, `victim ${victim}`, kind(victim), log(victim)], false);
      const ended = once(child, "exit");
      while (acknowledged(victim).length === 0 && child.exitCode === null) await sleep(5);
      await sleep(Math.random() * 40);
      child.kill("SIGKILL");
      const [, signal] = await ended;
      assert.equal(signal, "SIGKILL", `victim ${victim} ended by itself`);
    }
  };
  // Meanwhile a reader sees each batch whole: a page of the list is one state of the file.
  let reading = true;
  let looks = 0;
  const reader = (async () => {
    await using c = await DCont.open("tank", "neo", { system, mode: "RO" });
    while (reading) {
      await sleep(3);
      const victim = Math.max(0, next - 1 - Math.floor(Math.random() * SLOTS));
      if (!kind(victim).startsWith("bulk") || !(await c.has(`victim ${victim}`))) continue;
      const dump = await (await c.getDict(`victim ${victim}`)).dump();
      const writes = new Set([...dump.values()].map((value) => writeOf(String(value))));
      assert.ok(dump.size === 0 || dump.size === BATCH_KEYS, `half a batch: ${dump.size} of ${BATCH_KEYS} keys`);
      assert.ok(writes.size <= 1, `keys of several batches: ${[...writes]}`);
      looks++;
    }
  })();
  await Promise.all([...Array.from({ length: SLOTS }, slot).map((running) => running.finally(() => {}))]).finally(
    () => {
      reading = false;
    },
  );
  await reader;
  const seconds = (performance.now() - began) / 1000;

  for (const child of survivors) {
    const answered = once(child, "message");
    const ended = once(child, "exit");
    child.send("stop");
    const [report] = (await answered) as [SurvivorReport];
    assert.deepEqual(report.errors, [], "a survivor was disturbed");
    assert.ok(report.longestMs < STALL_MS, `a survivor waited for ${report.longestMs} ms`);
    assert.deepEqual(await ended, [0, null]);
    t.diagnostic(`a survivor: ${report.operations} rounds, the longest ${report.longestMs.toFixed(1)} ms`);
  }

  let total = 0;
  await using c = await DCont.open("tank", "neo", { system });
  for (let victim = 0; victim < KILLS; victim++) {
    const dict = await c.getDict(`victim ${victim}`);
    const stored = new Map([...(await dict.dump())].map(([key, value]) => [key, writeOf(String(value))]));
    assert.equal(await dict.size(), stored.size, `the count of victim ${victim}`);
    const writes = acknowledged(victim);
    total += writes.length;
    assert.ok(writes.length > 0);
    if (kind(victim).startsWith("bulk")) {
      const [write, ...others] = new Set(stored.values());
      assert.deepEqual([stored.size, others], [BATCH_KEYS, []], `victim ${victim} left half a batch`);
      assert.ok(
        write! >= writes.at(-1)!,
        `victim ${victim}: batch ${writes.at(-1)} was acknowledged, ${write} is there`,
      );
    } else {
      for (const n of writes) assert.equal(stored.get(String(n)), n, `victim ${victim}: write ${n} was lost`);
      for (const [key, n] of stored) assert.equal(key, String(n), `victim ${victim}: half a value`);
    }
  }
  const report = await checkContainer("tank", "neo", { system });
  assert.deepEqual(report.findings, []);
  assert.equal(report.checked, KILLS + 2);
  assert.ok(looks > 0, "the reader has seen no batch");
  t.diagnostic(`${KILLS} kills in ${seconds.toFixed(1)} s, ${total} acknowledged writes, ${looks} looks at batches`);
});
