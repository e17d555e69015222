/** What arrays do beyond reading and writing a box, once for both faces. See `engine/steps.ts`. */
import { randomUUID } from "node:crypto";
import type { Bulk, Call } from "../dict/options.ts";
import type { ChunkPage } from "../engine/contract.ts";
import { type Steps, step, Turns } from "../engine/steps.ts";
import { DaosError } from "../errors.ts";
import { asBytes, DTYPES, type DType, type DTypes, encodeScalar, readScalar, type Scalar, shown } from "./dtype.ts";
import { chunkCoordinates } from "./grid.ts";
import { withShape } from "./metadata.ts";
import {
  broadcastTo,
  checkNDArray,
  checkShape,
  isNDArray,
  type NDArray,
  ndarray,
  rowMajor,
  sizeOf,
} from "./ndarray.ts";
import type { Pick, Selection } from "./selection.ts";
import {
  type Block,
  blocksOf,
  countBlocks,
  MemorySource,
  picksOf,
  type Source,
  sourceBehind,
  ViewSource,
} from "./source.ts";
import type { StoredArray } from "./stored-array.ts";
import type { Read, Stored } from "./types.ts";
import { checkAxis, fullView, pickView, selectView, type View } from "./view.ts";

/** What failed. */
export const CONTEXT = {
  create: "failed to create DAOS array",
  open: "failed to open DAOS array",
  read: "failed to read from the array",
  write: "failed to write to the array",
  resize: "failed to resize the array",
  export: "failed to export the array",
} as const;

/** Chunks that one step of a cut looks at. */
const KEYS_PAGE = 100;
/** Chunks that one step of counting looks at. */
const COUNT_PAGE = 1000;
/** Who makes no step for so long is gone, milliseconds. */
const GONE_MS = 10_000;
/** How often one who waits for a cut looks, milliseconds. */
const CUT_LOOK_MS = 5;
/** Memory that copying takes unless told otherwise. */
const COPY_MAX_BYTES = 64 * 1024 * 1024;
/** How many times a change of the metadata is tried when others change it too. */
const ATTEMPTS_MAX = 10_000;

/** The part of a source that the selection takes, in memory. */
export function* get<D extends DType>(
  source: Source<D>,
  selection: Selection | null | undefined,
  o: Read<D> | undefined,
): Steps<NDArray<D>> {
  o?.signal?.throwIfAborted();
  yield* source.refresh(o);
  const view = selectView(fullView(source.shape), selection);
  const out = target(source.dtype, view.shape, o);
  yield* source.read(view, out, o);
  return out;
}

/** One element. */
export function* at<D extends DType>(source: Source<D>, index: readonly unknown[]): Steps<Scalar<D>> {
  yield* source.refresh(undefined);
  const ndim = source.shape.length;
  if (index.length !== ndim)
    throw new DaosError("DER_INVAL", "invalid selection", {
      detail: `at takes ${ndim} indices, one an axis, and got ${index.length}`,
    });
  for (const i of index) if (typeof i !== "number") throw new TypeError(`an index is a whole number, not ${shown(i)}`);
  const view = selectView(fullView(source.shape), index as readonly number[]);
  const out = ndarray(source.dtype, []);
  yield* source.read(view, out, undefined);
  return readScalar(source.dtype, out.data, 0);
}

/** Writes to the part that the selection takes. */
export function* set<D extends DType>(
  array: StoredArray<D>,
  selection: Selection | null | undefined,
  value: unknown,
  o: Bulk | undefined,
): Steps<void> {
  o?.signal?.throwIfAborted();
  yield* array.refresh(o);
  const view = selectView(fullView(array.shape), selection);
  yield* array.write(view, yield* operand(array, view.shape, value, o), o);
}

/** The blocks of a source as they read well, each with its elements. */
export function* block<D extends DType>(
  source: Source<D>,
  { start, shape }: Block,
  o: Call | undefined,
): Steps<NDArray<D>> {
  const out = ndarray(source.dtype, shape);
  yield* source.read(pickView(fullView(source.shape), picksOf({ start, shape })), out, { signal: o?.signal });
  return out;
}

