/** `DCont`, blocking: an open container. */
import { inspect } from "node:util";
import { CONTEXT as ARRAY_CONTEXT } from "../array/algorithms.ts";
import { syncCoder } from "../array/codecs.ts";
import { type ArraySpec, createArray, openArray } from "../array/create.ts";
import { type Arr, type DArray, makeArray } from "../array/darray-sync.ts";
import type { DType } from "../array/dtype.ts";
import type { StoredArray } from "../array/stored-array.ts";
import { type Bulk, type DDict, makeDict } from "../dict/ddict-sync.ts";
import type { Bytes, In, Json } from "../dict/encoding.ts";
import type { Rec, SyncPairs } from "../dict/entries.ts";
import { checkName } from "../dict/key.ts";
import type {
  AnyDictOptions,
  AsBytes,
  AsUtf8,
  AsValue,
  DictOptions as AsyncDictOptions,
  NotOptions,
} from "../dict/options.ts";
import type { Container, NamedObject, ObjectRef } from "../engine/contract.ts";
import { runSync, type Steps } from "../engine/steps.ts";
import { inContext } from "../errors.ts";
import { syncSystem } from "../system.ts";
import * as objects from "./objects.ts";
import { CONTEXT, dictParts } from "./objects.ts";
import {
  type OpenOptions as AsyncOpenOptions,
  type OpenPathOptions as AsyncOpenPathOptions,
  openArguments,
  openContainer,
} from "./opening.ts";

/** Options of opening a container. */
export type OpenOptions = Omit<AsyncOpenOptions, "signal">;
/** Opening by a unified-namespace path. */
export type OpenPathOptions = Omit<AsyncOpenPathOptions, "signal">;
/** Options of `dict`. */
export type DictOptions = Omit<AsyncDictOptions, "signal">;

/**
 * An open container: the one namespace of its dictionaries and arrays. Every call blocks until it is done; errors are
 * those of the asynchronous `DCont`, thrown.
 *
 * @example
 * ```ts
 * import { DCont } from "tsdaos/sync";
 *
 * using dcont = new DCont("tank", "neo", { create: true });
 * const stadium = dcont.dict("stadium", { London: "Wembley" }).object;
 * stadium.Milano = "San Siro";
 * console.log(Object.keys(stadium)); // → [ 'London', 'Milano' ]
 * ```
 */
export class DCont implements Disposable, Iterable<NamedObject> {
  /** Label or UUID of the pool, as it was opened. */
  readonly pool: string;
  /** The container's label; its UUID when it has none. */
  readonly label: string;
  /** The container's UUID. */
  readonly uuid: string;
  /** Whether it can be written. */
  readonly mode: "RO" | "RW";
  readonly #name: string;
  readonly #container: Container<"sync">;

