import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { capabilities } from "../../../src/engines/rados/capabilities.ts";
import { destroyPool } from "../../../src/index.ts";
import { onCluster } from "./support.ts";

const run = promisify(execFile);
const tour = fileURLToPath(new URL("../../../examples/tour.ts", import.meta.url));

/**
 * What a tour prints, in its order; a new container has another UUID each time. Without the part of arrays where the engine
 * has none.
 */
async function lines(...args: string[]): Promise<string[]> {
  const { stdout } = await run(process.execPath, [tour, ...args]);
  return (capabilities.arrays ? stdout : stdout.split("\n# Arrays")[0]!)
    .split("\n")
    .map((line) => line.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, "(UUID)"));
}

onCluster("the tour", { store: "memstore", osds: 1 }, (ground) => {
  for (const face of ["sync", "async"])
    test(`prints the same lines on Ceph as on the local engine, in the same order, on the ${face} face`, async () => {
      const { system } = ground();
      // It makes the pool `tank` by itself.
      await destroyPool("tank", { system, force: true }).catch(() => {});
      assert.deepEqual(await lines("--face", face, "--system", system), await lines("--face", face));
    });
});
