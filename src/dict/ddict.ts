/** `DDict`, asynchronous: a persistent dictionary with `Map`'s words. */
import { inspect } from "node:util";
import { runAsync, type Steps } from "../engine/steps.ts";
import { DaosError, inContext } from "../errors.ts";
import * as algorithms from "./algorithms.ts";
import { CONTEXT, type DictParts, encodePut, encodeStorable, type Listed } from "./algorithms.ts";
import type { Bytes, In } from "./encoding.ts";
import type { Pairs, Rec } from "./entries.ts";
import { decodeKey, encodeKey, type Key, keyText } from "./key.ts";
import { type Bulk, type Call, checkCondition } from "./options.ts";
import type { Range } from "./range.ts";
import type { Turns } from "./turns.ts";

/** Makes the object; `DCont` does, nobody else. */
export let makeDict: <V>(parts: DictParts<"async", V>, turns: Turns) => DDict<V>;

/**
 * A persistent dictionary, shared with every process that opens the container. It is opened and created by `DCont`.
 *
 * Keys are text (or its UTF-8 bytes) of 1 byte to 64 KiB without NUL. Values are bytes, unless the opener chose a
 * `valueEncoding`. A resolved write is durable and is seen by every later read of any process.
 *
 * Every method rejects with a {@link DaosError}: DER_NO_HDL after the container was closed, DER_NONEXIST when the object
 * was destroyed, DER_INVAL or DER_KEY2BIG for a bad key, DER_IO, DER_NO_PERM, DER_BUSY (a lock was held for longer than
 * the timeout), DER_TIMEDOUT (the storage was silent for longer). Writes also with DER_NO_PERM in a read-only container,
 * DER_NOSPACE and DER_REC2BIG. A value or key of a wrong type is a TypeError.
 *
 * @example
 * ```ts
 * import { DCont } from "tsdaos";
 *
 * await using dcont = await DCont.open("tank", "neo", { create: true });
 * const hits = await dcont.dict<number>("hits", null, { valueEncoding: "json" });
 * await Promise.all([1, 2, 3].map(() => hits.modify("/", (n = 0) => n + 1)));
 * console.log(await hits.get("/"), await hits.size()); // → 3 1
 * ```
 */
export class DDict<V = Bytes> implements AsyncIterable<[string, V]> {
  static {
    makeDict = (parts, turns) => new DDict(parts, turns);
  }

  /** Tells dictionaries from arrays. */
  readonly kind = "dict" as const;
  /** The name in the container. */
  readonly name: string;
  /** The object's id in the container. */
  readonly oid: string;
  readonly #parts: DictParts<"async", V>;
  readonly #turns: Turns;

  private constructor(parts: DictParts<"async", V>, turns: Turns) {
    this.name = parts.name;
    this.oid = parts.oid;
    this.#parts = parts;
    this.#turns = turns;
  }

  /** The value of the key, or `undefined` when it is missing. */
  async get(key: Key, o?: Call): Promise<V | undefined> {
    try {
      const bytes = await this.#parts.kv.get(encodeKey(key), o);
      return bytes === undefined ? undefined : this.#parts.values.decode(bytes, key);
    } catch (e) {
      throw inContext(CONTEXT.get, e);
    }
  }

  /** Whether the key is there; does not fetch the value. */
  async has(key: Key, o?: Call): Promise<boolean> {
    try {
      return await this.#parts.kv.has(encodeKey(key), o);
    } catch (e) {
      throw inContext(CONTEXT.get, e);
    }
  }

  /** `Map`'s verb: stores the value. A TypeError for a value that is empty once encoded: nothing could be stored. */
  async set(key: Key, value: In<V>, o?: Call): Promise<void> {
    try {
      await this.#parts.kv.put(encodeKey(key), encodeStorable(this.#parts, value), undefined, o);
    } catch (e) {
      throw inContext(CONTEXT.put, e);
    }
  }