  /** Opens a container by labels or UUIDs, or by the path of a unified-namespace file. */
  constructor(pool: string, container: string, o?: OpenOptions);
  constructor(o: OpenPathOptions);
  constructor(pool: string | OpenPathOptions, container?: string, o?: OpenOptions) {
    try {
      const args = openArguments(pool, container, o);
      const opened = runSync(openContainer(args, () => syncSystem(args.options)));
      this.pool = opened.pool;
      this.label = opened.container.info.label ?? opened.container.info.uuid;
      this.uuid = opened.container.info.uuid;
      this.mode = opened.mode;
      this.#name = opened.name;
      this.#container = opened.container;
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
    init?: SyncPairs<In<Bytes>> | (Rec<string, In<Bytes>> & NotOptions) | null,
    o?: DictOptions & AsBytes,
  ): DDict;
  dict(
    name: string,
    init: SyncPairs<string> | (Rec<string, string> & NotOptions) | null | undefined,
    o: DictOptions & AsUtf8,
  ): DDict<string>;
  dict<V extends {} = Json>(
    name: string,
    init: SyncPairs<V> | Rec<string, V> | null | undefined,
    o: DictOptions & AsValue<V>,
  ): DDict<V>;
  dict(name: string, init?: unknown, o?: AnyDictOptions): DDict<unknown> {
    const object = this.#run(CONTEXT.create, objects.createDict(this.#container, name, init, o));
    return makeDict(dictParts(this.#container, name, object, o?.valueEncoding));
  }

  /**
   * Creates an array, or nothing at all.
   *
   * @param spec - `{ shape, dtype }`, or `{ from }` with an array (in memory, stored, a view), `{ npy: path }` or `{ zarr: path }`;
   * and how it is stored: `chunks`, `fill`, `codecs`, `attributes`, `dimensionNames`.
   */
  array<D extends DType>(
    name: string,
    spec: ArraySpec<D, Arr<D>>,
    o?: Bulk & { maxBytes?: number | undefined },
  ): DArray<D> {
    const source = this.#run(ARRAY_CONTEXT.create, createArray(this.#container, syncCoder, name, spec, o));
    return makeArray({ name, source: source as StoredArray<D>, cont: this });
  }

  /** The array of that name; with `dtype`, DER_MISMATCH when its elements are of another type. DObjNotFound when there is none. */
  getArray(name: string, o?: { dtype?: undefined }): DArray;
  getArray<D extends DType>(name: string, o: { dtype: D }): DArray<D>;
  getArray(name: string, o?: { dtype?: DType | undefined }): DArray {
    return this.#openArray(name, this.#run(CONTEXT.lookup, objects.lookup(this.#container, name, "array")), o?.dtype);
  }

  /** The object of that name, to be told apart by its `kind`. DObjNotFound when there is none. */
  get(name: string): DDict | DArray {
    const object = this.#run(CONTEXT.lookup, objects.lookup(this.#container, name, undefined));
    if (object.kind === "array") return this.#openArray(name, object, undefined);
    return makeDict(dictParts<"sync", Bytes>(this.#container, name, object, undefined));
  }

  /** The dictionary of that name. DObjNotFound when there is none, DER_MISMATCH when it is something else. */
  getDict(name: string, o?: AsBytes): DDict;
  getDict(name: string, o: AsUtf8): DDict<string>;
  getDict<V extends {} = Json>(name: string, o: AsValue<V>): DDict<V>;
  getDict(name: string, o?: AnyDictOptions): DDict<unknown> {
    const object = this.#run(CONTEXT.lookup, objects.lookup(this.#container, name, "dict"));
    return makeDict(dictParts(this.#container, name, object, o?.valueEncoding));
  }

  /** Whether the name is taken. */
  has(name: string): boolean {
    try {
      checkName(name, CONTEXT.lookup);
      return this.#container.lookup(name) !== undefined;
    } catch (e) {
      throw inContext(CONTEXT.lookup, e);
    }
  }

  /** Removes the name and its object, atomically for every process. DER_NONEXIST when there is no such name. */
  destroy(name: string): void {
    this.#run(CONTEXT.destroy, objects.destroy(this.#container, name));
  }

  /** Walks the named objects, in name order where the engine can. */
  *[Symbol.iterator](): Generator<NamedObject, undefined> {
    try {
      for (const page of objects.namePages(this.#container)) yield* runSync(page);
    } catch (e) {
      throw inContext(CONTEXT.list, e);
    }
    return undefined;
  }

  /** Closes the container and what was opened through it. Idempotent. */
  close(): void {
    try {
      this.#container.close();
    } catch (e) {
      throw inContext(CONTEXT.close, e);
    }
  }

  /** Closes, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** `tank/neo`: pool and container as they were opened. */
  toString(): string {
    return `${this.pool}/${this.#name}`;
  }

  /** `daos://tank/neo`, as the shell shows it. */
  [inspect.custom](): string {
    return `daos://${this}`;
  }

  #openArray(name: string, object: ObjectRef, dtype: DType | undefined): DArray {
    const steps = openArray(this.#container, syncCoder, name, object, dtype, undefined);
    return makeArray({ name, source: this.#run(ARRAY_CONTEXT.open, steps), cont: this });
  }

  #run<T>(context: string, steps: Steps<T>): T {
    try {
      return runSync(steps);
    } catch (e) {
      throw inContext(context, e);
    }
  }
}
