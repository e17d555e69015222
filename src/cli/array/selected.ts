/** The array that a call is about, and the part of it that `--select` takes. */
import { type Arr, type DArray, type DCont, sel } from "../../index.ts";
import type { Call } from "../call.ts";

/** The array of that name; DER_MISMATCH for a dictionary. */
export async function namedArray(dcont: DCont, call: Call): Promise<DArray> {
  return dcont.getArray(call.word("array"));
}

/** What `--select` takes of it; all of it without. */
export function selected(array: DArray, call: Call): Arr {
  const text = call.options.select as string | undefined;
  return text === undefined ? array : array.view(sel(text));
}

/** A shape as people read it. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}
