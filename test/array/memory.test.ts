/** An array bigger than memory lives its whole life in little memory. TSDAOS_TEST_MEBIBYTES=4096 makes it 4 GiB. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { scratchDirectory } from "../scratch.ts";

const MEBIBYTES = Number(process.env.TSDAOS_TEST_MEBIBYTES ?? 384);
/** Node itself takes 65 MiB. */
const RESIDENT_MAX = 300;
const COLUMNS = 131_072;

test("an array is created, filled, sliced, reduced, rechunked, exported and imported with a heap of 512 MiB", {
  skip: process.platform !== "linux" && "needs /proc",
}, async (t) => {
  const program = fileURLToPath(new URL("programs/lifecycle.ts", import.meta.url));
  const args = ["--max-old-space-size=512", program, scratchDirectory(), String(MEBIBYTES)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { most, ...result } = JSON.parse(stdout) as { most: Record<string, number> };
  assert.deepEqual(result, {
    sum: (MEBIBYTES - 1) * COLUMNS + (COLUMNS * (COLUMNS - 1)) / 2,
    columns: [1, COLUMNS - 1],
    size: MEBIBYTES * COLUMNS * 8 + 128,
    chunks: [MEBIBYTES, 128],
    imported: [5, 6, 1],
  });
  t.diagnostic(`MiB: ${JSON.stringify(most)}`);
  for (const [step, mebibytes] of Object.entries(most))
    assert.ok(mebibytes < RESIDENT_MAX, `${step} had ${mebibytes} MiB resident`);
});
