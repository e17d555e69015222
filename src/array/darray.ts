/** `DArray` and its views, asynchronous: persistent N-d arrays, bigger than memory. */
import { inspect } from "node:util";
import type { DCont } from "../container/dcont.ts";
import type { Json } from "../dict/encoding.ts";
import type { Bulk, Call } from "../dict/options.ts";
import { runAsync, type Steps, Turns } from "../engine/steps.ts";
import { inContext } from "../errors.ts";
import * as algorithms from "./algorithms.ts";
import { CONTEXT } from "./algorithms.ts";
import type { ArrayCalls } from "./calls.ts";
import { checkConversion } from "./convert.ts";
import { checkDType, type DType, type Scalar } from "./dtype.ts";
import { fillScalar } from "./fill-value.ts";
import type { NDArray } from "./ndarray.ts";
import { sizeOf } from "./ndarray.ts";
import { writeNpy } from "./npy-file.ts";
import type { Selection } from "./selection.ts";
import { type Block, ConvertedSource, SOURCE, type Source, ViewSource } from "./source.ts";
import type { StoredArray } from "./stored-array.ts";
import type { CopyOptions, Export, Layout, Read, Stored } from "./types.ts";
import { broadcastView, expandView, fullView, selectView, squeezeView, transposeView, type View } from "./view.ts";
import type { Xp } from "./xp/types.ts";
import { xp } from "./xp/xp.ts";
import { writeZarr } from "./zarr-export.ts";

/** The order of the calls on the container of an array. @internal */
export let callsOf: (array: Arr) => ArrayCalls;

/** What may be stored in an array of `D`: an array of the same dtype, in memory or not, that broadcasts; or one element. */
export type Operand<D extends DType> = Arr<D> | NDArray<D> | Scalar<D>;

/** A block of an array, as {@link Arr.blocks} gives it. */
export interface ArrayBlock<D extends DType> extends Block {
  /** Its elements, in memory of its own. */
  readonly data: NDArray<D>;
}

/**
 * An array that can be read: a stored one, a view of one, or what is computed from others. Making one reads nothing; `get`
 * does. It is not thenable.
 *
 * Its methods reject with DaosError DER_INVAL for a selection that does not fit (a TypeError for what is no selection at
 * all), DER_NOMEM for a result that is too big, and with the storage's errors: DER_NO_HDL, DER_NONEXIST, DER_IO.
 */
export class Arr<D extends DType = DType> {
  static {
    callsOf = (array) => array.calls;
  }

  /** Where the elements come from. @internal */
  readonly [SOURCE]: Source<D>;
  /** The order of the calls on the arrays of the container. @internal */
  protected readonly calls: ArrayCalls;

  /** @internal */
  constructor(source: Source<D>, calls: ArrayCalls) {
    this[SOURCE] = source;
    this.calls = calls;
  }

  /** The type of the elements. */
  get dtype(): D {
    return this[SOURCE].dtype;
  }

  /** The length of each axis; of a stored array, as of its last call. */
  get shape(): readonly number[] {
    return this[SOURCE].shape;
  }

  /** How many axes there are. */
  get ndim(): number {
    return this.shape.length;
  }

  /** How many elements there are. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /**
   * Reads the part that the selection takes (none: all of it) into memory.
   *
   * @param o - `out`: memory to read into; `maxBytes`: the most that the result may have, default what is free.
   */
  async get(selection?: Selection | null, o?: Read<D>): Promise<NDArray<D>> {
    return this.run(CONTEXT.read, algorithms.get(this[SOURCE], selection, o));
  }

  /** One element: exactly one whole number an axis; `at()` of an array without axes is its value. */
  async at(...index: number[]): Promise<Scalar<D>> {
    return this.run(CONTEXT.read, algorithms.at(this[SOURCE], index));
  }

  /** The part that the selection takes, without reading it. */
  view(selection: Selection): Arr<D> {
    return this.#viewed(selectView(fullView(this.shape), selection));
  }

  /** The axes in another order; none given: reversed. */
  transpose(...axes: number[]): Arr<D> {
    return this.#viewed(transposeView(fullView(this.shape), axes));
  }

  /** Without axes of length 1; with `axes`, without those. */
  squeeze(...axes: number[]): Arr<D> {
    return this.#viewed(squeezeView(fullView(this.shape), axes.length === 0 ? undefined : axes));
  }

  /** With a new axis of length 1 before axis `axis`; negative: counted from the end of the result. */
  expand(axis: number): Arr<D> {
    return this.#viewed(expandView(fullView(this.shape), axis));
  }

  /** Repeated to `shape`: new axes in front, axes of length 1 repeated, as NumPy's `broadcast_to`. */
  broadcast(shape: readonly number[]): Arr<D> {
    return this.#viewed(broadcastView(fullView(this.shape), shape));
  }

