/** The local engine: both faces against raw `node:sqlite` and against what a user would pick instead. */
import type { Bench } from "../suite.ts";
import { blocking } from "./local/blocking.ts";
import { compare } from "./local/compare.ts";
import { memory } from "./local/memory.ts";
import { opening } from "./local/opening.ts";
import { sizes } from "./local/sizes.ts";

const PARTS = { compare, sizes, blocking, opening, memory };

/** Runs every part, or those that `only` names. */
export async function run(bench: Bench): Promise<void> {
  for (const [name, part] of Object.entries(PARTS))
    if (bench.only === undefined || name.includes(bench.only)) await part(bench);
}
