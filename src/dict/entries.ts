/** What bulk calls take (records, Maps, arrays, iterables) and how it becomes operations of the contract. Pure. */
import { types } from "node:util";
import type { Op } from "../engine/contract.ts";
import { DaosError } from "../errors.ts";
import type { Values } from "./encoding.ts";
import { encodeKey, type Key } from "./key.ts";

/** Pairs of key and value, by an iterable of either kind. */
export type Pairs<I> = Iterable<readonly [Key, I]> | AsyncIterable<readonly [Key, I]>;
/** Pairs of key and value, by a blocking iterable. */
export type SyncPairs<I> = Iterable<readonly [Key, I]>;
/** A plain object. */
export type Rec<K extends string | number, I> = { readonly [P in K]: I };

/** How many records a streamed bulk call handles at a time, and how many bytes at most. */
export const BATCH_ENTRIES = 1000;
const BATCH_BYTES = 1024 * 1024;

/** What one bulk call was given. */
export type Source =
  /** In memory as it is: applied as one batch. */
  | { readonly type: "whole"; readonly entries: Iterable<unknown> }
  /** Made while it is read: applied in batches. */
  | { readonly type: "stream"; readonly entries: Iterable<unknown> }
  | { readonly type: "asyncStream"; readonly entries: AsyncIterable<unknown> };

/** What kind of entries these are. TypeError for what is none. */
export function sourceOf(entries: unknown, what: string): Source {
  if (typeof entries === "object" && entries !== null) {
    refusePromise(entries, what);
    // `isMap` and not `instanceof`: a blocking DDict is a Map in name, but far bigger than memory.
    if (Array.isArray(entries) || types.isMap(entries)) return { type: "whole", entries };
    if (Symbol.asyncIterator in entries) return { type: "asyncStream", entries: entries as AsyncIterable<unknown> };
    if (Symbol.iterator in entries) return { type: "stream", entries: entries as Iterable<unknown> };
    return { type: "whole", entries: Object.entries(entries) };
  }
  throw new TypeError(
    `${what} takes a record, a Map or pairs of key and value, not ${entries === null ? "null" : typeof entries}`,
  );
}

/** Keys that a bulk read was given, and whether the answer is a record. */
export interface KeySource {
  readonly keys: Iterable<Key>;
  readonly isRecord: boolean;
}

/** The keys to look up. TypeError for a lone string: its characters are hardly what was meant. */
export function keySourceOf(keys: unknown): KeySource {
  if (typeof keys === "object" && keys !== null) {
    refusePromise(keys, "bget");
    // It would pass for a record without keys, or with those of the object.
    if (Symbol.asyncIterator in keys && !(Symbol.iterator in keys))
      throw new TypeError("bget takes keys in memory, not an async iterable; write await Array.fromAsync(keys)");
    if (types.isMap(keys)) return { keys: keys.keys() as Iterable<Key>, isRecord: false };
    if (Symbol.iterator in keys) return { keys: keys as Iterable<Key>, isRecord: false };
    return { keys: Object.keys(keys), isRecord: true };
  }
  throw new TypeError(
    `bget takes keys, a Map or a record, not ${typeof keys === "string" ? "a lone string; write [key]" : String(keys)}`,
  );
}

/** TypeError for a promise: it would pass for a record without entries. */
function refusePromise(given: object, what: string): void {
  if (types.isPromise(given)) throw new TypeError(`${what} was given a promise; await it first`);
}

/** One record as an operation; an empty encoding removes, as `null` does. */
export function encodeEntry(entry: unknown, values: Values<unknown>, maxValueBytes: number): Op {
  if (!Array.isArray(entry)) throw new TypeError("an entry is a pair [key, value]");
  const [key, value] = entry as unknown as readonly [Key, unknown];
  return [encodeKey(key), value === null ? null : encodeValue(value, values, maxValueBytes)];
}

/** One record as an operation that the caller can no longer change: for what is written after the call has returned. */
export function encodeKept(entry: unknown, values: Values<unknown>, maxValueBytes: number): Op {
  const [key, value] = encodeEntry(entry, values, maxValueBytes);
  const given = entry as readonly [Key, unknown];
  return [kept(key, given[0]), value === null ? null : kept(value, given[1])];
}

/** `bytes` in memory of our own. Text was encoded into such memory; bytes that were given may be changed, or used again. */
export function kept(bytes: Uint8Array, given: unknown): Uint8Array {
  return typeof given === "string" ? bytes : Buffer.from(bytes);
}

/** The bytes of a value. TypeError for a value that the encoding cannot hold, DER_REC2BIG for one that is too big. */
export function encodeValue(value: unknown, values: Values<unknown>, maxValueBytes: number): Uint8Array {
  const bytes = values.encode(value);
  if (bytes.length === 0) refuseLost(bytes);
  if (bytes.length > maxValueBytes)
    throw new DaosError("DER_REC2BIG", "failed to store KV value", {
      detail: `the value has ${bytes.length} bytes, the most is ${maxValueBytes}`,
    });
  return bytes;
}

/**
 * TypeError for bytes whose memory is gone, transferred to another thread or cut off: they have the length 0 as well, and
 * were not meant to delete.
 */
function refuseLost(bytes: Uint8Array): void {
  try {
    bytes.keys();
  } catch (e) {
    throw new TypeError("the memory of the value is gone: its buffer was transferred or resized", { cause: e });
  }
}

/** All entries as operations: the first bad one throws, before anything is written. */
export function encodeAll(entries: Iterable<unknown>, values: Values<unknown>, maxValueBytes: number): Op[] {
  const ops: Op[] = [];
  for (const entry of entries) ops.push(encodeEntry(entry, values, maxValueBytes));
  return ops;
}

/** Gathers operations until they are worth a call. */
export class Batch {
  #ops: Op[] = [];
  #bytes = 0;

  /** Adds one; whether the batch is full now. */
  add(op: Op): boolean {
    this.#ops.push(op);
    this.#bytes += op[0].length + (op[1]?.length ?? 0);
    return this.#ops.length >= BATCH_ENTRIES || this.#bytes >= BATCH_BYTES;
  }

  /** What was gathered; the batch starts anew. */
  take(): Op[] {
    const ops = this.#ops;
    this.#ops = [];
    this.#bytes = 0;
    return ops;
  }
}
