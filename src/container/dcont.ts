/** `DCont`, asynchronous: an open container. */
import { inspect } from "node:util";
import { CONTEXT as ARRAY_CONTEXT } from "../array/algorithms.ts";
import { ArrayCalls } from "../array/calls.ts";
import { asyncCoder } from "../array/codecs.ts";
import { type ArraySpec, createArray, openArray } from "../array/create.ts";
import { type Arr, type DArray, makeArray } from "../array/darray.ts";
import type { DType } from "../array/dtype.ts";
import { sourceBehind } from "../array/source.ts";
import type { StoredArray } from "../array/stored-array.ts";
import { type DDict, makeDict } from "../dict/ddict.ts";
import type { Bytes, In, Json, ValueEncoding } from "../dict/encoding.ts";
import type { Pairs, Rec } from "../dict/entries.ts";
import { checkName } from "../dict/key.ts";
import type { AnyDictOptions, AsBytes, AsUtf8, AsValue, Bulk, Call, DictOptions, NotOptions } from "../dict/options.ts";
import { Turns } from "../dict/turns.ts";
import type { Container, NamedObject, ObjectRef } from "../engine/contract.ts";
import { runAsync, type Steps } from "../engine/steps.ts";
import { inContext } from "../errors.ts";
import { asyncSystem } from "../system.ts";
import * as objects from "./objects.ts";
import { CONTEXT, dictParts } from "./objects.ts";
import { type Opened, type OpenOptions, type OpenPathOptions, openArguments, openContainer } from "./opening.ts";

/**
 * An open container: the one namespace of its dictionaries and arrays.
 *
 * Its methods reject with a {@link DaosError}: DER_NO_HDL after `close`, DER_NO_PERM for a write in a read-only
 * container, DER_INVAL for a bad name, DER_IO, DER_BUSY, DER_NOSPACE, DER_TIMEDOUT.
 *
 * @example
 * ```ts
 * import { DCont } from "tsdaos";
 *
 * await using dcont = await DCont.open("tank", "neo", { create: true });
 * await dcont.dict("stadium", { Barcelona: "Camp Nou", London: "Wembley" });
 * for await (const { name, kind } of dcont) console.log(name, kind); // → stadium dict
 * ```
 */
export class DCont implements AsyncDisposable, AsyncIterable<NamedObject> {
  /** Label or UUID of the pool, as it was opened. */
  readonly pool: string;
  /** The container's label; its UUID when it has none. */
  readonly label: string;
  /** The container's UUID. */
  readonly uuid: string;
  /** Whether it can be written. */
  readonly mode: "RO" | "RW";
  readonly #name: string;
  readonly #container: Container<"async">;
  readonly #calls = new ArrayCalls();
  readonly #turns = new Turns();

  private constructor(opened: Opened<"async">) {
    // As PyDAOS and `tsdaos/sync` have it.
    if (typeof opened !== "object")
      throw new TypeError('use await DCont.open(pool, container); new DCont(pool, container) is that of "tsdaos/sync"');
    const { container, pool, name, mode } = opened;
    this.pool = pool;
    this.label = container.info.label ?? container.info.uuid;
    this.uuid = container.info.uuid;
    this.mode = mode;
    this.#name = name;
    this.#container = container;
  }

  /**
   * Opens a container by labels or UUIDs, or by the path of a unified-namespace file.
   *
   * @throws DaosError DER_NONEXIST when pool or container are missing, DER_INVAL for a bad label, for a container that is
   * not of type PYTHON and for a bad system, DER_NO_PERM, DER_MISMATCH for a newer format, DER_IO for a damaged one,
   * DER_UNREACH when the storage cannot be reached.
   */
  static open(pool: string, container: string, o?: OpenOptions): Promise<DCont>;
  static open(o: OpenPathOptions): Promise<DCont>;
  static async open(pool: string | OpenPathOptions, container?: string, o?: OpenOptions): Promise<DCont> {
    try {
      const args = openArguments(pool, container, o);
      return new DCont(await runAsync(openContainer(args, () => asyncSystem(args.options))));
    } catch (e) {
      throw inContext(CONTEXT.open, e);
    }
  }

  /**
   * Creates a dictionary with its first entries, or nothing at all.
   *
   * @param init - records; `null` for none when options follow.
   * @param o - `valueEncoding`, `oclass`, `ifExists`.
   * @throws DaosError DER_EXIST when the name is taken; nothing is changed then.
   */
  dict(
    name: string,
    init?: Pairs<In<Bytes>> | (Rec<string, In<Bytes>> & NotOptions) | null,
    o?: DictOptions & AsBytes,
  ): Promise<DDict>;
  dict(
    name: string,
    init: Pairs<string> | (Rec<string, string> & NotOptions) | null | undefined,
    o: DictOptions & AsUtf8,
  ): Promise<DDict<string>>;
  dict<V extends {} = Json>(
    name: string,
    init: Pairs<V> | Rec<string, V> | null | undefined,
    o: DictOptions & AsValue<V>,
  ): Promise<DDict<V>>;
  async dict(name: string, init?: unknown, o?: AnyDictOptions): Promise<DDict<unknown>> {
    const object = await this.#run(CONTEXT.create, objects.createDict(this.#container, name, init, o));
    return this.#makeDict(name, object, o?.valueEncoding);
  }

