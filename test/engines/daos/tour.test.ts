import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { tourLines } from "../../tour-lines.ts";
import { needsDaos, pool, system } from "./support.ts";

/** Its lines in no order: keys come in another one. */
async function lines(...args: string[]): Promise<string[]> {
  return (await tourLines(...args)).map((line) => line.replace(/,$/, "")).sort();
}

describe("the tour", needsDaos, () => {
  const skip = pool !== "tank" && "the tour uses a pool of the name tank";
  for (const face of ["sync", "async"])
    test(`prints the same lines on DAOS as on the local engine, on the ${face} face`, { skip }, async () => {
      assert.deepEqual(await lines("--face", face, "--system", system), await lines("--face", face));
    });
});
