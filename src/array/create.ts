/** Creating and opening arrays, once for both faces. */
import { createNameless } from "../container/objects.ts";
import { checkName } from "../dict/key.ts";
import type { Bulk } from "../dict/options.ts";
import type { ArrayStore, Container, Face, ObjectRef } from "../engine/contract.ts";
import { type Steps, step } from "../engine/steps.ts";
import { DaosError } from "../errors.ts";
import { CONTEXT, copyTo } from "./algorithms.ts";
import type { Coder } from "./codecs.ts";
import { checkDType, type DType, shown } from "./dtype.ts";
import { metadataOf, type WantedArray } from "./layout.ts";
import { type ArrayMetadata, encodeMetadata } from "./metadata.ts";
import { checkNDArray, isNDArray, type NDArray } from "./ndarray.ts";
import { openNpy } from "./npy-file.ts";
import { MemorySource, type Source, sourceBehind } from "./source.ts";
import { StoredArray } from "./stored-array.ts";
import type { Layout } from "./types.ts";
import { openZarr } from "./zarr-directory.ts";

/** Options of creating an array. */
export interface CreateOptions extends Bulk {
  /** The most memory that filling it may take, bytes. */
  maxBytes?: number | undefined;
}

/** What a new array shall be; `A` is the class of array objects of the face. */
export type ArraySpec<D extends DType, A> = Layout<D> &
  (
    | { readonly shape: readonly number[]; readonly dtype: D; readonly from?: undefined }
    | { readonly from: NDArray<D> | A; readonly dtype?: D | undefined; readonly shape?: undefined }
    | {
        readonly from: { readonly npy: string } | { readonly zarr: string };
        readonly dtype?: D | undefined;
        readonly shape?: undefined;
      }
  );

/** The same as it comes: checked here. */
type AnySpec = WantedArray & { readonly from?: unknown };

const KNOWN = new Set(["shape", "dtype", "from", "chunks", "fill", "codecs", "attributes", "dimensionNames"]);

/** What the container gives for an array. DER_NOSYS where its engine has none. */
function storeOf(container: Container<Face>, object: ObjectRef): ArrayStore<Face> {
  if (container.array === undefined)
    throw new DaosError("DER_NOSYS", CONTEXT.open, { detail: "this engine does not store arrays" });
  return container.array(object);
}

/** Creates an array with its elements, or nothing at all. */
export function* createArray(
  container: Container<Face>,
  coder: Coder<Face>,
  name: string,
  wanted: unknown,
  o: CreateOptions | undefined,
): Steps<StoredArray> {
  checkName(name, CONTEXT.create);
  o?.signal?.throwIfAborted();
  if (typeof wanted !== "object" || wanted === null)
    throw new TypeError("an array is created with { shape, dtype } or { from }");
  const spec: AnySpec = wanted;
  const unknown = Object.keys(spec).find((key) => !KNOWN.has(key));
  if (unknown !== undefined)
    throw new TypeError(`${JSON.stringify(unknown)} is no option of an array; there are ${[...KNOWN].join(", ")}`);
  if (container.array === undefined)
    throw new DaosError("DER_NOSYS", CONTEXT.create, { detail: "this engine does not store arrays" });
  const origin = originOf(spec);
  try {
    if (origin.source !== undefined) yield* origin.source.refresh(o);
    // What is imported from a Zarr directory keeps what that says.
    const meta = metadataOf(spec, origin.source, origin.given, container.capabilities.maxChunkBytes);
    if ((yield* step(container.lookup(name, o))) !== undefined) throw new DaosError("DER_EXIST", CONTEXT.create);
    return yield* createFilled(container, coder, name, meta, origin.source, o);
  } finally {
    origin.close();
  }
}

/** The array of that object; with `dtype`, DER_MISMATCH when its elements are of another type. */
export function* openArray(
  container: Container<Face>,
  coder: Coder<Face>,
  name: string,
  object: ObjectRef,
  dtype: DType | undefined,
  o: Bulk | undefined,
): Steps<StoredArray> {
  if (dtype !== undefined) checkDType(dtype);
  const array = yield* StoredArray.open(object.oid, storeOf(container, object), coder, o);
  if (dtype !== undefined && array.dtype !== dtype)
    throw new DaosError("DER_MISMATCH", CONTEXT.open, { detail: `'${name}' is of ${array.dtype}, not of ${dtype}` });
  return array;
}

/** Fills an object that has no name yet and names it last: others see all of it or nothing, also after a crash. */
function* createFilled(
  container: Container<Face>,
  coder: Coder<Face>,
  name: string,
  meta: ArrayMetadata,
  source: Source | undefined,
  o: CreateOptions | undefined,
): Steps<StoredArray> {
  const object = yield* createNameless(container, { kind: "array" }, o);
  let linked = false;
  try {
    const store = storeOf(container, object);
    const document = encodeMetadata(meta);
    yield* step(store.setMetadata(document, undefined, o));
    const array = new StoredArray(object.oid, store, coder, document);
    array.exclusive = true;
    if (source !== undefined) yield* copyTo(source, array, o);
    array.exclusive = false;
    linked = (yield* step(container.link(name, object, o))) as boolean;
    if (!linked) throw new DaosError("DER_EXIST", CONTEXT.create);
    return array;
  } finally {
    if (!linked) yield* step(container.discard(object));
  }
}

interface Origin {
  readonly source: Source | undefined;
  readonly given?: ArrayMetadata;
  close(): void;
}

/** Where the elements come from, if anywhere. */
function originOf(spec: AnySpec): Origin {
  const { from } = spec;
  const close = (): void => {};
  if (from === undefined) return { source: undefined, close };
  if (spec.shape !== undefined)
    throw new TypeError("an array is created with { shape, dtype } or with { from }, not both");
  const source = sourceBehind(from);
  if (source !== undefined) return { source, close };
  if (isNDArray(from)) return { source: new MemorySource(checkNDArray(from, "from")), close };
  const { npy, zarr } = (typeof from === "object" && from !== null ? from : {}) as { npy?: unknown; zarr?: unknown };
  if (typeof npy === "string" && zarr === undefined) return openNpy(npy);
  if (typeof zarr === "string" && npy === undefined) {
    const opened = openZarr(zarr);
    return { source: opened, given: opened.meta, close };
  }
  throw new TypeError(`from is an array, { npy: path } or { zarr: path }, not ${shown(from)}`);
}
