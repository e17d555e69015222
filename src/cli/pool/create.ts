/** `daos pool create` */
import { createPool } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { CliError } from "../failure.ts";
import { facts } from "../output.ts";

export async function run(call: Call): Promise<Answer> {
  const pool = await createPool(call.word("label"), { ...call.system, mode: modeOf(call.options.mode) });
  const details = facts([
    ["Pool UUID", pool.uuid],
    ["Pool Label", pool.label],
  ]);
  return { text: `Successfully created pool ${pool.uuid}\n${details}`, response: pool };
}

function modeOf(text: unknown): number | undefined {
  if (text === undefined) return undefined;
  if (!/^(0o)?[0-7]{3,5}$/.test(String(text)))
    throw new CliError(`invalid argument for flag \`--mode' (expected octal digits such as 0770): ${text}`);
  return Number.parseInt(String(text).replace("0o", ""), 8);
}
