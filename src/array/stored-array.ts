/**
 * Reading and writing an array through the contract, once for both faces: what of which chunk, in which order, in how much
 * memory. See `engine/steps.ts`.
 */
import type { Bulk, Call } from "../dict/options.ts";
import type { ArrayStore, ByteRange, ChunkRead, ChunkUpdate, ChunkWrite, Face } from "../engine/contract.ts";
import { abandon, all, begun, type Steps, step, Turns } from "../engine/steps.ts";
import { DaosError } from "../errors.ts";
import { type Coder, decodeSync, encodeSync } from "./codecs.ts";
import { type CopyAxis, copyBox, type Step } from "./copy.ts";
import { asBytes, asTyped, DTYPES, type DType } from "./dtype.ts";
import { type Part, partsOf, type Run, type Segment, segmentsOf } from "./grid.ts";
import { type ParsedMetadata, parseMetadata } from "./metadata.ts";
import { type NDArray, ndarray, rowMajor, sizeOf } from "./ndarray.ts";
import { giveScratchBack, takeScratch } from "./scratch.ts";
import { lengthOf, type Pick } from "./selection.ts";
import { MemorySource, type Source } from "./source.ts";
import { fullView, pickView, type View } from "./view.ts";
import { takesFast } from "./wasm.ts";

/** Chunks are read and written in batches of so many bytes, and chunks. */
const BATCH_BYTES = 8 * 1024 * 1024;
const BATCH_CHUNKS = 256;
/** Batches that are written while another one is made. */
const WRITES_AHEAD = 3;
/** A change of at most this many rows is told to the engine row by row. */
const RANGES_MAX = 64;

/** An array of a container. */
export class StoredArray<D extends DType = DType> implements Source<D> {
  readonly oid: string;
  readonly store: ArrayStore<Face>;
  readonly reads: ReadonlySet<string>;
  readonly #coder: Coder<Face>;
  // Of all calls together: one that reads block by block is many short ones here.
  readonly #turns = new Turns();
  /** Nobody else knows the array yet: what it has of a chunk on its edge is all that anybody wrote there. */
  exclusive = false;
  #document: Uint8Array;
  #meta: ParsedMetadata;

  constructor(oid: string, store: ArrayStore<Face>, coder: Coder<Face>, document: Uint8Array) {
    this.oid = oid;
    this.store = store;
    this.reads = new Set([oid]);
    this.#coder = coder;
    this.#document = document;
    this.#meta = parseStored(document);
  }

  /** The array in that store. DER_IO when it has no metadata document or a damaged one. */
  static *open(oid: string, store: ArrayStore<Face>, coder: Coder<Face>, o: Bulk | undefined): Steps<StoredArray> {
    return new StoredArray(oid, store, coder, yield* readDocument(store, o));
  }

  get dtype(): D {
    return this.#meta.dtype as D;
  }

  get shape(): readonly number[] {
    return this.#meta.shape;
  }

  /** What the metadata document says, as far as it was read. */
  get meta(): ParsedMetadata {
    return this.#meta;
  }

  /** The metadata document, as far as it was read. */
  get document(): Uint8Array {
    return this.#document;
  }

