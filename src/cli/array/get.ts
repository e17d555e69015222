/** `daos array get` */
import type { DType, NDArray, Scalar } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { CliError } from "../failure.ts";
import { openContainer } from "../open-container.ts";
import { elementJson, elementsOf, elementText } from "./elements.ts";
import { namedArray, selected, shapeText } from "./selected.ts";

/** More is not for reading, and a JSON of it would not fit into memory twice. */
const ELEMENTS_MAX = 1_000_000;

export async function run(call: Call): Promise<Answer> {
  await using dcont = await openContainer(call, "RO");
  const array = await namedArray(dcont, call);
  const part = selected(array, call);
  if (part.size > ELEMENTS_MAX)
    throw new CliError(
      `${shapeText(part.shape)} are ${part.size} elements, at most ${ELEMENTS_MAX} are printed: --select fewer, or daos array export`,
    );
  const { shape, dtype } = part;
  const values = await part.get();
  return {
    text: rowsOf(values),
    response: { name: array.name, dtype, shape, data: nested(Array.from(elementsOf(values)), shape, dtype) },
  };
}

/** A line for each row of the last axis, a blank line between matrices. */
function rowsOf(values: NDArray): string {
  const { shape, dtype } = values;
  const texts = Array.from(elementsOf(values), (value) => elementText(dtype, value));
  const width = shape.at(-1) ?? 1;
  const height = shape.at(-2) ?? 1;
  let text = "";
  for (let i = 0, row = 0; i < texts.length; i += width, row++)
    text += `${row === 0 ? "" : row % height === 0 ? "\n\n" : "\n"}${texts.slice(i, i + width).join(" ")}`;
  return text;
}

function nested(values: readonly Scalar<DType>[], shape: readonly number[], dtype: DType): unknown {
  const [length, ...inner] = shape;
  if (length === undefined) return elementJson(dtype, values[0]!);
  const step = inner.reduce((product, n) => product * n, 1);
  return Array.from({ length }, (_, i) => nested(values.slice(i * step, (i + 1) * step), inner, dtype));
}
