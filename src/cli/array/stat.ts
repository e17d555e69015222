/** `daos array stat` */
import type { DType } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { openContainer } from "../open-container.ts";
import { facts, printable } from "../output.ts";
import { PartProgress } from "../progress.ts";
import { elementJson, elementText } from "./elements.ts";
import { numbersOf } from "./numbers.ts";
import { namedArray, selected, shapeText } from "./selected.ts";
import { Statistics } from "./statistics.ts";

export async function run(call: Call): Promise<Answer> {
  await using dcont = await openContainer(call, "RO");
  const array = await namedArray(dcont, call);
  const part = selected(array, call);
  const statistics = new Statistics();
  using progress = new PartProgress();
  // One pass for all figures; a function of xp for each would read the array once for each.
  for await (const { data } of part.blocks({ onProgress: progress.update })) statistics.add(numbersOf(data));
  const isComplex = array.dtype.startsWith("complex");
  const { elements, nan, infinite, zeros, min, max, mean, std } = statistics;
  const extreme = (value: number | bigint | undefined): string | undefined =>
    value === undefined ? undefined : elementText(realType(array.dtype), value);
  return {
    text: facts([
      ["Array", printable(array.name)],
      ["Shape", shapeText(part.shape)],
      ["Type", isComplex ? `${array.dtype} (figures are of absolute values)` : array.dtype],
      ["Elements", String(elements)],
      ["NaN", String(nan)],
      ["Infinite", String(infinite)],
      ["Zero", String(zeros)],
      ["Min", extreme(min)],
      ["Max", extreme(max)],
      ["Mean", mean === undefined ? undefined : String(mean)],
      ["Std", std === undefined ? undefined : String(std)],
    ]),
    response: {
      name: array.name,
      dtype: array.dtype,
      shape: part.shape,
      elements,
      nan,
      infinite,
      zeros,
      min: json(min, realType(array.dtype)),
      max: json(max, realType(array.dtype)),
      mean: json(mean, "float64"),
      std: json(std, "float64"),
    },
  };
}

/** The type of the figures that are elements themselves: absolute values are numbers of their own. */
function realType(dtype: DType): DType {
  return dtype.startsWith("complex") ? "float64" : dtype;
}

function json(value: number | bigint | undefined, dtype: DType): unknown {
  return value === undefined ? null : elementJson(dtype, value);
}
