/** Where the parts of a selection lie: in the memory of a chunk, and in that of the result or of the values. Pure. */
import type { Step } from "./copy.ts";
import { asBytes } from "./dtype.ts";
import { type Part, partsOf, type Run, type Segment, segmentsOf } from "./grid.ts";
import type { NDArray } from "./ndarray.ts";
import { lengthOf, type Pick } from "./selection.ts";
import { fullView, pickView, type View } from "./view.ts";

/** Chunks are read and written in batches of so many bytes, and chunks. */
const BATCH_BYTES = 8 * 1024 * 1024;
const BATCH_CHUNKS = 256;

/** The parts of what a view of a chunked array sees, one after the other, and how many there are. */
export function partsOfView(
  view: View,
  shape: readonly number[],
  chunks: readonly number[],
): { readonly parts: Iterable<Part>; readonly total: number } {
  const axes = view.picks.map((pick, axis) => segmentsOf(pick, shape[axis]!, chunks[axis]!));
  return { parts: partsOf(axes), total: axes.reduce((count, { length }) => count * length, 1) };
}

/** The batches in which parts are read and written. */
export function* batchesOf(parts: Iterable<Part>, chunkBytes: number): Generator<readonly Part[], void, void> {
  const size = Math.max(1, Math.min(BATCH_CHUNKS, Math.floor(BATCH_BYTES / Math.max(1, chunkBytes))));
  let batch: Part[] = [];
  for (const part of parts) {
    batch.push(part);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** For each axis of the base, the stride of the axis of the view that runs along it. */
export function baseStrides(view: View, stride: readonly number[]): number[] {
  return view.picks.map((_, on) => {
    const axis = view.axes.indexOf(on);
    return axis === -1 ? 0 : stride[axis]!;
  });
}

/** The memory of the result that a contiguous part of a chunk goes to, in its order; `undefined` when it is not contiguous. */
export function contiguousRun(
  segments: readonly Segment[],
  out: NDArray,
  strides: readonly number[],
  bytes: number,
): Uint8Array | undefined {
  let [count, start] = [1, out.offset];
  for (let axis = segments.length - 1; axis >= 0; axis--) {
    const { inChunk, inSelection, count: n } = segments[axis]!;
    start += positionOf(inSelection, 0) * strides[axis]!;
    if (n === 1) continue;
    if (inChunk.list !== undefined || inChunk.step !== 1) return undefined;
    if (inSelection.list !== undefined || inSelection.step !== 1 || strides[axis] !== count) return undefined;
    count *= n;
  }
  return asBytes(out.data).subarray(start * bytes, (start + count) * bytes);
}

/** Where elements lie along an axis: the first one, and how far apart they are. */
export interface Along {
  readonly first: number;
  readonly step: Step;
}

/** The positions of a run, in elements of memory with that stride. */
export function along(run: Run, stride: number): Along {
  return run.list === undefined
    ? { first: run.start * stride, step: run.step * stride }
    : { first: 0, step: run.list.map((position) => position * stride) };
}

/** Position number `i`. */
export function positionOf(run: Run, i: number): number {
  return run.list === undefined ? run.start + i * run.step : run.list[i]!;
}

/** The least and the greatest position. */
export function extentOf(run: Run, count: number): [number, number] {
  if (run.list !== undefined) return extremes(run.list);
  const last = run.start + (count - 1) * run.step;
  return [Math.min(run.start, last), Math.max(run.start, last)];
}

/** The part of the values that goes to a part of the array. */
export function pieceOf(view: View, part: Part): View {
  return pickView(
    fullView(view.shape),
    view.axes.map((on) => pickOfRun(part.segments[on!]!)),
  );
}

function pickOfRun({ inSelection, count }: Segment): Pick {
  return inSelection.list === undefined
    ? { type: "range", start: inSelection.start, step: inSelection.step, length: count }
    : { type: "list", indices: inSelection.list };
}

/** The greatest index that is picked; -1: none. */
export function lastOf(pick: Pick): number {
  switch (pick.type) {
    case "index":
      return pick.index;
    case "range":
      return (lengthOf(pick) ?? 0) === 0 ? -1 : Math.max(pick.start, pick.start + (pick.length - 1) * pick.step);
    case "list":
      return pick.indices.length === 0 ? -1 : extremes(pick.indices)[1];
  }
}

function extremes(list: readonly number[]): [number, number] {
  let [low, high] = [list[0]!, list[0]!];
  for (const position of list) {
    if (position < low) low = position;
    if (position > high) high = position;
  }
  return [low, high];
}
