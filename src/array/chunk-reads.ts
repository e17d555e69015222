/** Reading what a view of a stored array sees, once for both faces: which bytes of which chunks, and where they go. */
import type { Bulk } from "../dict/options.ts";
import type { ArrayStore, ChunkRead, Face } from "../engine/contract.ts";
import { all, handled, type Steps, settled, step, type Turns } from "../engine/steps.ts";
import { aligned, chunkBytesOf } from "./chunk-content.ts";
import type { Coder } from "./codecs.ts";
import { type CopyAxis, copyBox } from "./copy.ts";
import { asBytes, DTYPES } from "./dtype.ts";
import type { Part } from "./grid.ts";
import type { ParsedMetadata } from "./metadata.ts";
import { type NDArray, rowMajor } from "./ndarray.ts";
import { along, baseStrides, batchesOf, contiguousRun, extentOf, partsOfView } from "./parts.ts";
import { giveScratchBack, takeScratch } from "./scratch.ts";
import type { View } from "./view.ts";
import { takesFast } from "./wasm.ts";

/** Where chunks are and what they are like. */
export interface Chunks {
  readonly store: ArrayStore<Face>;
  readonly coder: Coder<Face>;
  readonly meta: ParsedMetadata;
  /** For the rest of the program, between batches. */
  readonly turns: Turns;
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

/** One call. */
export class ChunkReads {
  readonly #store: ArrayStore<Face>;
  readonly #coder: Coder<Face>;
  readonly #meta: ParsedMetadata;
  readonly #turns: Turns;
  readonly #chunkBytes: number;
  readonly #view: View;
  readonly #out: NDArray;
  readonly #strides: readonly number[];
  readonly #options: Bulk | undefined;

  /** @param out - has the shape of the view, but length 1 on axes that only repeat. */
  constructor({ store, coder, meta, turns }: Chunks, view: View, out: NDArray, o: Bulk | undefined) {
    this.#store = store;
    this.#coder = coder;
    this.#meta = meta;
    this.#turns = turns;
    this.#chunkBytes = chunkBytesOf(meta);
    this.#view = view;
    this.#out = out;
    this.#strides = baseStrides(view, out.stride);
    this.#options = o;
  }

  /** Reads. */
  *run(): Steps<void> {
    const { shape, chunks } = this.#meta;
    const { parts, total } = partsOfView(this.#view, shape, chunks);
    const o = this.#options;
    let done = 0;
    // The next batch is on its way while the last one is put in place.
    let ahead: Batch | undefined;
    try {
      for (const batch of batchesOf(parts, this.#chunkBytes)) {
        yield* this.#turns.give();
        o?.signal?.throwIfAborted();
        const current = ahead;
        ahead = this.#issue(batch);
        if (current === undefined) continue;
        yield* this.#finish(current);
        done += current.parts.length;
        o?.onProgress?.(done, total);
      }
      if (ahead === undefined) return;
      const last = ahead;
      ahead = undefined;
      yield* this.#finish(last);
      o?.onProgress?.(total, total);
    } finally {
      // After a failure, nothing may go on writing to the caller's memory.
      if (ahead !== undefined) yield* settled(ahead.answer);
    }
  }

  #issue(parts: readonly Part[]): Batch {
    const o = this.#options;
    if (this.#meta.compressions.length > 0) {
      const answer = handled(
        this.#store.readChunks(
          parts.map(({ key }) => key),
          o,
        ),
      );
      return { parts, answer, plans: undefined };
    }
    const plans = parts.map((part) => this.#plan(part));
    const answer = handled(
      this.#store.readInto(
        plans.map(({ read }) => read),
        o,
      ),
    );
    return { parts, answer, plans };
  }

  *#finish({ parts, answer, plans }: Batch): Steps<void> {
    if (plans === undefined) {
      const stored = (yield* step(answer)) as (Uint8Array | undefined)[];
      const { compressions } = this.#meta;
      const chunks = yield* all(
        stored.map((bytes) =>
          bytes === undefined ? undefined : this.#coder.decode(compressions, bytes, this.#chunkBytes),
        ),
      );
      chunks.forEach((bytes, i) => {
        this.#place(parts[i]!, bytes, 0);
      });
      return;
    }
    const found = (yield* step(answer)) as boolean[];
    found.forEach((there, i) => {
      const { buffer, start, direct } = plans[i]!;
      if (!there) this.#place(parts[i]!, undefined, 0);
      else if (!direct) this.#place(parts[i]!, buffer, start);
      if (buffer !== undefined) giveScratchBack(buffer);
    });
  }

  /** How a part of an uncompressed chunk is read: straight into the result where that is known to be fast, or by way of a buffer. */
  #plan(part: Part): Plan {
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
        ? contiguousRun(part.segments, this.#out, this.#strides, bytes)
        : undefined;
    if (run !== undefined && takesFast(run, offset))
      return { read: { key: part.key, offset, into: [run] }, buffer: undefined, start: low, direct: true };
    const buffer = takeScratch(this.#chunkBytes);
    return { read: { key: part.key, offset, into: [buffer.subarray(0, span)] }, buffer, start: low, direct: false };
  }

  /** Copies a part of a chunk (of which `bytes` has what comes from element `start` on; none: the fill value) to the result. */
  #place(part: Part, bytes: Uint8Array | undefined, start: number): void {
    const out = this.#out;
    const { chunks, dtype, fill } = this.#meta;
    const steps = rowMajor(chunks);
    let [from, to] = [-start, out.offset];
    const axes = part.segments.map(({ count, inChunk, inSelection }, axis): CopyAxis => {
      const source = along(inChunk, steps[axis]!);
      const target = along(inSelection, this.#strides[axis]!);
      from += source.first;
      to += target.first;
      return { count, from: bytes === undefined ? 0 : source.step, to: target.step };
    });
    const size = DTYPES[dtype].bytes;
    if (bytes === undefined) copyBox(size, aligned(fill), 0, asBytes(out.data), to, axes);
    else copyBox(size, bytes, from, asBytes(out.data), to, axes);
  }
}