  /** With elements of another type, converted when they are read, as NumPy's `astype`. Complex does not become real. */
  astype<E extends DType>(dtype: E): Arr<E> {
    checkDType(dtype);
    checkConversion(this.dtype, dtype);
    return new Arr(new ConvertedSource(this[SOURCE], dtype), this.calls);
  }

  /** Whether the elements are of that type; narrows. */
  is<E extends DType>(dtype: E): this is Arr<E> {
    return (this.dtype as DType) === dtype;
  }

  /** The namespace of functions that take this array, `xp`, as the Python array API has it. */
  __array_namespace__(): Xp<"async"> {
    return xp;
  }

  /** Walks the array in blocks that read well (its chunks, small ones joined), in C order; one is in memory at a time. */
  async *blocks(o?: Bulk): AsyncGenerator<ArrayBlock<D>, undefined> {
    await this.run(CONTEXT.read, this[SOURCE].refresh(o));
    const { count, list } = algorithms.blocks(this[SOURCE]);
    let done = 0;
    const turns = new Turns();
    for (const { start, shape } of list) {
      await runAsync(turns.give());
      const data = await this.run(CONTEXT.read, algorithms.block(this[SOURCE], { start, shape }, o));
      yield { start, shape, data };
      o?.onProgress?.(++done, count);
    }
    return undefined;
  }

  /** Writes all elements to an existing array of the same shape and dtype, in bounded memory. */
  async into(target: DArray<D>, o?: Bulk & { maxBytes?: number | undefined }): Promise<void> {
    await this.run(CONTEXT.write, algorithms.copyTo(this[SOURCE], target[SOURCE], o), [target.oid], target.calls);
  }

  /** Writes all elements to a new array. DER_EXIST when the name is taken. */
  async store(
    cont: DCont,
    name: string,
    o?: Bulk & { chunks?: readonly number[] | "auto" | undefined },
  ): Promise<DArray<D>> {
    const { chunks, ...bulk } = o ?? {};
    return cont.array(name, { from: this, chunks }, bulk);
  }

  /** Writes a `.npy` file: it appears complete or not at all. DER_EXIST when there is a file, unless `overwrite`. */
  async toNpy(path: string, o?: Export): Promise<void> {
    await this.run(CONTEXT.export, writeNpy(this[SOURCE], path, o));
  }

  /**
   * Writes a Zarr v3 directory: it appears complete or not at all. A stored array keeps its metadata and its chunks as they
   * are stored, unless a layout is given. DER_EXIST when there is something at `path`, unless `overwrite`.
   */
  async toZarr(path: string, o?: Export & Layout<D>): Promise<void> {
    await this.run(CONTEXT.export, writeZarr(this[SOURCE], path, o));
  }

  /** Shape and dtype; does no I/O. */
  [inspect.custom](): string {
    return `Arr(${this.dtype}, [${this.shape.join(", ")}])`;
  }

  /** Runs an algorithm that reads this array and writes those of `writes`, in the order of the calls. @internal */
  protected async run<T>(
    context: string,
    steps: Steps<T>,
    writes: readonly string[] = [],
    calls: ArrayCalls = this.calls,
  ): Promise<T> {
    try {
      return await calls.run(this[SOURCE].reads, writes, () => runAsync(steps));
    } catch (e) {
      throw inContext(context, e);
    }
  }

  #viewed(view: View): Arr<D> {
    return new Arr(new ViewSource(this[SOURCE], view), this.calls);
  }
}

/** What a `DArray` is made of. @internal */
export interface ArrayParts<D extends DType> {
  readonly name: string;
  readonly source: StoredArray<D>;
  readonly calls: ArrayCalls;
  readonly cont: DCont;
}

/** Makes the object; `DCont` does, nobody else. @internal */
export let makeArray: <D extends DType>(parts: ArrayParts<D>) => DArray<D>;

/**
 * A persistent N-d array, shared with every process that opens the container. It is opened and created by `DCont`.
 *
 * A resolved write is durable and is seen by every later read of any process. A write that is interrupted leaves each chunk
 * old or new. Writers of one chunk in several processes do not overwrite each other's elements.
 *
 * Beside the errors of {@link Arr}: DER_NO_PERM in a read-only container, DER_NOSPACE, DER_BUSY (a lock was held for longer than
 * the timeout), a TypeError for values of another dtype (convert with `astype`; nothing is cast silently).
 */
export class DArray<D extends DType = DType> extends Arr<D> {
  static {
    makeArray = (parts) => new DArray(parts);
  }

