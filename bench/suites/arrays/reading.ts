/** Reading into memory: all of it, slabs of rows and of columns, windows here and there. */
import FileSystemStore from "@zarrita/storage/fs";
import { ndarray, slice } from "tsdaos";
import * as zarr from "zarrita";
import { Dice } from "../../records.ts";
import type { Bench } from "../../suite.ts";
import { type Box, bytesOf, check, compare, type Data, figures, type Worker } from "./data.ts";

const OURS = "tsdaos";
const BLOCKING = "tsdaos/sync";
const ANEW = "tsdaos, new memory";

const WINDOWS = 100;
const WINDOW = 200;

export async function reading({ report, rounds }: Bench, data: Data): Promise<void> {
  const { rows, columns, chunks } = data.size;
  const dice = new Dice();
  // None of them begins where a chunk does.
  const shapes: Readonly<Record<string, readonly Box[]>> = {
    "read whole": [{ top: 0, left: 0, height: rows, width: columns }],
    "read a row slab": [{ top: 100, left: 0, height: chunks[0], width: columns }],
    "read a column slab": [{ top: 0, left: 100, height: rows, width: chunks[1] }],
    "read random windows": Array.from({ length: WINDOWS }, () => ({
      top: dice.below(rows - WINDOW),
      left: dice.below(columns - WINDOW),
      height: WINDOW,
      width: WINDOW,
    })),
  };
  const zarrita = await zarr.open(new FileSystemStore(data.a.path!), { kind: "array" });
  for (const [what, boxes] of Object.entries(shapes)) {
    const bytes = boxes.reduce((sum, { height, width }) => sum + bytesOf({ rows: height, columns: width }), 0);
    const samples = await compare(report, rounds, what, bytes, [
      ...ours(data, boxes),
      {
        name: "zarrita",
        run: async () => {
          for (const box of boxes) {
            const { top, left, height, width } = box;
            const got = await zarr.get(zarrita, [zarr.slice(top, top + height), zarr.slice(left, left + width)]);
            checkBox(data, box, got.data as Float64Array, "zarrita");
          }
        },
      },
      ...(data.hdf5 ? [hdf5(data, boxes)] : []),
      ...(what === "read whole" ? [{ name: "memcpy", run: () => data.out.set(data.memory) }] : []),
    ]);
    figures(report, what, samples, [OURS, BLOCKING], "memcpy", 0.4);
    figures(report, what, samples, [OURS, BLOCKING, ANEW], "zarrita", 3);
    figures(report, what, samples, [OURS, BLOCKING], "h5py", 1);
  }
}

/** Both faces into memory that is there, as h5py; and one into new memory, as zarrita. */
function ours(data: Data, boxes: readonly Box[]): Worker[] {
  const { a, blocking, out } = data;
  const parts = boxes.map((box) => ({
    box,
    selection: [slice(box.top, box.top + box.height), slice(box.left, box.left + box.width)],
    into: ndarray("float64", [box.height, box.width], out.subarray(0, box.height * box.width)),
  }));
  return [
    {
      name: OURS,
      run: async () => {
        for (const { box, selection, into } of parts)
          checkBox(data, box, (await a.get(selection, { out: into })).data, OURS);
      },
    },
    {
      name: BLOCKING,
      run: () => {
        for (const { box, selection, into } of parts)
          checkBox(data, box, blocking.a.get(selection, { out: into }).data, BLOCKING);
      },
    },
    {
      name: ANEW,
      run: async () => {
        for (const { box, selection } of parts) checkBox(data, box, (await a.get(selection)).data, ANEW);
      },
    },
  ];
}

function hdf5({ python }: Data, boxes: readonly Box[]): Worker {
  const question = {
    do: "read_hdf5",
    boxes: boxes.map(({ top, left, height, width }) => [
      [top, left],
      [height, width],
    ]),
  };
  return { name: "h5py", run: () => python!.ask(JSON.stringify(question)) };
}

/** A look at the corners: all of it would cost more than the reading. */
function checkBox({ memory, size }: Data, { top, left, height, width }: Box, got: Float64Array, who: string): void {
  check(got[0] === memory[top * size.columns + left], who);
  check(got[height * width - 1] === memory[(top + height - 1) * size.columns + left + width - 1], who);
}
