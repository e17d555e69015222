/** `daos array destroy` */
import type { Answer, Call } from "../call.ts";
import { openContainer } from "../open-container.ts";
import { namedArray } from "./selected.ts";

export async function run(call: Call): Promise<Answer> {
  await using dcont = await openContainer(call, "RW");
  // A dictionary of that name stays.
  const { name } = await namedArray(dcont, call);
  await dcont.destroy(name);
  return { text: "", response: null };
}
