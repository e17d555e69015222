import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

const MEBIBYTES = Number(process.env.TSDAOS_TEST_MEBIBYTES ?? 768);
const RESIDENT_MAX = 200;

test("an array bigger than memory is summed in less than 200 MiB", {
  skip: process.platform !== "linux" && "needs /proc",
}, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "tsdaos-xp-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const program = fileURLToPath(new URL("programs/sum-sparse.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--max-old-space-size=512",
    program,
    pathToFileURL(directory).href,
    String(MEBIBYTES),
  ]);
  const { sum, column, most } = JSON.parse(stdout) as { sum: number; column: number; most: number };
  const stored = Math.ceil(MEBIBYTES / 64) * 8;
  assert.equal(sum, (MEBIBYTES + stored) * 131_072);
  assert.equal(column, 3 * (MEBIBYTES + stored));
  t.diagnostic(`${most} MiB for ${MEBIBYTES} MiB`);
  assert.ok(most < RESIDENT_MAX, `${most} MiB were resident`);
});
