/** `daos array list` */
import type { Answer, Call } from "../call.ts";
import { openContainer } from "../open-container.ts";
import { printable } from "../output.ts";

export async function run(call: Call): Promise<Answer> {
  await using dcont = await openContainer(call, "RO");
  const arrays: { name: string; oid: string }[] = [];
  for await (const { kind, name, oid } of dcont) if (kind === "array") arrays.push({ name, oid });
  return { text: arrays.map(({ name }) => printable(name)).join("\n"), response: arrays };
}
