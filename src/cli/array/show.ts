/** `daos array show` */
import type { Answer, Call } from "../call.ts";
import { CliError } from "../failure.ts";
import { openContainer } from "../open-container.ts";
import { namedArray, selected, shapeText } from "./selected.ts";
import { showHistogram } from "./show-histogram.ts";
import { showMatrix } from "./show-matrix.ts";
import { wishOf } from "./wish.ts";

export async function run(call: Call): Promise<Answer> {
  const wish = wishOf(call);
  await using dcont = await openContainer(call, "RO");
  const array = await namedArray(dcont, call);
  const part = selected(array, call);
  if (part.size === 0) throw new CliError(`there is nothing to draw in ${shapeText(part.shape)}`);
  const isMatrix = !wish.histogram && (part.ndim === 2 || part.squeeze().ndim >= 2);
  return isMatrix ? await showMatrix(array, part, wish) : await showHistogram(array, part, wish);
}
