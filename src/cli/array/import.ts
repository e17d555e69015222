/** `daos array import` */
import { statSync } from "node:fs";
import type { Answer, Call } from "../call.ts";
import { openContainer } from "../open-container.ts";
import { printable } from "../output.ts";
import { PartProgress } from "../progress.ts";
import { interruptible } from "./interruptible.ts";
import { layoutOf } from "./layout.ts";
import { shapeText } from "./selected.ts";

export async function run(call: Call): Promise<Answer> {
  const file = call.word("file");
  const isDirectory = statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
  const spec = { from: isDirectory ? { zarr: file } : { npy: file }, ...layoutOf(call) };
  await using dcont = await openContainer(call, "RW");
  using progress = new PartProgress();
  const array = await interruptible("nothing was stored", (signal) =>
    dcont.array(call.word("array"), spec, { signal, onProgress: progress.update }),
  );
  const { name, oid, dtype, shape, chunks } = array;
  return {
    text: `Successfully imported ${shapeText(shape)} ${dtype} into ${printable(name)}`,
    response: { name, oid, dtype, shape, chunks },
  };
}
