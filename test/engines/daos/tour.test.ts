import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { capabilities } from "../../../src/engines/daos/capabilities.ts";
import { needsDaos, pool, system } from "./support.ts";

const run = promisify(execFile);
const tour = fileURLToPath(new URL("../../../examples/tour.ts", import.meta.url));

/**
 * What a tour prints, in no order: keys come in another one; and a new container has another UUID. Without the part of arrays
 * where the engine has none.
 */
async function lines(...args: string[]): Promise<string[]> {
  const { stdout } = await run(process.execPath, [tour, ...args]);
  return (capabilities.arrays ? stdout : stdout.split("\n# Arrays")[0]!)
    .split("\n")
    .map((line) => line.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, "(UUID)").replace(/,$/, ""))
    .sort();
}

describe("the tour", needsDaos, () => {
  const skip = pool !== "tank" && "the tour uses a pool of the name tank";
  for (const face of ["sync", "async"])
    test(`prints the same lines on DAOS as on the local engine, on the ${face} face`, { skip }, async () => {
      assert.deepEqual(await lines("--face", face, "--system", system), await lines("--face", face));
    });
});