  /** Bytes of a chunk in memory. */
  get chunkBytes(): number {
    return sizeOf(this.#meta.chunks) * DTYPES[this.#meta.dtype].bytes;
  }

  *refresh(o: Bulk | undefined): Steps<void> {
    this.adopt(yield* readDocument(this.store, o));
  }

  /** Replaces the document if it is still the one that was read; `false`: it is not. */
  *replace(document: Uint8Array, o: Call | undefined): Steps<boolean> {
    if (!((yield* step(this.store.setMetadata(document, this.#document, o))) as boolean)) return false;
    this.adopt(document);
    return true;
  }

  /** Waits a moment. */
  *pause(ms: number): Steps<void> {
    yield* step(this.#coder.pause(ms));
  }

  /** Takes over a newer document. */
  adopt(document: Uint8Array): void {
    if (Buffer.compare(document, this.#document) === 0) return;
    this.#meta = parseStored(document);
    this.#document = document;
  }

  splits(view: View): readonly (readonly number[])[] {
    const { shape, chunks } = this.#meta;
    return view.axes.map((on, axis) => {
      if (on === undefined) return view.shape[axis] === 0 ? [] : [0];
      const pick = view.picks[on]!;
      const chunk = chunks[on]!;
      if (pick.type === "list") {
        const count = Math.ceil(pick.indices.length / chunk);
        return Array.from({ length: count }, (_, i) => i * chunk);
      }
      let start = 0;
      return segmentsOf(pick, shape[on]!, chunk).map(({ count }) => {
        start += count;
        return start - count;
      });
    });
  }

  *read(view: View, out: NDArray<D>, o: Bulk | undefined): Steps<void> {
    if (view.shape.includes(0)) return;
    this.#checkInside(view);
    const first = { ...out, shape: view.axes.map((on, axis) => (on === undefined ? 1 : view.shape[axis]!)) };
    yield* this.#readOnce(view, first, o);
    repeat(first, out);
  }

  /**
   * Writes `values`, which have the shape of `view`, to what `view` sees. Chunks that are covered whole are replaced, the
   * others, also those on the edge of the array, changed atomically.
   *
   * @param view - without repeated axes.
   */
  *write(view: View, values: Source<D>, o: Bulk | undefined): Steps<void> {
    if (view.shape.includes(0)) return;
    this.#checkInside(view);
    const { parts, total } = this.#parts(view);
    let done = 0;
    // A batch is made while those before it are written.
    const ahead: Prepared[] = [];
    const completeFirst = function* (this: StoredArray<D>): Steps<void> {
      const { answer, updates, buffers, count } = ahead[0]!;
      yield* step(answer);
      ahead.shift();
      buffers.forEach(giveScratchBack);
      if (updates.length > 0) yield* step(this.store.updateChunks(updates, o));
      done += count;
      o?.onProgress?.(done, total);
    }.bind(this);
    try {
      for (const batch of batchesOf(parts, this.chunkBytes)) {
        yield* this.#turns.give();
        o?.signal?.throwIfAborted();
        const prepared = yield* this.#prepare(view, batch, values, o);
        if (ahead.length === WRITES_AHEAD) yield* completeFirst();
        o?.signal?.throwIfAborted();
        prepared.answer =
          prepared.writes.length === 0 ? undefined : handled(this.store.writeChunks(prepared.writes, o));
        ahead.push(prepared);
      }
      while (ahead.length > 0) yield* completeFirst();
    } finally {
      // After a failure, nothing may go on reading the buffers.
      for (const { answer } of ahead) yield* settled(answer);
    }
  }

  /** Makes all of a chunk the fill value but the first `inside` elements of each axis. */
  *fillBeyond(key: string, inside: readonly number[], o: Call | undefined): Steps<void> {
    const { chunks, compressions, dtype } = this.#meta;
    const steps = rowMajor(chunks);
    const axes = inside.map((count, axis) => ({ count, from: steps[axis]!, to: steps[axis]! }));
    const apply = (old: Uint8Array | undefined): Uint8Array | null => {
      if (old === undefined) return null;
      const content = this.#emptyChunk();
      copyBox(DTYPES[dtype].bytes, aligned(decodeSync(compressions, old, this.chunkBytes)), 0, content, 0, axes);
      return this.#isFill(content) ? null : encodeSync(compressions, content);
    };
    yield* step(this.store.updateChunks([{ key, apply }], o));
  }

  #checkInside(view: View): void {
    const { shape } = this.#meta;
    if (view.picks.length !== shape.length || view.picks.some((pick, axis) => lastOf(pick) >= shape[axis]!))
      throw new DaosError("DER_INVAL", "invalid selection", {
        detail: `the array was resized to [${shape}], and what is selected is no longer all there`,
      });
  }

  /** The parts of what a view sees, one after the other, and how many there are. */
  #parts(view: View): { readonly parts: Iterable<Part>; readonly total: number } {
    const { shape, chunks } = this.#meta;
    const axes = view.picks.map((pick, axis) => segmentsOf(pick, shape[axis]!, chunks[axis]!));
    return { parts: partsOf(axes), total: axes.reduce((count, { length }) => count * length, 1) };
  }

  /** `out` has length 1 on the axes that only repeat. */
  *#readOnce(view: View, out: NDArray<D>, o: Bulk | undefined): Steps<void> {
    const { parts, total } = this.#parts(view);
    const strides = baseStrides(view, out.stride);
    let done = 0;
    // The next batch is on its way while the last one is put in place.
    let ahead: Batch | undefined;
    try {
      for (const batch of batchesOf(parts, this.chunkBytes)) {
        yield* this.#turns.give();
        o?.signal?.throwIfAborted();
        const current = ahead;
        ahead = this.#issue(batch, out, strides, o);
        if (current === undefined) continue;
        yield* this.#finish(current, out, strides);
        done += current.parts.length;
        o?.onProgress?.(done, total);
      }
      if (ahead === undefined) return;
      const last = ahead;
      ahead = undefined;
      yield* this.#finish(last, out, strides);
      o?.onProgress?.(total, total);
    } finally {
      // After a failure, nothing may go on writing to the caller's memory.
      if (ahead !== undefined) yield* settled(ahead.answer);
    }
  }

  #issue(parts: readonly Part[], out: NDArray<D>, strides: readonly number[], o: Bulk | undefined): Batch {
    if (this.#meta.compressions.length > 0) {
      const answer = handled(
        this.store.readChunks(
          parts.map(({ key }) => key),
          o,
        ),
      );
      return { parts, answer, plans: undefined };
    }
    const plans = parts.map((part) => this.#plan(part, out, strides));
    const answer = handled(
      this.store.readInto(
        plans.map(({ read }) => read),
        o,
      ),
    );
    return { parts, answer, plans };
  }

  *#finish({ parts, answer, plans }: Batch, out: NDArray<D>, strides: readonly number[]): Steps<void> {
    if (plans === undefined) {
      const stored = (yield* step(answer)) as (Uint8Array | undefined)[];
      const { compressions } = this.#meta;
      const chunks = yield* all(
        stored.map((bytes) =>
          bytes === undefined ? undefined : this.#coder.decode(compressions, bytes, this.chunkBytes),
        ),
      );
      chunks.forEach((bytes, i) => {
        this.#place(parts[i]!, bytes, 0, out, strides);
      });
      return;
    }
    const found = (yield* step(answer)) as boolean[];
    found.forEach((there, i) => {
      const { buffer, start, direct } = plans[i]!;
      if (!there) this.#place(parts[i]!, undefined, 0, out, strides);
      else if (!direct) this.#place(parts[i]!, buffer, start, out, strides);
      if (buffer !== undefined) giveScratchBack(buffer);
    });
  }

  /** How a part of an uncompressed chunk is read: straight into the result where that is known to be fast, or by way of a buffer. */
  #plan(part: Part, out: NDArray<D>, strides: readonly number[]): Plan {
    const { chunks, dtype } = this.#meta;
    const { bytes } = DTYPES[dtype];
    const steps = rowMajor(chunks);
    let [low, high] = [0, 0];
    part.segments.forEach(({ inChunk, count }, axis) => {
      const [first, last] = extentOf(inChunk, count);
      low += first * steps[axis]!;
      high += last * steps[axis]!;
    });
    const span = (high - low + 1) * bytes;
    const offset = low * bytes;
    const run =
      span === part.segments.reduce((n, { count }) => n * count, bytes)
        ? runOf(part.segments, out, strides, bytes)
        : undefined;
    if (run !== undefined && takesFast(run, offset))
      return { read: { key: part.key, offset, into: [run] }, buffer: undefined, start: low, direct: true };
    const buffer = takeScratch(this.chunkBytes);
    return { read: { key: part.key, offset, into: [buffer.subarray(0, span)] }, buffer, start: low, direct: false };
  }

  /** Copies a part of a chunk (of which `bytes` has what comes from element `start` on; none: the fill value) to the result. */
  #place(part: Part, bytes: Uint8Array | undefined, start: number, out: NDArray<D>, strides: readonly number[]): void {
    const { chunks, dtype, fill } = this.#meta;
    const steps = rowMajor(chunks);
    let [from, to] = [-start, out.offset];
    const axes = part.segments.map(({ count, inChunk, inSelection }, axis): CopyAxis => {
      const source = along(inChunk, steps[axis]!);
      const target = along(inSelection, strides[axis]!);
      from += source.first;
      to += target.first;
      return { count, from: bytes === undefined ? 0 : source.step, to: target.step };
    });
    const size = DTYPES[dtype].bytes;
    if (bytes === undefined) copyBox(size, aligned(fill), 0, asBytes(out.data), to, axes);
    else copyBox(size, bytes, from, asBytes(out.data), to, axes);
  }

  /** Makes the new chunks of a batch, and the changes of others. */
  *#prepare(view: View, parts: readonly Part[], values: Source<D>, o: Bulk | undefined): Steps<Prepared> {
    const { compressions } = this.#meta;
    const whole: { readonly key: string; readonly content: Uint8Array }[] = [];
    const updates: ChunkUpdate[] = [];
    // Values that have to be read are all asked for before the first is waited for.
    const made: Steps<void>[] = [];
    try {
      for (const part of parts) {
        const covered = this.#coversChunk(part);
        // A chunk on the edge is not replaced: somebody may have made the array grow, and written to the rest of it.
        if (covered || (this.exclusive && part.complete)) {
          const content = takeScratch(this.chunkBytes);
          whole.push({ key: part.key, content });
          made.push(begun(this.#make(view, part, covered, values, content, o)));
        } else updates.push(this.#update(part, yield* this.#valuesOf(view, part, values, o)));
      }
      for (const rest of made) yield* rest;
    } catch (e) {
      for (const rest of made) yield* abandon(rest);
      throw e;
    }
    const encoded = yield* all(
      whole.map(({ content }) =>
        this.#isFill(content) ? null : compressions.length === 0 ? content : this.#coder.encode(compressions, content),
      ),
    );
    const writes = whole.map(({ key }, i) => ({ key, bytes: encoded[i]! }));
    const buffers = whole.map(({ content }) => content);
    return { writes, updates, buffers, count: parts.length, answer: undefined };
  }

  /** Makes the content of a chunk that is replaced. */
  *#make(
    view: View,
    part: Part,
    covered: boolean,
    values: Source<D>,
    content: Uint8Array,
    o: Bulk | undefined,
  ): Steps<void> {
    const straight = part.segments.every(({ inChunk }) => inChunk.list === undefined && inChunk.step === 1);
    if (covered && straight && !(values instanceof MemorySource) && view.axes.every((on, axis) => on === axis)) {
      // What is read has the layout of the chunk.
      const box = ndarray(this.dtype, this.#meta.chunks, asTyped(this.dtype, content));
      yield* values.read(pieceOf(view, part), box, { signal: o?.signal });
      return;
    }
    if (!covered) this.#fillChunk(content);
    this.#copyIn(part, yield* this.#valuesOf(view, part, values, o), content);
  }

  /** The values that a part gets, in memory, and where in it they are. */
  *#valuesOf(view: View, part: Part, values: Source<D>, o: Bulk | undefined): Steps<PartValues> {
    // The axis of the values that runs along an axis of the array; none where the array is indexed by one number.
    const axisOf = view.picks.map((_, on) => view.axes.indexOf(on));
    if (values instanceof MemorySource) {
      const { array } = values as MemorySource<D>;
      return {
        bytes: asBytes(array.data),
        at: array.offset,
        steps: part.segments.map(({ inSelection }, on) => {
          const axis = axisOf[on]!;
          return axis === -1 ? { first: 0, step: 0 } : along(inSelection, array.stride[axis]!);
        }),
      };
    }
    const piece = pieceOf(view, part);
    const box = ndarray(this.dtype, piece.shape);
    yield* values.read(piece, box, { signal: o?.signal });
    return {
      bytes: asBytes(box.data),
      at: 0,
      steps: part.segments.map((_, on) => {
        const axis = axisOf[on]!;
        return { first: 0, step: axis === -1 ? 0 : box.stride[axis]! };
      }),
    };
  }

  #update(part: Part, from: PartValues): ChunkUpdate {
    const { compressions } = this.#meta;
    return {
      key: part.key,
      apply: (old) => {
        const content =
          old === undefined ? this.#emptyChunk() : aligned(decodeSync(compressions, old, this.chunkBytes));
        this.#copyIn(part, from, content);
        return this.#isFill(content) ? null : encodeSync(compressions, content);
      },
      ranges: compressions.length > 0 ? undefined : this.#ranges(part, from),
    };
  }

  /** The bytes of a chunk that a part changes, row by row, when they are few rows. */
  #ranges(part: Part, from: PartValues): ByteRange[] | undefined {
    const { chunks, dtype } = this.#meta;
    const { bytes } = DTYPES[dtype];
    const { segments } = part;
    const steps = rowMajor(chunks);
    const last = segments.at(-1);
    if (last === undefined || last.inChunk.list !== undefined || (last.inChunk.step !== 1 && last.count > 1))
      return undefined;
    const outer = segments.slice(0, -1);
    if (sizeOf(outer.map(({ count }) => count)) > RANGES_MAX) return undefined;
    if (outer.some(({ inChunk }) => inChunk.list !== undefined || inChunk.step < 0)) return undefined;
    const ranges: ByteRange[] = [];
    let allFill = true;
    const row = [...outer.map(({ count }) => count)];
    const at = row.map(() => 0);
    for (;;) {
      const content = new Uint8Array(last.count * bytes);
      let [start, values] = [positionOf(last.inChunk, 0), from.at];
      outer.forEach(({ inChunk }, axis) => {
        start += positionOf(inChunk, at[axis]!) * steps[axis]!;
        const { first, step: s } = from.steps[axis]!;
        values += first + (typeof s === "number" ? s * at[axis]! : s[at[axis]!]!);
      });
      const { first, step: s } = from.steps.at(-1)!;
      copyBox(bytes, from.bytes, values + first, content, 0, [{ count: last.count, from: s, to: 1 }]);
      if (!this.#isFill(content)) allFill = false;
      ranges.push({ offset: start * bytes, bytes: content });
      let axis = row.length - 1;
      while (axis >= 0 && ++at[axis]! === row[axis]) at[axis--] = 0;
      // When only fill values are written, the chunk may have nothing else afterwards; then it has to go, which takes a look at it.
      if (axis < 0) return allFill ? undefined : ranges;
    }
  }

  #copyIn(part: Part, from: PartValues, content: Uint8Array): void {
    const { chunks, dtype } = this.#meta;
    const steps = rowMajor(chunks);
    let [source, target] = [from.at, 0];
    const axes = part.segments.map(({ count, inChunk }, axis): CopyAxis => {
      const to = along(inChunk, steps[axis]!);
      const values = from.steps[axis]!;
      source += values.first;
      target += to.first;
      return { count, from: values.step, to: to.step };
    });
    copyBox(DTYPES[dtype].bytes, from.bytes, source, content, target, axes);
  }

  /** Whether the part is every element of the chunk, also those beyond the edge of the array. */
  #coversChunk(part: Part): boolean {
    return part.complete && part.segments.every(({ count }, axis) => count === this.#meta.chunks[axis]);
  }

  #fillChunk(content: Uint8Array): void {
    const { fill } = this.#meta;
    if (fill.every((byte) => byte === 0)) content.fill(0);
    else copyBox(fill.length, aligned(fill), 0, content, 0, [{ count: content.length / fill.length, from: 0, to: 1 }]);
  }

  #emptyChunk(): Uint8Array {
    const content = new Uint8Array(this.chunkBytes);
    this.#fillChunk(content);
    return content;
  }

