/**
 * Writing to what a view of a stored array sees, once for both faces: chunks that are covered whole are replaced, the others,
 * also those on the edge of the array, changed atomically.
 */
import type { Bulk } from "../dict/options.ts";
import type { ArrayStore, ByteRange, ChunkUpdate, ChunkWrite, Face } from "../engine/contract.ts";
import { abandon, all, begun, handled, type Steps, settled, step, type Turns } from "../engine/steps.ts";
import { aligned, chunkBytesOf, emptyChunk, fillChunk, isFill } from "./chunk-content.ts";
import type { Chunks } from "./chunk-reads.ts";
import { type Coder, decodeSync, encodeSync } from "./codecs.ts";
import { type CopyAxis, copyBox } from "./copy.ts";
import { asBytes, asTyped, DTYPES, type DType } from "./dtype.ts";
import type { Part } from "./grid.ts";
import type { ParsedMetadata } from "./metadata.ts";
import { ndarray, rowMajor, sizeOf } from "./ndarray.ts";
import { type Along, along, batchesOf, partsOfView, pieceOf, positionOf } from "./parts.ts";
import { giveScratchBack, takeScratch } from "./scratch.ts";
import { MemorySource, type Source } from "./source.ts";
import type { View } from "./view.ts";

/** Batches that are written while another one is made. */
const WRITES_AHEAD = 3;
/** A change of at most this many rows is told to the engine row by row. */
const RANGES_MAX = 64;

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

/** One call. */
export class ChunkWrites<D extends DType> {
  readonly #store: ArrayStore<Face>;
  readonly #coder: Coder<Face>;
  readonly #meta: ParsedMetadata;
  readonly #turns: Turns;
  readonly #chunkBytes: number;
  readonly #view: View;
  readonly #values: Source<D>;
  readonly #exclusive: boolean;
  readonly #options: Bulk | undefined;

  /**
   * @param view - without repeated axes.
   * @param values - of the shape of the view.
   * @param exclusive - nobody else knows the array yet.
   */
  constructor(
    { store, coder, meta, turns }: Chunks,
    view: View,
    values: Source<D>,
    exclusive: boolean,
    o: Bulk | undefined,
  ) {
    this.#store = store;
    this.#coder = coder;
    this.#meta = meta;
    this.#turns = turns;
    this.#chunkBytes = chunkBytesOf(meta);
    this.#view = view;
    this.#values = values;
    this.#exclusive = exclusive;
    this.#options = o;
  }

  /** Writes. */
  *run(): Steps<void> {
    const { shape, chunks } = this.#meta;
    const { parts, total } = partsOfView(this.#view, shape, chunks);
    const o = this.#options;
    let done = 0;
    // A batch is made while those before it are written.
    const ahead: Prepared[] = [];
    const completeFirst = function* (this: ChunkWrites<D>): Steps<void> {
      const { answer, updates, buffers, count } = ahead[0]!;
      yield* step(answer);
      ahead.shift();
      buffers.forEach(giveScratchBack);
      if (updates.length > 0) yield* step(this.#store.updateChunks(updates, o));
      done += count;
      o?.onProgress?.(done, total);
    }.bind(this);
    try {
      for (const batch of batchesOf(parts, this.#chunkBytes)) {
        yield* this.#turns.give();
        o?.signal?.throwIfAborted();
        const prepared = yield* this.#prepare(batch);
        if (ahead.length === WRITES_AHEAD) yield* completeFirst();
        o?.signal?.throwIfAborted();
        prepared.answer =
          prepared.writes.length === 0 ? undefined : handled(this.#store.writeChunks(prepared.writes, o));
        ahead.push(prepared);
      }
      while (ahead.length > 0) yield* completeFirst();
    } finally {
      // After a failure, nothing may go on reading the buffers.
      for (const { answer } of ahead) yield* settled(answer);
    }
  }

  /** Makes the new chunks of a batch, and the changes of others. */
  *#prepare(parts: readonly Part[]): Steps<Prepared> {
    const { compressions } = this.#meta;
    const whole: { readonly key: string; readonly content: Uint8Array }[] = [];
    const updates: ChunkUpdate[] = [];
    // Values that have to be read are all asked for before the first is waited for.
    const made: Steps<void>[] = [];
    try {
      for (const part of parts) {
        const covered = this.#coversChunk(part);
        // A chunk on the edge is not replaced: somebody may have made the array grow, and written to the rest of it.
        if (covered || (this.#exclusive && part.complete)) {
          const content = takeScratch(this.#chunkBytes);
          whole.push({ key: part.key, content });
          made.push(begun(this.#make(part, covered, content)));
        } else updates.push(this.#update(part, yield* this.#valuesOf(part)));
      }
      for (const rest of made) yield* rest;
    } catch (e) {
      for (const rest of made) yield* abandon(rest);
      throw e;
    }
    const encoded = yield* all(
      whole.map(({ content }) =>
        isFill(this.#meta, content)
          ? null
          : compressions.length === 0
            ? content
            : this.#coder.encode(compressions, content),
      ),
    );
    const writes = whole.map(({ key }, i) => ({ key, bytes: encoded[i]! }));
    const buffers = whole.map(({ content }) => content);
    return { writes, updates, buffers, count: parts.length, answer: undefined };
  }

  /** Makes the content of a chunk that is replaced. */
  *#make(part: Part, covered: boolean, content: Uint8Array): Steps<void> {
    const [view, values] = [this.#view, this.#values];
    const straight = part.segments.every(({ inChunk }) => inChunk.list === undefined && inChunk.step === 1);
    if (covered && straight && !(values instanceof MemorySource) && view.axes.every((on, axis) => on === axis)) {
      // What is read has the layout of the chunk.
      const box = ndarray(this.#values.dtype, this.#meta.chunks, asTyped(this.#values.dtype, content));
      yield* values.read(pieceOf(view, part), box, { signal: this.#options?.signal });
      return;
    }
    if (!covered) fillChunk(this.#meta, content);
    this.#copyIn(part, yield* this.#valuesOf(part), content);
  }

  /** The values that a part gets, in memory, and where in it they are. */
  *#valuesOf(part: Part): Steps<PartValues> {
    const [view, values] = [this.#view, this.#values];
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
    const box = ndarray(this.#values.dtype, piece.shape);
    yield* values.read(piece, box, { signal: this.#options?.signal });
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
          old === undefined ? emptyChunk(this.#meta) : aligned(decodeSync(compressions, old, this.#chunkBytes));
        this.#copyIn(part, from, content);
        return isFill(this.#meta, content) ? null : encodeSync(compressions, content);
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
      if (!isFill(this.#meta, content)) allFill = false;
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
}