  /**
   * Creates an array, or nothing at all.
   *
   * @param spec - `{ shape, dtype }`, or `{ from }` with an array (in memory, stored, a view), `{ npy: path }` or `{ zarr: path }`;
   * and how it is stored: `chunks`, `fill`, `codecs`, `attributes`, `dimensionNames`.
   * @param o - `onProgress` is told of what is copied.
   * @throws DaosError DER_EXIST when the name is taken, DER_NOSYS where the engine stores no arrays, DER_MISMATCH when `dtype` is
   * not that of `from`, DER_INVAL for what cannot be read; TypeError for a shape, dtype or option that is none.
   */
  async array<D extends DType>(
    name: string,
    spec: ArraySpec<D, Arr<D>>,
    o?: Bulk & { maxBytes?: number | undefined },
  ): Promise<DArray<D>> {
    const steps = createArray(this.#container, asyncCoder, name, spec, o);
    try {
      // What the elements come from has its turn.
      const reads = sourceBehind((spec as { from?: unknown } | null)?.from)?.reads ?? [];
      return this.#makeArray(name, (await this.#calls.run(reads, [], () => runAsync(steps))) as StoredArray<D>);
    } catch (e) {
      throw inContext(ARRAY_CONTEXT.create, e);
    }
  }

  /**
   * The array of that name.
   *
   * @param o - `dtype`: what its elements are to be, else DER_MISMATCH.
   * @throws DObjNotFound when there is none, DER_MISMATCH when it is something else.
   */
  getArray(name: string, o?: Call & { dtype?: undefined }): Promise<DArray>;
  getArray<D extends DType>(name: string, o: Call & { dtype: D }): Promise<DArray<D>>;
  async getArray(name: string, o?: Call & { dtype?: DType | undefined }): Promise<DArray> {
    const object = await this.#run(CONTEXT.lookup, objects.lookup(this.#container, name, "array", o));
    return this.#openArray(name, object, o?.dtype, o);
  }

  /** The object of that name, to be told apart by its `kind`. DObjNotFound when there is none. */
  async get(name: string, o?: Call): Promise<DDict | DArray> {
    const object = await this.#run(CONTEXT.lookup, objects.lookup(this.#container, name, undefined, o));
    if (object.kind === "array") return this.#openArray(name, object, undefined, o);
    return this.#makeDict<Bytes>(name, object, undefined);
  }

  /** The dictionary of that name. DObjNotFound when there is none, DER_MISMATCH when it is something else. */
  getDict(name: string, o?: Call & AsBytes): Promise<DDict>;
  getDict(name: string, o: Call & AsUtf8): Promise<DDict<string>>;
  getDict<V extends {} = Json>(name: string, o: Call & AsValue<V>): Promise<DDict<V>>;
  async getDict(name: string, o?: AnyDictOptions): Promise<DDict<unknown>> {
    const object = await this.#run(CONTEXT.lookup, objects.lookup(this.#container, name, "dict", o));
    return this.#makeDict(name, object, o?.valueEncoding);
  }

  /** Whether the name is taken. */
  async has(name: string, o?: Call): Promise<boolean> {
    try {
      checkName(name, CONTEXT.lookup);
      return (await this.#container.lookup(name, o)) !== undefined;
    } catch (e) {
      throw inContext(CONTEXT.lookup, e);
    }
  }

  /** Removes the name and its object, atomically for every process. DER_NONEXIST when there is no such name. */
  async destroy(name: string, o?: Bulk): Promise<void> {
    await this.#run(CONTEXT.destroy, objects.destroy(this.#container, name, o));
  }

  /** Walks the named objects, in name order where the engine can. */
  async *[Symbol.asyncIterator](): AsyncGenerator<NamedObject, undefined> {
    try {
      for (const page of objects.namePages(this.#container)) yield* await runAsync(page);
    } catch (e) {
      throw inContext(CONTEXT.list, e);
    }
    return undefined;
  }

  /** Waits for the writes that were issued, then closes the container and what was opened through it. Idempotent. */
  async close(): Promise<void> {
    try {
      // A call on an array is many calls of the engine: those that were begun are finished. Without any, the container
      // closes at once: what is called on a dictionary right after this is refused.
      const calls = this.#calls.close();
      if (calls !== undefined) await calls;
      await this.#container.close();
    } catch (e) {
      throw inContext(CONTEXT.close, e);
    }
  }

  /** Closes, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** `tank/neo`: pool and container as they were opened. */
  toString(): string {
    return `${this.pool}/${this.#name}`;
  }

  /** `daos://tank/neo`, as the shell shows it. */
  [inspect.custom](): string {
    return `daos://${this}`;
  }

  #makeDict<V>(name: string, object: ObjectRef, encoding: ValueEncoding<V>): DDict<V> {
    return makeDict(dictParts(this.#container, name, object, encoding), this.#turns);
  }

  async #openArray(name: string, object: ObjectRef, dtype: DType | undefined, o: Call | undefined): Promise<DArray> {
    const steps = openArray(this.#container, asyncCoder, name, object, dtype, o);
    return this.#makeArray(name, await this.#run(ARRAY_CONTEXT.open, steps));
  }

  #makeArray<D extends DType>(name: string, source: StoredArray<D>): DArray<D> {
    return makeArray({ name, source, calls: this.#calls, cont: this });
  }

  async #run<T>(context: string, steps: Steps<T>): Promise<T> {
    try {
      return await runAsync(steps);
    } catch (e) {
      throw inContext(context, e);
    }
  }
}
