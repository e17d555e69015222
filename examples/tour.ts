/**
 * The tour: the transcript in PyDAOS's description, run line by line, on both faces; then arrays, where the engine has them.
 *
 *     npm run tour
 *     npm run tour -- --face sync
 *     npm run tour -- --system file:///data/daos
 *
 * Without `--system` it runs on the local engine in a directory of its own, which it removes. On another system it uses
 * the pool `tank` (and makes it when it is missing), makes a container `neo` in it, and removes what it made.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { createPool, DaosError, DCont, destroyContainer, destroyPool } from "tsdaos";
import { runNarrated } from "./tour/narration.ts";

const FACES = ["sync", "async"];
const DAOS = new URL("../bin/daos.js", import.meta.url);

const { values: options } = parseArgs({ options: { system: { type: "string" }, face: { type: "string" } } });
if (options.face !== undefined && !FACES.includes(options.face)) {
  console.error(`ERROR: --face is one of ${FACES.join(", ")}`);
  process.exit(2);
}

// `npm run tour | head`: nobody listens any more, but there is something to be removed at the end.
process.stdout.on("error", (e: NodeJS.ErrnoException) => {
  if (e.code !== "EPIPE") throw e;
});

const directory = options.system === undefined ? mkdtempSync(join(tmpdir(), "tsdaos-tour-")) : undefined;
// The programs of the tour name no system: they find it as any program does.
process.env.DAOS_SYSTEM = options.system ?? pathToFileURL(directory!).href;
try {
  for (const face of FACES) if (options.face === undefined || options.face === face) await tour(face);
} catch (e) {
  // A command that fails says by itself why.
  const commandFailed = typeof (e as { status?: unknown }).status === "number";
  if (DaosError.is(e)) console.error(`ERROR: ${e.message}`);
  else if (!commandFailed) throw e;
  process.exitCode = 1;
} finally {
  if (directory !== undefined) rmSync(directory, { recursive: true });
}

async function tour(face: string): Promise<void> {
  console.log(`# The ${face === "sync" ? "blocking" : "asynchronous"} face`);
  const madePool = await makePool();
  try {
    daos("cont create tank --label neo --type PYTHON");
    try {
      await narrate(`${face}.ts`);
      if (await storesArrays()) {
        console.log("\n# Arrays");
        await narrate(`arrays-${face}.ts`);
        daos("array show tank neo temps --select 0 --width 60");
      } else console.log("\n# Arrays: this engine does not store them, so that their part of the tour is left out");
    } finally {
      await destroyContainer("tank", "neo", { force: true });
    }
  } finally {
    if (madePool) await destroyPool("tank");
  }
  console.log();
}

async function narrate(program: string): Promise<void> {
  if ((await runNarrated(new URL(`./tour/${program}`, import.meta.url))) > 0) process.exitCode = 1;
}

/** Whether the engine has arrays: it makes one and destroys it. */
async function storesArrays(): Promise<boolean> {
  await using dcont = await DCont.open("tank", "neo");
  try {
    await dcont.array("probe", { shape: [], dtype: "int8" });
    await dcont.destroy("probe");
    return true;
  } catch (e) {
    if (DaosError.is(e, "DER_NOSYS")) return false;
    throw e;
  }
}

async function makePool(): Promise<boolean> {
  try {
    await createPool("tank");
    return true;
  } catch (e) {
    // Elsewhere there may be one, or pools are the administrator's.
    if (DaosError.is(e, "DER_EXIST", "DER_NOSYS")) return false;
    throw e;
  }
}

function daos(line: string): void {
  console.log(`$ daos ${line}`);
  execFileSync(process.execPath, [fileURLToPath(DAOS), ...line.split(" ")], { stdio: "inherit" });
}
