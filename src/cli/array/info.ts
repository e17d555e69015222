/** `daos array info` */
import type { Answer, Call } from "../call.ts";
import { openContainer } from "../open-container.ts";
import { facts, printable, size } from "../output.ts";
import { bytesOf } from "./dtypes.ts";
import { elementJson, elementText } from "./elements.ts";
import { namedArray, shapeText } from "./selected.ts";

export async function run(call: Call): Promise<Answer> {
  await using dcont = await openContainer(call, "RO");
  const array = await namedArray(dcont, call);
  const stored = await array.stored();
  const { name, oid, dtype, shape, chunks, fillValue, attributes, dimensionNames, path } = array;
  const bytes = array.size * bytesOf(dtype);
  const grid = shape.map((n, axis) => Math.ceil(n / chunks[axis]!));
  const chunkCount = grid.reduce((product, n) => product * n, 1);
  const chunkBytes = chunks.reduce((product, n) => product * n, bytesOf(dtype));
  const codecs = array.metadata.codecs as { name: string; configuration?: { level?: number } }[];
  const hasAttributes = Object.keys(attributes).length > 0;
  return {
    text: facts([
      ["Array", printable(name)],
      ["OID", oid],
      ["Type", dtype],
      ["Shape", shapeText(shape)],
      ["Axes", dimensionNames && printable(dimensionNames.map((n) => n ?? "-").join(", "))],
      ["Elements", `${array.size} (${size(bytes)})`],
      ["Fill Value", elementText(dtype, fillValue)],
      ["Chunks", `${shapeText(chunks)} (${size(chunkBytes)})`],
      ["Codecs", codecs.map(codecText).join(", ")],
      [
        "Stored",
        `${stored.chunks} of ${chunkCount} chunks${stored.bytes === undefined ? "" : ` (${size(stored.bytes)})`}`,
      ],
      ["Attributes", hasAttributes ? printable(JSON.stringify(attributes)) : undefined],
      ["Path", path && printable(path)],
    ]),
    response: {
      name,
      oid,
      dtype,
      shape,
      dimensionNames: dimensionNames ?? null,
      elements: array.size,
      bytes,
      fill: elementJson(dtype, fillValue),
      chunks,
      codecs,
      chunkCount,
      storedChunks: stored.chunks,
      storedBytes: stored.bytes ?? null,
      attributes,
      path: path ?? null,
    },
  };
}

function codecText({ name, configuration }: { name: string; configuration?: { level?: number } }): string {
  return configuration?.level === undefined ? name : `${name} (level ${configuration.level})`;
}
