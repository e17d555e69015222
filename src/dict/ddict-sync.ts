/** `DDict`, blocking: a persistent dictionary that is a `Map`. */
import { inspect } from "node:util";
// The whole module, not the name: Node 20 does not have it, and is to reach the sentence that says so.
import * as workerThreads from "node:worker_threads";
import { runSync, type Steps } from "../engine/steps.ts";
import { DaosError, inContext } from "../errors.ts";
import * as algorithms from "./algorithms.ts";
import { CONTEXT, type DictParts, encodePut, encodeStorable, type Listed } from "./algorithms.ts";
import type { Bytes, In } from "./encoding.ts";
import type { Rec, SyncPairs } from "./entries.ts";
import { encodeKey, type Key, keyText } from "./key.ts";
import { makeObjectView } from "./object-view.ts";
import { checkCondition, type OnProgress } from "./options.ts";
import type { Range as AsyncRange } from "./range.ts";

/** A part of a dictionary, for engines that keep keys in order (local, rados). */
export type Range = Omit<AsyncRange, "signal">;

/** Options of a blocking call that may take long. */
export interface Bulk {
  /** Told now and then how far the call is. What it throws, the call fails with. */
  onProgress?: OnProgress | undefined;
}

/** Makes the object; `DCont` does, nobody else. */
export let makeDict: <V>(parts: DictParts<"sync", V>) => DDict<V>;

/** The methods of `Map`, whatever the user's library knows of them. */
export interface DDict<V = Bytes> extends Map<string, V> {}

