/** `.npy` files in and out, streaming. Files are read and written on the caller's thread, a piece at a time. */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import type { Bulk } from "../dict/options.ts";
import { type Steps, Turns } from "../engine/steps.ts";
import { DaosError } from "../errors.ts";
import { allocate, asBytes, DTYPES, type DType, type DTypes } from "./dtype.ts";
import { type NDArray, ndarray, sizeOf } from "./ndarray.ts";
import { fromFiles, NewFile } from "./new-file.ts";
import { encodeNpyHeader, NPY_PREFIX_BYTES, type NpyHeader, npyHeaderEnd, parseNpyHeader } from "./npy.ts";
import { lengthOf, type Pick } from "./selection.ts";
import { blocksOf, boxOf, MemorySource, picksOf, type Source, ViewSource } from "./source.ts";
import type { Export } from "./types.ts";
import { fullView, pickView, transposeView, type View } from "./view.ts";

/** What is in memory of an array that is written, and of a file that is read. */
const PIECE_BYTES = 16 * 1024 * 1024;
/** No header of ours or NumPy's is longer; what says so is no `.npy` file. */
const HEADER_MAX_BYTES = 1024 * 1024;

/** Writes the array to a new `.npy` file, in C order. */
export function* writeNpy<D extends DType>(source: Source<D>, path: string, o: Export | undefined): Steps<void> {
  o?.signal?.throwIfAborted();
  yield* source.refresh(o);
  const { dtype, shape } = source;
  const view = fullView(shape);
  const splits = pieceSplits(shape, DTYPES[dtype].bytes, source.splits(view));
  const total = splits.reduce((count, { length }) => count * length, 1);
  let file: NewFile | undefined;
  try {
    file = new NewFile(path, o?.overwrite, () => false);
    const fd = openSync(file.making, "wx");
    try {
      writeWhole(fd, encodeNpyHeader(dtype, shape));
      let done = 0;
      const memory = new Scratch(dtype);
      const turns = new Turns();
      for (const block of blocksOf(splits, shape, Number.POSITIVE_INFINITY)) {
        yield* turns.give();
        o?.signal?.throwIfAborted();
        const piece = memory.array(block.shape);
        yield* source.read(pickView(view, picksOf(block)), piece, { signal: o?.signal });
        writeWhole(fd, asBytes(piece.data));
        o?.onProgress?.(++done, total);
      }
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    file.commit();
  } catch (e) {
    file?.discard();
    throw fromFiles(e, "failed to write the .npy file");
  }
}

/** An open `.npy` file. */
export interface NpyFile {
  readonly source: Source;
  close(): void;
}

/** Opens a `.npy` file. DER_INVAL when it is none, or one of something else than numbers; DER_NONEXIST. */
export function openNpy(path: string): NpyFile {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    const opened = fd;
    const header = readHeader(opened);
    const size = fstatSync(opened).size;
    const wanted = header.dataOffset + sizeOf(header.shape) * DTYPES[header.dtype].bytes;
    if (size < wanted)
      throw new DaosError("DER_INVAL", "invalid .npy file", {
        detail: `${path} was cut short: it has ${size} bytes where its header says ${wanted}`,
      });
    const stored = new NpySource(opened, header);
    const source: Source = header.fortranOrder
      ? new ViewSource(stored, transposeView(fullView(stored.shape), []))
      : stored;
    return { source, close: () => closeSync(opened) };
  } catch (e) {
    if (fd !== undefined) closeSync(fd);
    throw fromFiles(e, "failed to read the .npy file");
  }
}

