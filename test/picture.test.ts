/** The picture in the documentation is the one that its program makes. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { decodePng } from "./cli/png.ts";
import { scratchDirectory } from "./scratch.ts";

const root = join(import.meta.dirname, "..");
const committed = join(root, "docs", "waves.png");

test("the picture of the documentation is made again, pixel for pixel, and is small", async () => {
  const file = join(scratchDirectory(), "waves.png");
  await promisify(execFile)(process.execPath, [join(root, "examples", "picture.ts"), file]);
  const [made, kept] = [decodePng(readFileSync(file)), decodePng(readFileSync(committed))];
  assert.deepEqual([made.width, made.height], [480, 240]);
  assert.deepEqual(made, kept, "npm run picture makes it anew");
  assert.ok(made.colors.some(([, , , alpha]) => alpha === 0));
  assert.ok(statSync(committed).size < 60_000);
});
