/** Both public faces under one type, so that one text tests both: what one answers at once, the other promises. */
import type { NDArray } from "../../array/ndarray.ts";
import { DCont as AsyncCont } from "../../container/dcont.ts";
import { DCont as SyncCont } from "../../container/dcont-sync.ts";
import type { DDict as AsyncDict } from "../../dict/ddict.ts";
import type { DDict as SyncDict } from "../../dict/ddict-sync.ts";
import type { Bytes, In, ValueEncoding } from "../../dict/encoding.ts";
import type { Key } from "../../dict/key.ts";
import type { OnProgress } from "../../dict/options.ts";
import type { Face, NamedObject } from "../contract.ts";
import type { Place } from "./fixture.ts";

/** An answer of either face; `await` gives the value. */
export type Awaitable<T> = T | Promise<T>;

/** A walk of either face; `for await` walks it. */
export type Walk<T> = Iterable<T> | AsyncIterable<T>;

type Bulk = { onProgress?: OnProgress | undefined };
type Range = { prefix?: string; start?: string; end?: string; limit?: number; reverse?: boolean };
type AnyRecord<I> = { readonly [key: string]: I };

/** `DDict` of either face. `size` is not in it: see {@link sizeOf}. */
export interface AnyDict<V = Bytes> {
  readonly kind: "dict";
  readonly name: string;
  readonly oid: string;
  get(key: Key): Awaitable<V | undefined>;
  has(key: Key): Awaitable<boolean>;
  set(key: Key, value: In<V>): Awaitable<unknown>;
  put(key: Key, value: In<V> | null, o?: { if?: "absent" | "present" }): Awaitable<void>;
  modify(key: Key, fn: (old: V | undefined) => In<V> | null): Awaitable<V | undefined>;
  getOrInsert(key: Key, value: In<V>): Awaitable<V>;
  getOrInsertComputed(key: Key, fn: (key: string) => In<V>): Awaitable<V>;
  delete(key: Key): Awaitable<boolean>;
  pop(key: Key): Awaitable<V | undefined>;
  popitem(): Awaitable<[string, V] | undefined>;
  bput(entries: Iterable<readonly [Key, In<V> | null]> | AnyRecord<In<V> | null>, o?: Bulk): Awaitable<void>;
  bget(keys: (Iterable<Key> & object) | ReadonlyMap<Key, unknown>, o?: Bulk): Awaitable<Map<string, V>>;
  bget(record: AnyRecord<unknown>, o?: Bulk): Awaitable<Record<string, V | undefined>>;
  isEmpty(): Awaitable<boolean>;
  keys(o?: Range): Walk<string>;
  values(o?: Range): Walk<V>;
  entries(o?: Range): Walk<[string, V]>;
  dump(o?: Bulk): Awaitable<Map<string, V>>;
  clear(o?: Bulk): Awaitable<void>;
  equals(other: Iterable<readonly [Key, In<V>]> | AnyRecord<In<V>>, o?: Bulk): Awaitable<boolean>;
}

/** `DArray` of either face, of 32-bit integers: as much of it as the suite needs. */
export interface AnyArray {
  get(): Awaitable<NDArray<"int32">>;
  set(selection: readonly number[] | null, value: number): Awaitable<void>;
  append(rows: NDArray<"int32">): Awaitable<void>;
}

/** What an {@link AnyArray} is made of. */
export interface AnyLayout {
  readonly shape: readonly number[];
  readonly dtype: "int32";
  readonly chunks: readonly number[];
  readonly codecs?: readonly "zstd"[];
}

/** Options of `dict`, of either face. */
export interface AnyOptions<V> extends Bulk {
  valueEncoding?: ValueEncoding<V>;
  oclass?: string;
  ifExists?: "error" | "open";
}

/** `DCont` of either face. */
export interface AnyCont {
  readonly pool: string;
  readonly label: string;
  readonly uuid: string;
  readonly mode: "RO" | "RW";
  dict<V = Bytes>(
    name: string,
    init?: Iterable<readonly [Key, In<NoInfer<V>>]> | AnyRecord<In<NoInfer<V>>> | null,
    o?: AnyOptions<V>,
  ): Awaitable<AnyDict<V>>;
  get(name: string): Awaitable<AnyDict>;
  getDict<V = Bytes>(name: string, o?: { valueEncoding?: ValueEncoding<V> }): Awaitable<AnyDict<V>>;
  array(name: string, layout: AnyLayout): Awaitable<AnyArray>;
  getArray(name: string, o: { dtype: "int32" }): Awaitable<AnyArray>;
  has(name: string): Awaitable<boolean>;
  destroy(name: string): Awaitable<void>;
  close(): Awaitable<void>;
}

/** How a face is entered. */
export interface AnyFace {
  open(place: Place, mode?: "RO" | "RW"): Awaitable<AnyCont>;
}

/** Both faces. */
export const FACES: Readonly<Record<Face, AnyFace>> = {
  // The faces' overloads are finer than this common type; the tests of types look at them.
  async: {
    open: async ({ pool, container, system }, mode = "RW") =>
      (await AsyncCont.open(pool, container, { system, mode })) as unknown as AnyCont,
  },
  sync: {
    open: ({ pool, container, system }, mode = "RW") =>
      new SyncCont(pool, container, { system, mode }) as unknown as AnyCont,
  },
};

/** How many keys there are: a method on one face, a property, as `Map` has it, on the other. */
export function sizeOf(dict: AnyDict<never> | AnyDict<unknown> | AnyDict): Awaitable<number> {
  const { size } = dict as unknown as SyncDict | AsyncDict;
  return typeof size === "function" ? (dict as unknown as AsyncDict).size() : size;
}

/** The named objects of the container. */
export function objectsOf(container: AnyCont): Walk<NamedObject> {
  return container as unknown as AsyncCont | SyncCont;
}

/** Everything that a walk gives. */
export async function walked<T>(walk: Walk<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of walk) all.push(item);
  return all;
}