  /** Whether every element is the fill value, bit for bit. */
  #isFill(content: Uint8Array): boolean {
    const { length } = this.#meta.fill;
    if (Buffer.compare(content.subarray(0, length), this.#meta.fill) !== 0) return false;
    // Content that equals itself moved by one element has one element only.
    return Buffer.compare(content.subarray(0, content.length - length), content.subarray(length)) === 0;
  }
}

interface Plan {
  readonly read: ChunkRead;
  readonly buffer: Uint8Array | undefined;
  /** The element of the chunk that is first in the buffer. */
  readonly start: number;
  readonly direct: boolean;
}

interface Batch {
  readonly parts: readonly Part[];
  readonly answer: unknown;
  /** None for compressed chunks, which are read whole. */
  readonly plans: readonly Plan[] | undefined;
}

interface Prepared {
  readonly writes: readonly ChunkWrite[];
  readonly updates: readonly ChunkUpdate[];
  /** The memory of the writes. */
  readonly buffers: readonly Uint8Array[];
  /** How many chunks it is. */
  readonly count: number;
  /** Of the writes, once they are issued. */
  answer: unknown;
}

/** Values in memory: for each axis of the array, where they begin and how far apart they are, in elements. */
interface PartValues {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly steps: readonly Along[];
}

interface Along {
  readonly first: number;
  readonly step: Step;
}

function* readDocument(store: ArrayStore<Face>, o: Bulk | undefined): Steps<Uint8Array> {
  const document = (yield* step(store.getMetadata(o))) as Uint8Array | undefined;
  if (document === undefined)
    throw new DaosError("DER_IO", "failed to open the array", { detail: "its metadata document is missing" });
  return document;
}

function parseStored(document: Uint8Array): ParsedMetadata {
  try {
    const meta = parseMetadata(document);
    if (meta.keys.name !== "default" || meta.keys.separator !== "/")
      throw new DaosError("DER_INVAL", "", { detail: "its chunks are not named as c/0/1" });
    return meta;
  } catch (e) {
    if (!DaosError.is(e)) throw e;
    throw new DaosError("DER_IO", "failed to open the array", {
      cause: e,
      detail: `its metadata document cannot be used: ${e.detail}`,
    });
  }
}

/** The batches in which parts are read and written. */
function* batchesOf(parts: Iterable<Part>, chunkBytes: number): Generator<readonly Part[], void, void> {
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
function baseStrides(view: View, stride: readonly number[]): number[] {
  return view.picks.map((_, on) => {
    const axis = view.axes.indexOf(on);
    return axis === -1 ? 0 : stride[axis]!;
  });
}

/** The memory of the result that a contiguous part of a chunk goes to, in its order; `undefined` when it is not contiguous. */
function runOf(
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

function along(run: Run, stride: number): Along {
  return run.list === undefined
    ? { first: run.start * stride, step: run.step * stride }
    : { first: 0, step: run.list.map((position) => position * stride) };
}

function positionOf(run: Run, i: number): number {
  return run.list === undefined ? run.start + i * run.step : run.list[i]!;
}

function extentOf(run: Run, count: number): [number, number] {
  if (run.list !== undefined) return extremes(run.list);
  const last = run.start + (count - 1) * run.step;
  return [Math.min(run.start, last), Math.max(run.start, last)];
}

/** The part of the values that goes to a part of the array. */
function pieceOf(view: View, part: Part): View {
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

function lastOf(pick: Pick): number {
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

/** Copies what is at the start of each repeated axis to the rest of it. */
function repeat<D extends DType>(first: NDArray<D>, out: NDArray<D>): void {
  const bytes = DTYPES[out.dtype].bytes;
  const data = asBytes(out.data);
  const shape = [...first.shape];
  out.shape.forEach((length, axis) => {
    if (shape[axis] === length) return;
    // What is there goes to all further places on this axis.
    const axes: CopyAxis[] = shape.map((count, i) =>
      i === axis
        ? { count: length - 1, from: 0, to: out.stride[i]! }
        : { count, from: out.stride[i]!, to: out.stride[i]! },
    );
    copyBox(bytes, data, out.offset, data, out.offset + out.stride[axis]!, axes);
    shape[axis] = length;
  });
}

/** Bytes that may be seen as bigger units. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
}

/** The answer, whose failure is told when it is waited for, which may be later than it happens. */
function handled<T>(answer: T): T {
  if (answer instanceof Promise) answer.catch(() => {});
  return answer;
}

function* settled(answer: unknown): Steps<void> {
  try {
    yield* step(answer);
  } catch {
    // The failure before it is the one that is told.
  }
}
