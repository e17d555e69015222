/** `daos array set` */
import { sel } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { CliError } from "../failure.ts";
import { openContainer } from "../open-container.ts";
import { parseElement } from "./elements.ts";
import { namedArray } from "./selected.ts";

export async function run(call: Call): Promise<Answer> {
  const select = call.options.select as string | undefined;
  // All of an array is not overwritten for want of a word.
  if (select === undefined)
    throw new CliError('--select says which elements, such as "0, 10:20"; "..." is all of them');
  const selection = sel(select);
  await using dcont = await openContainer(call, "RW");
  const array = await namedArray(dcont, call);
  await array.set(selection, parseElement(array.dtype, call.word("value")));
  return { text: "", response: null };
}