/**
 * A persistent dictionary, shared with every process that opens the container, that is a `Map<string, V>`: it passes
 * `instanceof Map`, and whatever takes a Map takes it. Every call blocks until it is done; a write is durable when it
 * returns.
 *
 * Keys, values and errors are those of the asynchronous `DDict`; errors are thrown.
 *
 * @example
 * ```ts
 * import { DCont } from "tsdaos/sync";
 *
 * using dcont = new DCont("tank", "neo", { create: true });
 * const dd = dcont.dict("stadium", new Map([["London", "Wembley"]]), { valueEncoding: "utf8" });
 * dd.set("Rio", "Maracanã").delete("London");
 * console.log(new Map(dd), dd.size); // → Map(1) { 'Rio' => 'Maracanã' } 1
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: every method of Map is defined below; a test compares.
export class DDict<V = Bytes> {
  static {
    // Not a subclass: a real Map would carry a second, empty table that Map's own methods see.
    Object.setPrototypeOf(DDict.prototype, Map.prototype);
    makeDict = (parts) => new DDict(parts);
  }

  /** Tells dictionaries from arrays. */
  readonly kind = "dict" as const;
  /** The name in the container. */
  readonly name: string;
  /** The object's id in the container. */
  readonly oid: string;
  readonly #parts: DictParts<"sync", V>;
  #object: { [key: string]: V | In<V> } | undefined;

  private constructor(parts: DictParts<"sync", V>) {
    this.name = parts.name;
    this.oid = parts.oid;
    this.#parts = parts;
    // A copy could not reach the storage; being refused is better than an empty object.
    workerThreads.markAsUncloneable(this);
  }

  /**
   * The dictionary as a plain object: `stadium["Milano"] = "San Siro"`, `"Rio" in stadium`, `delete stadium["Madrid"]`,
   * `for (const key in stadium)`. Every text is a key, `__proto__` and `constructor` included. `Object.keys` and `for in`
   * hold all keys in memory.
   */
  get object(): { [key: string]: V | In<V> } {
    // Not a property of its own: whatever walks those, such as JSON.stringify, would read the whole dictionary.
    this.#object ??= makeObjectView(this);
    return this.#object;
  }

  /** How many keys there are. Costs the same however many, where the engine can (local). */
  get size(): number {
    return this.#call(CONTEXT.list, () => this.#parts.kv.count());
  }

  /** The value of the key, or `undefined` when it is missing. */
  get(key: Key): V | undefined {
    try {
      const bytes = this.#parts.kv.get(encodeKey(key));
      return bytes === undefined ? undefined : this.#parts.values.decode(bytes, key);
    } catch (e) {
      throw inContext(CONTEXT.get, e);
    }
  }

  /** Whether the key is there; does not fetch the value. */
  has(key: Key): boolean {
    return this.#call(CONTEXT.get, () => this.#parts.kv.has(encodeKey(key)));
  }

  /** `Map`'s verb: stores the value. A TypeError for a value that is empty once encoded: nothing could be stored. */
  set(key: Key, value: In<V>): this {
    this.#call(CONTEXT.put, () => this.#parts.kv.put(encodeKey(key), encodeStorable(this.#parts, value)));
    return this;
  }

  /**
   * DAOS's verb: stores the value; `null`, or a value that is empty once encoded, deletes the key.
   *
   * @param o - `if: "absent"` throws DER_EXIST when the key is there, `if: "present"` DER_NONEXIST when it is not;
   * atomically across processes.
   */
  put(key: Key, value: In<V> | null, o?: { if?: "absent" | "present" | undefined }): void {
    this.#call(CONTEXT.put, () => {
      const condition = checkCondition(o?.if);
      if (this.#parts.kv.put(encodeKey(key), encodePut(this.#parts, value), condition)) return;
      throw new DaosError(condition === "absent" ? "DER_EXIST" : "DER_NONEXIST", CONTEXT.put);
    });
  }

  /** Reads, changes and writes back, atomically across processes: `fn` may be called again with a newer value. */
  modify(key: Key, fn: (old: V | undefined) => In<V> | null): V | undefined {
    return this.#run(CONTEXT.put, algorithms.modify(this.#parts, key, fn));
  }

  /** The value of the key; when it is missing, `value` is stored first. Atomic across processes: all get the same one. */
  getOrInsert(key: Key, value: In<V>): V {
    return this.#run(CONTEXT.put, algorithms.getOrInsert(this.#parts, key, value));
  }

  /** As `getOrInsert`, with a value that is made only when it is needed. When another process is faster, its value wins. */
  getOrInsertComputed(key: Key, fn: (key: string) => In<V>): V {
    return this.#run(CONTEXT.put, algorithms.getOrInsertComputed(this.#parts, key, fn));
  }

  /** Deletes the key; whether it was there. */
  delete(key: Key): boolean {
    return this.#call(CONTEXT.put, () => this.#parts.kv.remove(encodeKey(key)));
  }

  /** Takes the value out: deletes the key and gives what it had. Atomic: of two takers, one gets it. */
  pop(key: Key): V | undefined {
    return this.#call(CONTEXT.put, () => {
      const bytes = this.#parts.kv.take(encodeKey(key));
      return bytes === undefined ? undefined : this.#parts.values.decode(bytes, key);
    });
  }

  /** Takes some record out (the first one, where keys are in order), or gives `undefined` when there is none. */
  popitem(): [string, V] | undefined {
    return this.#run(CONTEXT.put, algorithms.popitem(this.#parts));
  }

  /**
   * Stores many records; `null` deletes one. A record, a Map or an array is one batch: checked as a whole before
   * anything is written, and all or nothing where the engine can (local). Other iterables are streamed: memory holds a
   * few batches of them, and a failure leaves the batches before it written.
   */
  bput(entries: SyncPairs<In<V> | null>, o?: Bulk): void;
  bput<K extends string | number>(record: Rec<K, In<V> | null>, o?: Bulk): void;
  bput(entries: unknown, o?: Bulk): void {
    refuseAsync(entries);
    this.#run(CONTEXT.put, algorithms.bput(this.#parts, entries, o));
  }

  /**
   * Looks many keys up. Keys (or a Map, for its keys) give a Map of those that were found; a record gives a record with
   * the same keys, `undefined` for those that are missing.
   */
  bget(keys: Iterable<Key> & object, o?: Bulk): Map<string, V>;
  bget(keys: ReadonlyMap<Key, unknown>, o?: Bulk): Map<string, V>;
  bget<K extends string | number>(record: Rec<K, unknown>, o?: Bulk): { [P in K]: V | undefined };
  bget(keys: unknown, o?: Bulk): Map<string, V> | Record<string, V | undefined> {
    return this.#run(CONTEXT.get, algorithms.bget(this.#parts, keys, o));
  }

  /** Whether there is no key; does not count them. */
  isEmpty(): boolean {
    return this.#run(CONTEXT.list, algorithms.firstKey(this.#parts)) === undefined;
  }

  /** Walks the keys, in the order of their UTF-8 bytes where the engine can. A page is in memory at a time. Not a snapshot. */
  *keys(o?: Range): Generator<string, undefined> {
    for (const page of this.#pages(o, true)) for (const [key] of page) yield keyText(key);
    return undefined;
  }

  /** Walks the values, in the order of their keys. */
  *values(o?: Range): Generator<V, undefined> {
    const { values } = this.#parts;
    for (const page of this.#pages(o, false)) for (const [key, value] of page) yield values.decode(value, key);
    return undefined;
  }

  /** Walks the records. */
  *entries(o?: Range): Generator<[string, V], undefined> {
    const { values } = this.#parts;
    for (const page of this.#pages(o, false))
      for (const [key, value] of page) yield [keyText(key), values.decode(value, key)];
    return undefined;
  }

  /** Walks the records. */
  [Symbol.iterator](): Generator<[string, V], undefined> {
    return this.entries();
  }

  /** Calls `fn` with each record. */
  forEach(fn: (value: V, key: string, map: Map<string, V>) => void, thisArg?: unknown): void {
    if (typeof fn !== "function") throw new TypeError(`forEach takes a function, not ${typeof fn}`);
    for (const [key, value] of this.entries()) fn.call(thisArg, value, key, this);
  }

  /** Everything, as a Map in memory. */
  dump(o?: Bulk): Map<string, V> {
    return this.#run(CONTEXT.list, algorithms.dump(this.#parts, o));
  }

  /** Deletes every key, atomically. */
  clear(o?: Bulk): void {
    this.#run(CONTEXT.put, algorithms.clear(this.#parts, o));
  }

  /**
   * Whether `other` has the same records: text and bytes are compared as bytes, values of other encodings as values.
   * Stops at the first difference.
   */
  equals(other: SyncPairs<In<V>> | Rec<string, In<V>>, o?: Bulk): boolean {
    refuseAsync(other);
    return this.#run(CONTEXT.list, algorithms.equals(this.#parts, other, o));
  }

  /** The name. */
  toString(): string {
    return this.name;
  }

  /** `Object.prototype.toString` says what it is. */
  get [Symbol.toStringTag](): string {
    return "DDict";
  }

  /** Name and id, as the shell shows them; does no I/O. */
  [inspect.custom](): string {
    return `DDict(${inspect(this.name)}) [${this.oid}]`;
  }

  *#pages(o: Range | undefined, keysOnly: boolean): Generator<Listed, void, void> {
    try {
      for (const page of algorithms.pages(this.#parts, o, keysOnly, undefined)) yield runSync(page);
    } catch (e) {
      throw inContext(CONTEXT.list, e);
    }
  }

  #run<T>(context: string, steps: Steps<T>): T {
    return this.#call(context, () => runSync(steps));
  }

  #call<T>(context: string, work: () => T): T {
    try {
      return work();
    } catch (e) {
      throw inContext(context, e);
    }
  }
}

function refuseAsync(entries: unknown): void {
  if (
    typeof entries === "object" &&
    entries !== null &&
    Symbol.asyncIterator in entries &&
    !(Symbol.iterator in entries)
  )
    throw new TypeError("a blocking call cannot wait for an async iterable; use the asynchronous face");
}
