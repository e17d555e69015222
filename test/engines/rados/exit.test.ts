/** A process that ends with operations under way ends at once, and as it was told to: it neither aborts nor hangs. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { onCluster } from "./support.ts";

const tsdaos = new URL("../../../src/index.ts", import.meta.url).href;
const blocking = new URL("../../../src/sync.ts", import.meta.url).href;
const ENDED_WITHIN_MS = 15_000;

onCluster("the end of a process", { store: "memstore" }, (ground) => {
  const program = (end: string): string => `
    import { DCont } from ${JSON.stringify(tsdaos)};
    const dcont = await DCont.open("tank", "neo", { system: process.argv[1] });
    const dict = await dcont.dict("exit", null, { ifExists: "open" });
    for (let i = 0; i < 500; i++) dict.put("k" + i, "v").catch(() => {});
    dict.put("large", Buffer.alloc(50_000_000)).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.stdout.write("ready");
    ${end}
  `;

  const blockingProgram = (end: string): string => `
    import { DCont } from ${JSON.stringify(blocking)};
    import { writeSync } from "node:fs";
    const dcont = new DCont("tank", "neo", { system: process.argv[1] });
    const dict = dcont.dict("exit", null, { ifExists: "open" });
    // Its large values go behind the back of the call that replaces them.
    dict.put("large", Buffer.alloc(50_000_000));
    dict.clear();
    writeSync(1, "ready");
    ${end}
  `;

  async function run(
    end: string,
    system: string,
    signal?: NodeJS.Signals,
    before?: () => void,
    text = program(end),
  ): Promise<[unknown, unknown]> {
    const child = spawn(process.execPath, ["--input-type=module", "-e", text, system], {
      cwd: fileURLToPath(new URL("../../..", import.meta.url)),
      stdio: ["pipe", "pipe", "ignore"],
    });
    await once(child.stdout, "data");
    const ended = once(child, "exit");
    before?.();
    child.stdin.end("go");
    if (signal !== undefined) child.kill(signal);
    const result = await Promise.race([ended, sleep(ENDED_WITHIN_MS, undefined, { ref: false })]);
    if (result === undefined) {
      child.kill("SIGKILL");
      assert.fail("the process hangs");
    }
    return result as [unknown, unknown];
  }

  test("by process.exit, by an exception, by SIGINT", async () => {
    const { system } = ground();
    assert.deepEqual(await run("process.exit(7);", system), [7, null]);
    assert.deepEqual(await run("throw new Error('on purpose');", system), [1, null]);
    assert.deepEqual(await run("setInterval(() => {}, 1000);", system, "SIGINT"), [null, "SIGINT"]);
    assert.deepEqual(await run("await dcont.close();", system), [0, null]);
    assert.deepEqual(await run("", system), [0, null]);
  });

  test("on the blocking face, too", async () => {
    const { system } = ground();
    const blockingRun = (end: string, signal?: NodeJS.Signals): Promise<[unknown, unknown]> =>
      run("", system, signal, undefined, blockingProgram(end));
    assert.deepEqual(await blockingRun("process.exit(7);"), [7, null]);
    assert.deepEqual(await blockingRun("throw new Error('on purpose');"), [1, null]);
    assert.deepEqual(await blockingRun("for (;;) dict.put('k', 'v');", "SIGINT"), [null, "SIGINT"]);
    assert.deepEqual(await blockingRun("dcont.close();"), [0, null]);
    assert.deepEqual(await blockingRun(""), [0, null]);
  });

  test("also when no OSD answers", async () => {
    const { cluster, system } = ground();
    const end = `process.stdin.once("data", () => {
      for (let i = 0; i < 50; i++) dict.put("z" + i, "v").catch(() => {});
      setTimeout(() => process.exit(7), 50);
    });`;
    const hang = (): void => {
      for (const id of cluster.osds()) cluster.signalOsd(id, "SIGSTOP");
    };
    try {
      assert.deepEqual(await run(end, system, undefined, hang), [7, null]);
    } finally {
      for (const id of cluster.osds()) cluster.signalOsd(id, "SIGCONT");
    }
  });
});
