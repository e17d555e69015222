import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { destroyPool } from "../../../src/index.ts";
import { onCluster } from "./support.ts";

const run = promisify(execFile);
const tour = fileURLToPath(new URL("../../../examples/tour.ts", import.meta.url));

/** What a tour prints, in its order; a new container has another UUID each time. */
async function lines(...args: string[]): Promise<string[]> {
  const { stdout } = await run(process.execPath, [tour, ...args]);
  return stdout.split("\n").map((line) => line.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, "(UUID)"));
}

onCluster("the tour", { store: "memstore", osds: 1 }, (ground) => {
  test("prints the same lines on Ceph as on the local engine, in the same order", async () => {
    const { system } = ground();
    // It makes the pool `tank` by itself.
    await destroyPool("tank", { system, force: true });
    assert.deepEqual(await lines("--system", system), await lines());
  });
});