/** The blocks of a source, and how many there are. */
export function blocks(source: Source): { readonly count: number; readonly list: Iterable<Block> } {
  const { shape, dtype } = source;
  const splits = source.splits(fullView(shape));
  const { bytes } = DTYPES[dtype];
  const empty = shape.includes(0);
  return {
    count: empty ? 0 : countBlocks(splits, shape, bytes),
    list: blocksOf(splits, shape, bytes),
  };
}

/**
 * Makes the array longer or shorter. What is cut off is gone; what is added has the fill value.
 *
 * @param shape - as many axes as before.
 */
export function* resize(array: StoredArray, shape: readonly number[], o: Call | undefined): Steps<void> {
  checkShape(shape, "the array");
  yield* changeShape(array, o, (now) => {
    if (shape.length !== now.length)
      throw new DaosError("DER_INVAL", "invalid shape", {
        detail: `the array has ${now.length} axes, and [${shape}] has ${shape.length}`,
      });
    return [...shape];
  });
  if (array.meta.cutting !== undefined) yield* cut(array, o);
}

/**
 * Adds elements at the end of an axis. The place is taken first, by compare-and-set of the shape, so that of any number of
 * processes each gets a place of its own.
 */
export function* append<D extends DType>(
  array: StoredArray<D>,
  value: unknown,
  o: (Bulk & { axis?: number | undefined }) | undefined,
): Steps<void> {
  o?.signal?.throwIfAborted();
  const ndim = array.shape.length;
  if (ndim === 0) throw new DaosError("DER_INVAL", "invalid axes", { detail: "an array without axes cannot grow" });
  const axis = checkAxis(o?.axis ?? 0, ndim);
  const source = yield* sourceOf(array, value);
  const added = source.shape;
  if (added.length !== ndim)
    throw new DaosError("DER_INVAL", "shapes do not match", {
      detail: `[${added}] has not as many axes as the array, [${array.shape}]`,
    });
  const old = yield* changeShape(array, o, (now) => {
    if (now.some((n, i) => i !== axis && n !== added[i]))
      throw new DaosError("DER_INVAL", "shapes do not match", {
        detail: `[${added}] does not fit at the end of axis ${axis} of [${now}]`,
      });
    return now.with(axis, now[axis]! + added[axis]!);
  });
  const picks = added.map(
    (length, i): Pick => ({ type: "range", start: i === axis ? old[axis]! : 0, step: 1, length }),
  );
  yield* array.write(pickView(fullView(array.shape), picks), source, o);
}

/** Every element becomes the value. Chunks that have the fill value are not stored. */
export function* fill<D extends DType>(array: StoredArray<D>, value: Scalar<D>, o: Bulk | undefined): Steps<void> {
  yield* set(array, null, value, o);
}

/**
 * Writes a source to an array of the same shape, box by box: whole chunks of the array, as many as `maxBytes` allows, so that
 * each chunk of the source is read as few times as can be.
 */
export function* copyTo<D extends DType>(
  source: Source<D>,
  array: StoredArray<D>,
  o: (Bulk & { maxBytes?: number | undefined }) | undefined,
): Steps<void> {
  o?.signal?.throwIfAborted();
  yield* source.refresh(o);
  yield* array.refresh(o);
  if (source.dtype !== array.dtype) throw otherDType(array.dtype, source.dtype);
  const { shape } = array;
  if (String(source.shape) !== String(shape))
    throw new DaosError("DER_INVAL", "shapes do not match", {
      detail: `[${source.shape}] cannot be stored in an array of [${shape}]`,
    });
  const from = yield* apart(array, source, o);
  const view = fullView(shape);
  if (shape.includes(0)) {
    // There is nothing to write, but there may be something to refuse: the greatest of no elements.
    yield* from.read(view, ndarray(array.dtype, shape), { signal: o?.signal });
    return;
  }
  if (from instanceof MemorySource || (o?.maxBytes === undefined && endsWithChunks(from.splits(view), array))) {
    yield* array.write(view, from, o);
    return;
  }
  const box = copyShape(array, from.splits(view), o?.maxBytes);
  const splits = shape.map((n, axis) => Array.from({ length: Math.ceil(n / box[axis]!) }, (_, i) => i * box[axis]!));
  const total = splits.reduce((count, { length }) => count * length, 1);
  let done = 0;
  const memory = ndarray(array.dtype, box).data;
  const turns = new Turns();
  for (const part of blocksOf(splits, shape, Number.POSITIVE_INFINITY)) {
    yield* turns.give();
    o?.signal?.throwIfAborted();
    const count = sizeOf(part.shape) * DTYPES[array.dtype].slots;
    const piece = ndarray(array.dtype, part.shape, memory.subarray(0, count) as DTypes[D]);
    const at = pickView(view, picksOf(part));
    yield* from.read(at, piece, { signal: o?.signal });
    yield* array.write(at, new MemorySource(piece), { signal: o?.signal });
    o?.onProgress?.(++done, total);
  }
}

