/**
 * The tour: the transcript in PyDAOS's description, run line by line, on both faces.
 *
 *     npm run tour
 *     npm run tour -- --face sync
 *     npm run tour -- --system file:///data/daos
 *
 * Without `--system` it runs on the local engine in a directory of its own, which it removes. On another system it uses
 * the pool `tank` (and makes it when it is missing), makes a container `neo` in it, and removes what it made.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { createContainer, createPool, DaosError, destroyContainer, destroyPool } from "tsdaos";
import { runNarrated } from "./tour/narration.ts";

const FACES = ["sync", "async"];

const { values: options } = parseArgs({ options: { system: { type: "string" }, face: { type: "string" } } });
if (options.face !== undefined && !FACES.includes(options.face)) {
  console.error(`ERROR: --face is one of ${FACES.join(", ")}`);
  process.exit(2);
}

const directory = options.system === undefined ? mkdtempSync(join(tmpdir(), "tsdaos-tour-")) : undefined;
// The programs of the tour name no system: they find it as any program does.
process.env.DAOS_SYSTEM = options.system ?? pathToFileURL(directory!).href;
try {
  for (const face of FACES) if (options.face === undefined || options.face === face) await tour(face);
} catch (e) {
  if (!DaosError.is(e)) throw e;
  console.error(`ERROR: ${e.message}`);
  process.exitCode = 1;
} finally {
  if (directory !== undefined) rmSync(directory, { recursive: true });
}

async function tour(face: string): Promise<void> {
  console.log(`# The ${face === "sync" ? "blocking" : "asynchronous"} face`);
  const madePool = await makePool();
  try {
    await daosContCreate();
    try {
      if ((await runNarrated(new URL(`./tour/${face}.ts`, import.meta.url))) > 0) process.exitCode = 1;
    } finally {
      await destroyContainer("tank", "neo", { force: true });
    }
  } finally {
    if (madePool) await destroyPool("tank");
  }
  console.log();
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

async function daosContCreate(): Promise<void> {
  const { uuid, label, type } = await createContainer("tank", "neo", { type: "PYTHON" });
  console.log("$ daos cont create tank --label neo --type PYTHON");
  console.log(`  Container UUID : ${uuid}\n  Container Label: ${label}\n  Container Type : ${type}\n`);
  console.log(`Successfully created container ${uuid}`);
}
