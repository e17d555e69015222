/** However a process ends, libdaos does not abort it, and its handles are closed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, test } from "node:test";
import { createContainer, DCont, destroyContainer } from "../../../src/sync.ts";
import { needsDaos, pool, system } from "./support.ts";

const INDEX = new URL("../../../src/index.ts", import.meta.url).href;
const SYNC = new URL("../../../src/sync.ts", import.meta.url).href;

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** Runs a program; `onLine` is called with the process for every line that it prints. */
function run(
  container: string,
  program: string,
  onLine: (kill: (signal: NodeJS.Signals) => void) => void = () => {},
): Promise<End> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, pool, container, system], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  child.stdout.on("data", () => onLine((signal) => child.kill(signal)));
  return new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal, stderr })));
}

const ASYNC = `import { DCont } from ${JSON.stringify(INDEX)};
const [, pool, container, system] = process.argv;
const dcont = await DCont.open(pool, container, { system });
const dd = await dcont.dict("dd");
const all = () => Array.from({ length: 2000 }, (_, i) => dd.put("key " + i, "value " + i));
`;
const BLOCKING = `import { DCont } from ${JSON.stringify(SYNC)};
const [, pool, container, system] = process.argv;
const dcont = new DCont(pool, container, { system });
const dd = dcont.dict("dd", { first: "1" });
`;

/** A container for one program; it can be destroyed without force only when nothing has it open any more. */
async function inContainer(name: string, work: (container: string) => Promise<void>): Promise<void> {
  const container = `exit-${process.pid}-${name}`;
  createContainer(pool, container, { system });
  try {
    await work(container);
    destroyContainer(pool, container, { system });
  } catch (e) {
    destroyContainer(pool, container, { system, force: true });
    throw e;
  }
}

function sizeOf(container: string): number {
  using dcont = new DCont(pool, container, { system });
  return dcont.getDict("dd").size;
}

describe("a process that ends", needsDaos, () => {
  test("by itself, with a blocking container open", () =>
    inContainer("blocking", async (container) => {
      assert.deepEqual(await run(container, BLOCKING), { code: 0, signal: null, stderr: "" });
      assert.equal(sizeOf(container), 1);
    }));

  test("by itself, with writes under way: they all land", () =>
    inContainer("natural", async (container) => {
      assert.deepEqual(await run(container, `${ASYNC}all();`), { code: 0, signal: null, stderr: "" });
      assert.equal(sizeOf(container), 2000);
    }));

  test("by process.exit, with writes under way", () =>
    inContainer("exit", async (container) => {
      const end = await run(container, `${ASYNC}all(); setTimeout(() => process.exit(7), 5);`);
      assert.deepEqual(end, { code: 7, signal: null, stderr: "" });
    }));

  test("by process.exit while a thread waits for completions", () =>
    inContainer("thread", async (container) => {
      const end = await run(
        container,
        `${ASYNC}for (let i = 0; i < 64; i++) dd.put("large " + i, new Uint8Array(4 << 20)); setTimeout(() => process.exit(7), 30);`,
      );
      assert.deepEqual(end, { code: 7, signal: null, stderr: "" });
    }));

  for (const end of ["process.exit(7)", "process.exitCode = 7"])
    test(`by ${end}, with chunks of an array under way`, () =>
      inContainer(end.replaceAll(/\W+/g, "-"), async (container) => {
        // DAOS reads them from and writes them to JavaScript's own memory.
        const program = `${ASYNC}
const da = await dcont.array("da", { shape: [64, 131072], dtype: "float64", chunks: [1, 131072] });
await da.set([0], 1);
da.set(null, 2).catch(() => {});
da.get().catch(() => {});
setTimeout(() => { ${end}; }, 20);`;
        assert.deepEqual(await run(container, program), { code: 7, signal: null, stderr: "" });
      }));

  test("by an error that nobody catches, with writes under way", () =>
    inContainer("throw", async (container) => {
      const end = await run(container, `${ASYNC}all(); throw new Error("on purpose");`);
      assert.equal(end.code, 1);
      assert.match(end.stderr, /on purpose/);
    }));

  test("after a bulk with a bad record in its middle", () =>
    inContainer("bulk", async (container) => {
      const end = await run(
        container,
        `${ASYNC}
const records = [...Array(500)].map((_, i) => ["key " + i, i === 250 ? 3 : "value"]);
const [whole, streamed] = await Promise.allSettled([dd.bput(records), dd.bput(records.values())]);
if (!(whole.reason instanceof TypeError && streamed.reason instanceof TypeError)) process.exit(9);`,
      );
      assert.deepEqual(end, { code: 0, signal: null, stderr: "" });
    }));

  for (const signal of ["SIGINT", "SIGTERM"] as const)
    test(`by ${signal}, with writes under way: it is that signal that ends it`, async () => {
      const container = `exit-${process.pid}-${signal}`;
      createContainer(pool, container, { system });
      try {
        const end = await run(container, `${ASYNC}console.log("ready"); for (;;) await Promise.all(all());`, (kill) =>
          setTimeout(kill, 50, signal),
        );
        assert.deepEqual(end, { code: null, signal, stderr: "" });
      } finally {
        // The agent evicts the handle of a process that was killed, in its own time.
        destroyContainer(pool, container, { system, force: true });
      }
    });
});