  /** Tells arrays from dictionaries. */
  readonly kind = "array" as const;
  /** The name in the container. */
  readonly name: string;
  /** The object's id in the container. */
  readonly oid: string;
  declare readonly [SOURCE]: StoredArray<D>;
  readonly #cont: DCont;

  private constructor({ name, source, calls, cont }: ArrayParts<D>) {
    super(source, calls);
    this.name = name;
    this.oid = source.oid;
    this.#cont = cont;
  }

  /** The shape of a chunk. */
  get chunks(): readonly number[] {
    return this[SOURCE].meta.chunks;
  }

  /** What elements are that were never written. */
  get fillValue(): Scalar<D> {
    return fillScalar(this.dtype, this[SOURCE].meta.fill);
  }

  /** What was stored with the array. */
  get attributes(): { readonly [key: string]: Json | null } {
    return this[SOURCE].meta.attributes;
  }

  /** The names of the axes, where they have some. */
  get dimensionNames(): readonly (string | null)[] | undefined {
    return this[SOURCE].meta.dimensionNames;
  }

  /** The metadata document, Zarr v3's `zarr.json`, as of the last call. */
  get metadata(): { readonly [key: string]: Json | null } {
    return JSON.parse(Buffer.from(this[SOURCE].document).toString());
  }

  /** The Zarr v3 directory that the array is, on the local engine; elsewhere `undefined`. */
  get path(): string | undefined {
    return this[SOURCE].store.path;
  }

  override is<E extends DType>(dtype: E): this is DArray<E> {
    return (this.dtype as DType) === dtype;
  }

  /**
   * Writes to the part that the selection takes (`null`: all of it). The value broadcasts.
   *
   * @param o - `onProgress` is told of chunks.
   */
  async set(selection: Selection | null, value: Operand<D>, o?: Bulk): Promise<void> {
    await this.#write(CONTEXT.write, algorithms.set(this[SOURCE], selection, value, o), value);
  }

  /** Adds elements at the end of an axis, default the first. Any number of processes may append at once: no row is lost. */
  async append(value: NDArray<D> | Arr<D>, o?: Bulk & { axis?: number | undefined }): Promise<void> {
    await this.#write(CONTEXT.write, algorithms.append(this[SOURCE], value, o), value);
  }

  /** Changes the lengths of the axes. What is cut off is gone, what is added has the fill value. */
  async resize(shape: readonly number[], o?: Call): Promise<void> {
    await this.#write(CONTEXT.resize, algorithms.resize(this[SOURCE], shape, o));
  }

  /** Makes every element the value. */
  async fill(value: Scalar<D>, o?: Bulk): Promise<void> {
    await this.#write(CONTEXT.write, algorithms.fill(this[SOURCE], value, o));
  }

  /** Looks at the storage: `shape` is what others have made of it. */
  async refresh(o?: Call): Promise<this> {
    await this.run(CONTEXT.read, this[SOURCE].refresh(o));
    return this;
  }

  /** How many chunks are stored, and in how many bytes. It lists the chunks, and reads none. */
  async stored(o?: Call): Promise<Stored> {
    return this.run(CONTEXT.read, algorithms.stored(this[SOURCE], o));
  }

  /** A new array of the same content and layout, in the same container, in at most `maxBytes` of memory. */
  async copy(name: string, o?: CopyOptions): Promise<DArray<D>> {
    const { meta } = this[SOURCE];
    const { chunks = meta.chunks, ...bulk } = o ?? {};
    return this.#cont.array(
      name,
      {
        from: this as Arr<D>,
        chunks,
        fill: this.fillValue,
        codecs: meta.compressions.map(({ name: codec, ...configuration }) => ({ name: codec, configuration })),
        attributes: meta.attributes,
        dimensionNames: meta.dimensionNames,
      },
      bulk,
    );
  }

  /** A copy in other chunks, in at most `maxBytes` of memory (default 64 MiB). */
  async rechunk(name: string, chunks: readonly number[] | "auto", o?: Omit<CopyOptions, "chunks">): Promise<DArray<D>> {
    return this.copy(name, { ...o, chunks });
  }

  /** The name. */
  override toString(): string {
    return this.name;
  }

  /** Name, dtype and shape, as the shell shows them; does no I/O. */
  override [inspect.custom](): string {
    return `DArray(${inspect(this.name)}, ${this.dtype}, [${this.shape.join(", ")}]) [${this.oid}]`;
  }

  #write(context: string, steps: Steps<void>, value?: unknown): Promise<void> {
    // What the value reads has its turn too.
    const reads = value instanceof Arr ? value[SOURCE].reads : [];
    const run = async (): Promise<void> => {
      try {
        await this.calls.run(reads, [this.oid], () => runAsync(steps));
      } catch (e) {
        throw inContext(context, e);
      }
    };
    return run();
  }
}
