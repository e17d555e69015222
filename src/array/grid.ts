/** The chunk grid: which parts of which chunks a selection takes, and where they go. Pure. */
import type { Pick } from "./selection.ts";

/** Positions along an axis: `start`, `start + step`, ..., or those of a list. */
export type Run = { readonly start: number; readonly step: number; readonly list?: undefined } | RunList;

/** Positions one by one. */
export interface RunList {
  readonly list: readonly number[];
}

/** What of one axis lies in one chunk. */
export interface Segment {
  /** The chunk's coordinate on this axis. */
  readonly chunk: number;
  /** How many elements. */
  readonly count: number;
  /** Where they are in the chunk. */
  readonly inChunk: Run;
  /** Where they are in the selection. */
  readonly inSelection: Run;
  /** Whether they are all that the array has in this chunk on this axis, each once. */
  readonly complete: boolean;
}

/** A part of a selection that lies in one chunk: a segment for each axis. */
export interface Part {
  /** The chunk's Zarr key. */
  readonly key: string;
  readonly segments: readonly Segment[];
  /** Whether it is all that the array has in this chunk. */
  readonly complete: boolean;
}

/** The segments of one axis of `length` elements in chunks of `chunk`, in the order of the selection where there is one. */
export function segmentsOf(pick: Pick, length: number, chunk: number): Segment[] {
  switch (pick.type) {
    case "index":
      return rangeSegments(pick.index, 1, 1, length, chunk);
    case "range":
      return rangeSegments(pick.start, pick.step, pick.length, length, chunk);
    case "list":
      return listSegments(pick.indices, chunk);
  }
}

/** The parts of a selection, chunk by chunk in the order of the selection; the last axis runs fastest. */
export function* partsOf(axes: readonly (readonly Segment[])[]): Generator<Part, void, void> {
  if (axes.some((segments) => segments.length === 0)) return;
  const at = axes.map(() => 0);
  for (;;) {
    const segments = axes.map((list, axis) => list[at[axis]!]!);
    yield { key: chunkKey(segments.map((s) => s.chunk)), segments, complete: segments.every((s) => s.complete) };
    let axis = axes.length - 1;
    while (axis >= 0 && ++at[axis]! === axes[axis]!.length) at[axis--] = 0;
    if (axis < 0) return;
  }
}

/** Zarr's default chunk key: `c/1/0`; `c` for an array without axes. */
function chunkKey(coordinates: readonly number[]): string {
  return coordinates.length === 0 ? "c" : `c/${coordinates.join("/")}`;
}

/** The coordinates of a chunk key; `undefined` when it is none of `ndim` axes. */
export function chunkCoordinates(key: string, ndim: number): number[] | undefined {
  const parts = key.split("/");
  if (parts.length !== ndim + 1 || parts[0] !== "c" || !parts.slice(1).every((p) => /^(0|[1-9]\d*)$/.test(p)))
    return undefined;
  return parts.slice(1).map(Number);
}

/** How many chunks there are on each axis. */
export function gridShape(shape: readonly number[], chunks: readonly number[]): number[] {
  return shape.map((length, axis) => Math.ceil(length / chunks[axis]!));
}

function rangeSegments(start: number, step: number, count: number, length: number, chunk: number): Segment[] {
  const segments: Segment[] = [];
  for (let done = 0; done < count; ) {
    const position = start + done * step;
    const coordinate = Math.floor(position / chunk);
    const first = coordinate * chunk;
    // How many more steps stay in this chunk.
    const room = step > 0 ? first + chunk - 1 - position : position - first;
    const n = Math.min(count - done, Math.floor(room / Math.abs(step)) + 1);
    const complete = Math.abs(step) === 1 && n === Math.min(chunk, length - first);
    segments.push({
      chunk: coordinate,
      count: n,
      inChunk: { start: position - first, step },
      inSelection: { start: done, step: 1 },
      complete: complete || (n === 1 && Math.min(chunk, length - first) === 1),
    });
    done += n;
  }
  return segments;
}

function listSegments(indices: readonly number[], chunk: number): Segment[] {
  const byChunk = new Map<number, { readonly from: number[]; readonly to: number[] }>();
  indices.forEach((index, i) => {
    const coordinate = Math.floor(index / chunk);
    let lists = byChunk.get(coordinate);
    if (lists === undefined) {
      lists = { from: [], to: [] };
      byChunk.set(coordinate, lists);
    }
    lists.from.push(index - coordinate * chunk);
    lists.to.push(i);
  });
  return Array.from(byChunk, ([coordinate, { from, to }]) => ({
    chunk: coordinate,
    count: from.length,
    inChunk: runOf(from),
    inSelection: runOf(to),
    complete: false, // it could be; then reading the chunk first costs time, and nothing else
  }));
}

/** Even steps are told as such: they copy faster than lists. */
function runOf(list: readonly number[]): Run {
  const start = list[0]!;
  const step = list.length === 1 ? 1 : list[1]! - start;
  return list.every((position, i) => position === start + i * step) ? { start, step } : { list };
}