/** Whether a block of the source begins wherever a chunk of the array does: then no block is in two chunks. */
function endsWithChunks(splits: readonly (readonly number[])[], array: StoredArray): boolean {
  const { chunks } = array.meta;
  return splits.every((starts, axis) => {
    const begin = new Set(starts);
    for (let at = 0; at < array.shape[axis]!; at += chunks[axis]!) if (!begin.has(at)) return false;
    return true;
  });
}

/** The shape of the boxes in which an array is copied: whole chunks of the target, grown towards the blocks of the source. */
function copyShape(array: StoredArray, splits: readonly (readonly number[])[], maxBytes: number | undefined): number[] {
  const { shape } = array;
  const { chunks, dtype } = array.meta;
  const { bytes } = DTYPES[dtype];
  const box = shape.map((n, axis) => Math.max(1, Math.min(n, chunks[axis]!)));
  // In memory are the box and the chunks that are made of it.
  const least = 2 * sizeOf(box) * bytes;
  if (maxBytes !== undefined && least > maxBytes)
    throw new DaosError("DER_NOMEM", CONTEXT.write, {
      detail: `copying one chunk of [${chunks}] takes ${least} bytes, maxBytes is ${maxBytes}`,
    });
  const most = (maxBytes ?? Math.max(COPY_MAX_BYTES, least)) / 2;
  const wanted = splits.map((starts, axis) => Math.ceil(shape[axis]! / Math.max(1, starts.length)));
  // First until boxes are no smaller than the blocks of the source, then as far as memory goes: the last axes first.
  for (const enough of [(axis: number): boolean => box[axis]! >= wanted[axis]!, () => false])
    for (let axis = box.length - 1; axis >= 0; axis--)
      while (box[axis]! < shape[axis]! && !enough(axis)) {
        const grown = Math.min(
          shape[axis]!,
          box[axis]! + Math.max(chunks[axis]!, box[axis]! - (box[axis]! % chunks[axis]!)),
        );
        if ((sizeOf(box) / box[axis]!) * grown * bytes > most) break;
        box[axis] = grown;
      }
  return box;
}

/** What a value for an array comes from. TypeError for a wrong dtype, never a silent conversion. */
function* sourceOf<D extends DType>(array: { readonly dtype: D }, value: unknown): Steps<Source<D>> {
  const { dtype } = array;
  const source = sourceBehind(value);
  if (source !== undefined) {
    if (source.dtype !== dtype) throw otherDType(dtype, source.dtype);
    yield* source.refresh(undefined);
    return source as Source<D>;
  }
  if (isNDArray(value)) {
    const a = checkNDArray(value, "the value");
    if (a.dtype !== dtype) throw otherDType(dtype, a.dtype);
    return new MemorySource(canonical(a as NDArray<D>));
  }
  if (ArrayBuffer.isView(value) || Array.isArray(value))
    throw new TypeError(`a value is an array with a shape, or a scalar; write ndarray("${dtype}", shape, data)`);
  return new MemorySource({ data: encodeScalar(dtype, value), shape: [], stride: [], offset: 0, dtype });
}

/** The values for a selection of `shape`, broadcast to it. */
function* operand<D extends DType>(
  array: StoredArray<D>,
  shape: readonly number[],
  value: unknown,
  o: Bulk | undefined,
): Steps<Source<D>> {
  const source = yield* sourceOf(array, value);
  if (source instanceof MemorySource) return new MemorySource(broadcastTo((source as MemorySource<D>).array, shape));
  const lead = shape.length - source.shape.length;
  const spare = Math.max(0, -lead);
  const fits =
    source.shape.slice(0, spare).every((n) => n === 1) &&
    source.shape.slice(spare).every((n, i) => n === 1 || n === shape[i + Math.max(0, lead)]);
  if (!fits)
    throw new DaosError("DER_INVAL", "shapes do not match", {
      detail: `values of shape [${source.shape}] do not broadcast to [${shape}]`,
    });
  return yield* apart(array, new ViewSource(source, broadcastOf(source.shape, shape)), o);
}

