import assert from "node:assert/strict";
import { test } from "node:test";
import { destroyPool } from "../../../src/index.ts";
import { tourLines } from "../../tour-lines.ts";
import { onCluster } from "./support.ts";

onCluster("the tour", { store: "memstore", osds: 1 }, (ground) => {
  for (const face of ["sync", "async"])
    test(`prints the same lines on Ceph as on the local engine, in the same order, on the ${face} face`, async () => {
      const { system } = ground();
      // It makes the pool `tank` by itself.
      await destroyPool("tank", { system, force: true }).catch(() => {});
      assert.deepEqual(await tourLines("--face", face, "--system", system), await tourLines("--face", face));
    });
});