/** The elements of a file, as they lie in it: those of Fortran order with the axes reversed. */
class NpySource<D extends DType> implements Source<D> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly reads: ReadonlySet<string> = new Set();
  readonly #fd: number;
  readonly #header: NpyHeader;
  readonly #memory: Scratch<D>;

  constructor(fd: number, header: NpyHeader) {
    this.#fd = fd;
    this.#header = header;
    this.dtype = header.dtype as D;
    this.#memory = new Scratch(this.dtype);
    this.shape = header.fortranOrder ? header.shape.toReversed() : header.shape;
  }

  *refresh(): Steps<void> {}

  /** Reads, piece by piece, the box around what is seen, row by row, and takes the view of it. */
  *read(view: View, out: NDArray<D>, o: Bulk | undefined): Steps<void> {
    // Cut along the axes that lie farthest apart in the file.
    const lengths = view.picks.map((pick) => lengthOf(pick) ?? 1);
    const inFile = pieceSplits(lengths, DTYPES[this.dtype].bytes);
    const splits = view.axes.map((on, axis) => (on === undefined ? wholeAxis(view.shape[axis]!) : inFile[on]!));
    for (const block of blocksOf(splits, view.shape, Number.POSITIVE_INFINITY)) {
      o?.signal?.throwIfAborted();
      yield* this.#readPiece(pickView(view, picksOf(block)), boxOf(out, block));
    }
  }

  *#readPiece(view: View, out: NDArray<D>): Steps<void> {
    const bounds = view.picks.map(boundsOf);
    const box = this.#memory.array(bounds.map(([low, high]) => high - low + 1));
    this.#readBox(
      bounds.map(([low]) => low),
      box,
    );
    const picks = view.picks.map((pick, axis) => moved(pick, bounds[axis]![0]));
    yield* new MemorySource(box).read({ ...view, picks }, out);
  }

  splits(view: View): readonly (readonly number[])[] {
    return pieceSplits(view.shape, DTYPES[this.dtype].bytes);
  }

  #readBox(low: readonly number[], box: NDArray<D>): void {
    const { bytes, slots } = DTYPES[this.dtype];
    const target = asBytes(box.data);
    // Trailing axes that are read whole are one run of bytes.
    let axis = this.shape.length - 1;
    let row = bytes;
    for (; axis >= 0; axis--) {
      row *= box.shape[axis]!;
      if (box.shape[axis] !== this.shape[axis]) break;
    }
    const outer = box.shape.slice(0, Math.max(0, axis));
    const at = outer.map(() => 0);
    for (let filled = 0; filled < target.length; filled += row) {
      const first = this.shape.reduce((sum, n, i) => sum * n + low[i]! + (at[i] ?? 0), 0);
      this.#readWhole(target.subarray(filled, filled + row), this.#header.dataOffset + first * bytes);
      let i = outer.length - 1;
      while (i >= 0 && ++at[i]! === outer[i]!) at[i--] = 0;
    }
    if (this.#header.bigEndian) swap(target, bytes / slots);
    if (this.dtype === "bool") canonical(box.data as DTypes["bool"]);
  }

  #readWhole(target: Uint8Array, position: number): void {
    for (let at = 0; at < target.length; ) {
      const read = readSync(this.#fd, target, at, target.length - at, position + at);
      if (read === 0) throw new DaosError("DER_IO", "failed to read the .npy file", { detail: "it was cut short" });
      at += read;
    }
  }
}

/** Memory that is used again for one array after another: fresh memory costs time, and much of it before any is given back. */
class Scratch<D extends DType> {
  readonly #dtype: D;
  #data: DTypes[D];

  constructor(dtype: D) {
    this.#dtype = dtype;
    this.#data = allocate(dtype, 0);
  }

  /** An array of that shape, whose elements are whatever was there; until the next call. */
  array(shape: readonly number[]): NDArray<D> {
    const count = sizeOf(shape);
    const entries = count * DTYPES[this.#dtype].slots;
    if (this.#data.length < entries) this.#data = allocate(this.#dtype, count);
    return ndarray(this.#dtype, shape, this.#data.subarray(0, entries) as DTypes[D]);
  }
}

function wholeAxis(length: number): readonly number[] {
  return length === 0 ? [] : [0];
}

/** Where to cut an array so that its pieces, in C order, are runs of a file of its elements. */
function pieceSplits(
  shape: readonly number[],
  bytes: number,
  preferred?: readonly (readonly number[])[],
): (readonly number[])[] {
  let inner = bytes;
  let axis = shape.length - 1;
  while (axis >= 0 && inner * shape[axis]! <= PIECE_BYTES) inner *= shape[axis--]!;
  return shape.map((length, i) => {
    if (length === 0) return [];
    if (i > axis) return [0];
    if (i < axis) return Array.from({ length }, (_, k) => k);
    const most = Math.max(1, Math.floor(PIECE_BYTES / inner));
    // Whole blocks of the source, where there is room for one.
    const block = preferred === undefined ? 1 : Math.ceil(length / preferred[i]!.length);
    const step = block <= most ? most - (most % block) : most;
    return Array.from({ length: Math.ceil(length / step) }, (_, k) => k * step);
  });
}

function readHeader(fd: number): NpyHeader {
  const prefix = Buffer.alloc(NPY_PREFIX_BYTES);
  const read = readSync(fd, prefix, 0, prefix.length, 0);
  const end = npyHeaderEnd(prefix.subarray(0, read));
  if (end > HEADER_MAX_BYTES)
    throw new DaosError("DER_INVAL", "invalid .npy file", { detail: `its header says that it has ${end} bytes` });
  const bytes = Buffer.alloc(end);
  return parseNpyHeader(bytes.subarray(0, readSync(fd, bytes, 0, end, 0)));
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
}

function boundsOf(pick: Pick): [number, number] {
  switch (pick.type) {
    case "index":
      return [pick.index, pick.index];
    case "range": {
      const last = pick.start + (pick.length - 1) * pick.step;
      return [Math.min(pick.start, last), Math.max(pick.start, last)];
    }
    case "list":
      return [pick.indices.reduce((a, b) => Math.min(a, b)), pick.indices.reduce((a, b) => Math.max(a, b))];
  }
}

function moved(pick: Pick, by: number): Pick {
  switch (pick.type) {
    case "index":
      return { type: "index", index: pick.index - by };
    case "range":
      return { ...pick, start: pick.start - by };
    case "list":
      return { type: "list", indices: pick.indices.map((i) => i - by) };
  }
}

function swap(bytes: Uint8Array, unit: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (unit === 2) buffer.swap16();
  else if (unit === 4) buffer.swap32();
  else if (unit === 8) buffer.swap64();
}

function canonical(data: Uint8Array): void {
  for (let i = 0; i < data.length; i++) if (data[i]! > 1) data[i] = 1;
}
