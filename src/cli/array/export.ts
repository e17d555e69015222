/** `daos array export` */
import { type ChunkCodec, type DArray, DaosError, type Layout } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { CliError } from "../failure.ts";
import { openContainer } from "../open-container.ts";
import { printable } from "../output.ts";
import { PartProgress } from "../progress.ts";
import type { FileFormat } from "./file-format.ts";
import { interruptible } from "./interruptible.ts";
import { namedArray, selected, shapeText } from "./selected.ts";

export async function run(call: Call): Promise<Answer> {
  const file = call.word("file");
  const format = formatOf(file, call.options.format as FileFormat | undefined);
  await using dcont = await openContainer(call, "RO");
  const array = await namedArray(dcont, call);
  const part = selected(array, call);
  using progress = new PartProgress(format === "zarr" ? (await array.stored()).chunks : undefined);
  await interruptible("nothing was written", (signal) => {
    const o = { signal, onProgress: progress.update, overwrite: call.options.force === true };
    if (format === "npy") return part.toNpy(file, o);
    return part.toZarr(file, part === array ? o : { ...o, ...layoutOfPart(array) });
  }).catch((error: unknown) => {
    if (DaosError.is(error, "DER_EXIST") && !call.options.force)
      throw new DaosError("DER_EXIST", error.context, { detail: `${file} exists; --force replaces it`, cause: error });
    throw error;
  });
  return {
    text: `Successfully exported ${shapeText(part.shape)} ${part.dtype} to ${printable(file)}`,
    response: { name: array.name, file, format, dtype: part.dtype, shape: part.shape },
  };
}

function formatOf(file: string, given: FileFormat | undefined): FileFormat {
  if (given !== undefined) return given;
  if (/\.npy$/i.test(file)) return "npy";
  if (/\.zarr\/*$/i.test(file)) return "zarr";
  throw new CliError(`${JSON.stringify(file)} ends neither in .npy nor in .zarr; --format says what to write`);
}

/** What of the layout also holds for a part of the array. */
function layoutOfPart(array: DArray): Layout<never> {
  const codecs = array.metadata.codecs as unknown as readonly { readonly name: string }[];
  return {
    codecs: codecs.filter(({ name }) => name !== "bytes") as readonly ChunkCodec[],
    fill: array.fillValue as never,
    attributes: array.attributes,
  };
}
