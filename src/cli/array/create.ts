/** `daos array create` */
import type { DType } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { CliError } from "../failure.ts";
import { openContainer } from "../open-container.ts";
import { printable } from "../output.ts";
import { parseElement } from "./elements.ts";
import { layoutOf, lengths } from "./layout.ts";
import { shapeText } from "./selected.ts";

export async function run(call: Call): Promise<Answer> {
  const { shape: text, dtype, fill } = call.options as { shape?: string; dtype?: DType; fill?: string };
  if (text === undefined) throw new CliError("--shape says how long the axes are, such as --shape 365,180,360");
  if (dtype === undefined) throw new CliError("--dtype says what the elements are, such as --dtype float32");
  const spec = {
    shape: lengths("shape", text),
    dtype,
    fill: fill === undefined ? undefined : parseElement(dtype, fill),
    ...layoutOf(call),
  };
  await using dcont = await openContainer(call, "RW");
  const array = await dcont.array(call.word("array"), spec);
  return {
    text: `Successfully created array ${printable(array.name)} of ${shapeText(array.shape)} ${dtype}`,
    response: { name: array.name, oid: array.oid, dtype, shape: array.shape, chunks: array.chunks },
  };
}
