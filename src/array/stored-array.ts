/** An array as it is stored, once for both faces: its metadata document, and reading and writing by it. See `engine/steps.ts`. */
import type { Bulk, Call } from "../dict/options.ts";
import type { ArrayStore, Face } from "../engine/contract.ts";
import { type Steps, step, Turns } from "../engine/steps.ts";
import { DaosError } from "../errors.ts";
import { aligned, chunkBytesOf, emptyChunk, isFill } from "./chunk-content.ts";
import { ChunkReads } from "./chunk-reads.ts";
import { ChunkWrites } from "./chunk-writes.ts";
import { type Coder, decodeSync, encodeSync } from "./codecs.ts";
import { type CopyAxis, copyBox } from "./copy.ts";
import { asBytes, DTYPES, type DType } from "./dtype.ts";
import { segmentsOf } from "./grid.ts";
import { type ParsedMetadata, parseMetadata } from "./metadata.ts";
import { type NDArray, rowMajor } from "./ndarray.ts";
import { lastOf } from "./parts.ts";
import type { Source } from "./source.ts";
import type { View } from "./view.ts";

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
    return chunkBytesOf(this.#meta);
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
    const chunks = { store: this.store, coder: this.#coder, meta: this.#meta, turns: this.#turns };
    yield* new ChunkReads(chunks, view, first, o).run();
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
    const chunks = { store: this.store, coder: this.#coder, meta: this.#meta, turns: this.#turns };
    yield* new ChunkWrites(chunks, view, values, this.exclusive, o).run();
  }

  /** Makes all of a chunk the fill value but the first `inside` elements of each axis. */
  *fillBeyond(key: string, inside: readonly number[], o: Call | undefined): Steps<void> {
    const { chunks, compressions, dtype } = this.#meta;
    const steps = rowMajor(chunks);
    const axes = inside.map((count, axis) => ({ count, from: steps[axis]!, to: steps[axis]! }));
    const apply = (old: Uint8Array | undefined): Uint8Array | null => {
      if (old === undefined) return null;
      const content = emptyChunk(this.#meta);
      copyBox(DTYPES[dtype].bytes, aligned(decodeSync(compressions, old, this.chunkBytes)), 0, content, 0, axes);
      return isFill(this.#meta, content) ? null : encodeSync(compressions, content);
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