/** The view of `shape` that repeats a source's axes of length 1. */
function broadcastOf(from: readonly number[], shape: readonly number[]): View {
  const lead = shape.length - from.length;
  const picks = from.map(
    (length, axis): Pick =>
      axis + lead < 0 || (length === 1 && shape[axis + lead] !== 1)
        ? { type: "index", index: 0 }
        : { type: "range", start: 0, step: 1, length },
  );
  const axes = shape.map((_, axis) => (axis < lead || picks[axis - lead]!.type === "index" ? undefined : axis - lead));
  return { shape, axes, picks };
}

/** A source that does not change while the array is written: when it reads from that array, its elements in memory. */
function* apart<D extends DType>(array: StoredArray, source: Source<D>, o: Bulk | undefined): Steps<Source<D>> {
  if (!source.reads.has(array.oid)) return source;
  const out = target(source.dtype, source.shape, undefined);
  yield* source.read(fullView(source.shape), out, { signal: o?.signal });
  return new MemorySource(out);
}

/** Memory for a result. */
function target<D extends DType>(dtype: D, shape: readonly number[], o: Read<D> | undefined): NDArray<D> {
  const { bytes, slots } = DTYPES[dtype];
  const needed = sizeOf(shape) * bytes;
  const { out } = o ?? {};
  if (out === undefined) {
    const most = o?.maxBytes ?? process.availableMemory();
    if (needed > most)
      throw new DaosError("DER_NOMEM", CONTEXT.read, {
        detail: `the result of shape [${shape}] needs ${needed} bytes, ${
          o?.maxBytes === undefined ? "free are" : "maxBytes is"
        } ${most}; read it in parts, or compute on it with xp`,
      });
    return ndarray(dtype, shape);
  }
  if (o?.maxBytes !== undefined && needed > o.maxBytes)
    throw new DaosError("DER_NOMEM", CONTEXT.read, {
      detail: `the result of shape [${shape}] needs ${needed} bytes, maxBytes is ${o.maxBytes}`,
    });
  if (!isNDArray(out)) {
    const { array } = DTYPES[dtype];
    if (Object.prototype.toString.call(out) !== Object.prototype.toString.call(new array(0)))
      throw new TypeError(`out for ${dtype} is a ${array.name}, not ${shown(out)}`);
    if (out.length !== sizeOf(shape) * slots)
      throw new DaosError("DER_INVAL", "shapes do not match", {
        detail: `out has ${out.length} entries, the result of shape [${shape}] has ${sizeOf(shape) * slots}`,
      });
    return { data: out, shape, stride: rowMajor(shape), offset: 0, dtype };
  }
  const a = checkNDArray<D>(out, "out");
  if (a.dtype !== dtype) throw otherDType(dtype, a.dtype);
  if (String(a.shape) !== String(shape))
    throw new DaosError("DER_INVAL", "shapes do not match", {
      detail: `out has the shape [${a.shape}], the result [${shape}]`,
    });
  return a;
}

/**
 * Changes the shape by compare-and-set, until it holds; gives the shape before. While somebody's cut is not finished, the
 * shape stays: what grew into the place of the cut would be cut off, too. When the array becomes shorter, the document says
 * that a cut is under way.
 */
function* changeShape(
  array: StoredArray,
  o: Call | undefined,
  change: (now: readonly number[]) => readonly number[],
): Steps<readonly number[]> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    o?.signal?.throwIfAborted();
    yield* array.refresh(o);
    if (array.meta.cutting !== undefined) {
      yield* awaitCut(array, o);
      continue;
    }
    const old = array.shape;
    const shape = change(old);
    checkShape(shape, "the array");
    const cutting = shape.some((n, axis) => n < old[axis]!) ? { by: randomUUID(), beat: 0, from: old } : undefined;
    if (yield* array.replace(withShape(array.document, shape, cutting), o)) return old;
  }
  throw new DaosError("DER_BUSY", CONTEXT.resize, { detail: "others changed the metadata all the time" });
}