  /**
   * DAOS's verb: stores the value; `null`, or a value that is empty once encoded, deletes the key.
   *
   * @param o - `if: "absent"` rejects with DER_EXIST when the key is there, `if: "present"` with DER_NONEXIST when it is
   * not; atomically across processes.
   */
  async put(key: Key, value: In<V> | null, o?: Call & { if?: "absent" | "present" | undefined }): Promise<void> {
    try {
      const condition = checkCondition(o?.if);
      if (await this.#parts.kv.put(encodeKey(key), encodePut(this.#parts, value), condition, o)) return;
      throw new DaosError(condition === "absent" ? "DER_EXIST" : "DER_NONEXIST", CONTEXT.put);
    } catch (e) {
      throw inContext(CONTEXT.put, e);
    }
  }

  /**
   * Reads, changes and writes back, atomically across processes: when someone else changed the value meanwhile, `fn` is
   * called again with the newer one.
   *
   * @param fn - gets the value, or `undefined` when the key is missing; gives the new one, `null` deletes. Not async.
   * @returns what was stored, `undefined` when the key was deleted.
   */
  async modify(key: Key, fn: (old: V | undefined) => In<V> | null, o?: Call): Promise<V | undefined> {
    return this.#inTurn(o, () => {
      // Text, which nobody changes while it waits.
      const text = decodeKey(encodeKey(key));
      return [`key ${text}`, algorithms.modify(this.#parts, text, fn, o)];
    });
  }

  /** The value of the key; when it is missing, `value` is stored first. Atomic across processes: all get the same one. */
  async getOrInsert(key: Key, value: In<V>, o?: Call): Promise<V> {
    return this.#run(CONTEXT.put, algorithms.getOrInsert(this.#parts, key, value, o));
  }

  /** As `getOrInsert`, with a value that is made only when it is needed. When another process is faster, its value wins. */
  async getOrInsertComputed(key: Key, fn: (key: string) => In<V> | Promise<In<V>>, o?: Call): Promise<V> {
    return this.#run(CONTEXT.put, algorithms.getOrInsertComputed(this.#parts, key, fn, o));
  }

  /** Deletes the key; resolves to whether it was there. */
  async delete(key: Key, o?: Call): Promise<boolean> {
    try {
      return await this.#parts.kv.remove(encodeKey(key), o);
    } catch (e) {
      throw inContext(CONTEXT.put, e);
    }
  }

  /** Takes the value out: deletes the key and gives what it had. Atomic: of two takers, one gets it. */
  async pop(key: Key, o?: Call): Promise<V | undefined> {
    try {
      const bytes = await this.#parts.kv.take(encodeKey(key), o);
      return bytes === undefined ? undefined : this.#parts.values.decode(bytes, key);
    } catch (e) {
      throw inContext(CONTEXT.put, e);
    }
  }

  /** Takes some record out (the first one, where keys are in order), or gives `undefined` when there is none. */
  async popitem(o?: Call): Promise<[string, V] | undefined> {
    return this.#inTurn(o, () => ["first", algorithms.popitem(this.#parts, o)]);
  }

  /**
   * Stores many records; `null` deletes one. A record, a Map or an array is one batch: checked as a whole before
   * anything is written, and all or nothing where the engine can (local). Other iterables, also async ones, are streamed:
   * memory holds a few batches of them, and a failure leaves the batches before it written.
   */
  bput(entries: Pairs<In<V> | null>, o?: Bulk): Promise<void>;
  bput<K extends string | number>(record: Rec<K, In<V> | null>, o?: Bulk): Promise<void>;
  async bput(entries: unknown, o?: Bulk): Promise<void> {
    await this.#run(CONTEXT.put, algorithms.bput(this.#parts, entries, o));
  }

  /**
   * Looks many keys up. Keys (or a Map, for its keys) give a Map of those that were found; a record gives a record with
   * the same keys, `undefined` for those that are missing.
   */
  bget(keys: Iterable<Key> & object, o?: Bulk): Promise<Map<string, V>>;
  bget(keys: ReadonlyMap<Key, unknown>, o?: Bulk): Promise<Map<string, V>>;
  bget<K extends string | number>(record: Rec<K, unknown>, o?: Bulk): Promise<{ [P in K]: V | undefined }>;
  async bget(keys: unknown, o?: Bulk): Promise<Map<string, V> | Record<string, V | undefined>> {
    return this.#run(CONTEXT.get, algorithms.bget(this.#parts, keys, o));
  }

  /** How many keys there are. Costs the same however many, where the engine can (local). */
  async size(o?: Call): Promise<number> {
    try {
      return await this.#parts.kv.count(o);
    } catch (e) {
      throw inContext(CONTEXT.list, e);
    }
  }

  /** Whether there is no key; does not count them. */
  async isEmpty(o?: Call): Promise<boolean> {
    return (await this.#run(CONTEXT.list, algorithms.firstKey(this.#parts, o))) === undefined;
  }

  /** Walks the keys, in the order of their UTF-8 bytes where the engine can. A page is in memory at a time. Not a snapshot. */
  async *keys(o?: Range): AsyncGenerator<string, undefined> {
    for await (const page of this.#pages(o, true)) for (const [key] of page) yield keyText(key);
    return undefined;
  }

  /** Walks the values, in the order of their keys. */
  async *values(o?: Range): AsyncGenerator<V, undefined> {
    const { values } = this.#parts;
    for await (const page of this.#pages(o, false)) for (const [key, value] of page) yield values.decode(value, key);
    return undefined;
  }

  /** Walks the records. */
  async *entries(o?: Range): AsyncGenerator<[string, V], undefined> {
    const { values } = this.#parts;
    for await (const page of this.#pages(o, false))
      for (const [key, value] of page) yield [keyText(key), values.decode(value, key)];
    return undefined;
  }

  /** Walks the records. */
  [Symbol.asyncIterator](): AsyncGenerator<[string, V], undefined> {
    return this.entries();
  }

  /** Everything, as a Map in memory. */
  async dump(o?: Bulk): Promise<Map<string, V>> {
    return this.#run(CONTEXT.list, algorithms.dump(this.#parts, o));
  }

  /** Deletes every key, atomically. */
  async clear(o?: Bulk): Promise<void> {
    await this.#run(CONTEXT.put, algorithms.clear(this.#parts, o));
  }

  /**
   * Whether `other` has the same records: text and bytes are compared as bytes, values of other encodings as values.
   * Stops at the first difference.
   */
  async equals(other: Pairs<In<V>> | Rec<string, In<V>>, o?: Bulk): Promise<boolean> {
    return this.#run(CONTEXT.list, algorithms.equals(this.#parts, other, o));
  }

  /** The name. */
  toString(): string {
    return this.name;
  }

  /** Name and id, as the shell shows them; does no I/O. */
  [inspect.custom](): string {
    return `DDict(${inspect(this.name)}) [${this.oid}]`;
  }

  async *#pages(o: Range | undefined, keysOnly: boolean): AsyncGenerator<Listed, void, void> {
    try {
      for (const page of algorithms.pages(this.#parts, o, keysOnly, o)) yield await runAsync(page);
    } catch (e) {
      throw inContext(CONTEXT.list, e);
    }
  }

  /** Runs a write that is to take turns with others like it on the same subject. */
  async #inTurn<T>(o: Call | undefined, write: () => readonly [subject: string, steps: Steps<T>]): Promise<T> {
    try {
      const [subject, steps] = write();
      return await this.#turns.take(`${this.oid} ${subject}`, o, () => runAsync(steps));
    } catch (e) {
      throw inContext(CONTEXT.put, e);
    }
  }

  async #run<T>(context: string, steps: Steps<T>): Promise<T> {
    try {
      return await runAsync(steps);
    } catch (e) {
      throw inContext(context, e);
    }
  }
}