/** Waits until a cut is finished; when whoever is at it makes no progress any more, finishes it in his place. */
function* awaitCut(array: StoredArray, o: Call | undefined): Steps<void> {
  let seen = array.document;
  let since = performance.now();
  for (let cutting = array.meta.cutting; cutting !== undefined; cutting = array.meta.cutting) {
    o?.signal?.throwIfAborted();
    if (array.document !== seen) {
      seen = array.document;
      since = performance.now();
    } else if (performance.now() - since > GONE_MS) {
      if (yield* array.replace(withShape(array.document, array.shape, { ...cutting, by: randomUUID() }), o))
        yield* cut(array, o);
    } else yield* array.pause(CUT_LOOK_MS);
    yield* array.refresh(o);
  }
}

/**
 * Removes what lies beyond the shape, as the document says that we do: chunks, and elements of chunks on the edge, which become
 * the fill value. Before each step it makes sure that nobody has taken over: he may be done, and others may have grown since.
 */
function* cut(array: StoredArray, o: Call | undefined): Steps<void> {
  const mine = array.meta.cutting!.by;
  for (let after: string | undefined; ; ) {
    const cutting = array.meta.cutting!;
    if (!(yield* array.replace(withShape(array.document, array.shape, { ...cutting, beat: cutting.beat + 1 }), o))) {
      yield* array.refresh(o);
      if (array.meta.cutting?.by === mine) continue;
      yield* awaitCut(array, o);
      return;
    }
    const page = (yield* step(array.store.listChunks(after, KEYS_PAGE, o))) as ChunkPage;
    yield* cutChunks(array, page.keys, cutting.from, o);
    after = page.next;
    if (after === undefined) break;
  }
  if (yield* array.replace(withShape(array.document, array.shape), o)) return;
  yield* array.refresh(o);
  yield* awaitCut(array, o);
}

function* cutChunks(
  array: StoredArray,
  keys: readonly string[],
  old: readonly number[],
  o: Call | undefined,
): Steps<void> {
  const { chunks } = array.meta;
  const { shape } = array;
  const gone: string[] = [];
  const edge: { readonly key: string; readonly inside: number[] }[] = [];
  for (const key of keys) {
    const at = chunkCoordinates(key, shape.length);
    if (at === undefined) continue;
    const inside = at.map((c, axis) => Math.max(0, Math.min(chunks[axis]!, shape[axis]! - c * chunks[axis]!)));
    if (inside.includes(0)) gone.push(key);
    else if (at.some((_, axis) => shape[axis]! < old[axis]! && inside[axis]! < chunks[axis]!))
      edge.push({ key, inside });
  }
  if (gone.length > 0)
    yield* step(
      array.store.writeChunks(
        gone.map((key) => ({ key, bytes: null })),
        o,
      ),
    );
  for (const { key, inside } of edge) yield* array.fillBeyond(key, inside, o);
}

/** How many chunks are stored, and their bytes, where they are known without reading them. */
export function* stored(array: StoredArray, o: Call | undefined): Steps<Stored> {
  o?.signal?.throwIfAborted();
  yield* array.refresh(o);
  const whole = array.meta.compressions.length === 0 ? array.chunkBytes : undefined;
  let chunks = 0;
  let bytes: number | undefined = 0;
  for (let after: string | undefined; ; ) {
    const { keys, sizes, next } = (yield* step(array.store.listChunks(after, COUNT_PAGE, o))) as ChunkPage;
    for (let i = 0; i < keys.length; i++) {
      const size: number | undefined = sizes?.[i] ?? whole;
      bytes = bytes === undefined || size === undefined ? undefined : bytes + size;
    }
    chunks += keys.length;
    if (next === undefined) return { chunks, bytes };
    after = next;
  }
}

/** Booleans are 0 or 1: any other byte that means true would not be equal to it elsewhere. */
export function canonical<D extends DType>(a: NDArray<D>): NDArray<D> {
  if (a.dtype !== "bool" || !asBytes(a.data).some((byte) => byte > 1)) return a;
  return { ...a, data: Uint8Array.from(a.data as Uint8Array, (byte) => (byte === 0 ? 0 : 1)) as DTypes[D] };
}

function otherDType(wanted: DType, got: DType): TypeError {
  return new TypeError(`the array is of ${wanted}, the value of ${got}; convert it with astype("${wanted}")`);
}
