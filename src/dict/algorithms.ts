/** What a dictionary does beyond single calls of the contract, once for both faces. See `engine/steps.ts`. */
import type { Capabilities, Cond, Face, Kv, ListQuery, Op, Page } from "../engine/contract.ts";
import { stepUntilAbort } from "../engine/signal.ts";
import { type Steps, step } from "../engine/steps.ts";
import { DaosError } from "../errors.ts";
import type { Values } from "./encoding.ts";
import { BATCH_ENTRIES, Batch, encodeAll, encodeKept, encodeValue, kept, keySourceOf, sourceOf } from "./entries.ts";
import { decodeKey, encodeKey, type Key, keyText } from "./key.ts";
import type { Bulk, Call } from "./options.ts";
import { inRange, type KeyRange, parseRange, type Range } from "./range.ts";

/** PyDAOS's words for what failed. */
export const CONTEXT = {
  get: "failed to retrieve KV value",
  put: "failed to store KV value",
  list: "failed to enumerate Dictionary",
} as const;

/** What a dictionary is made of. */
export interface DictParts<S extends Face, V> {
  readonly name: string;
  readonly oid: string;
  readonly kv: Kv<S>;
  readonly values: Values<V>;
  readonly capabilities: Capabilities;
}

type Parts<V> = DictParts<Face, V>;
type Stored = Uint8Array | undefined;

/** As a value where one is expected, removes the key: the contract has no empty values. */
const NOTHING = new Uint8Array(0);

/** The bytes to put: none for `null`, which deletes. */
export function encodePut<V>({ values, capabilities }: Parts<V>, value: unknown): Uint8Array {
  return value === null ? NOTHING : encodeValue(value, values, capabilities.maxValueBytes);
}

/** The bytes of a value that is to be there afterwards. TypeError for an empty one. */
export function encodeStorable<V>(parts: Parts<V>, value: unknown): Uint8Array {
  const bytes = encodeValue(value, parts.values, parts.capabilities.maxValueBytes);
  if (bytes.length === 0) throw new TypeError("an empty value cannot be stored; put it to delete the key");
  return bytes;
}

/** The value of bytes that the caller goes on using. */
function decodeCopy<V>(parts: Parts<V>, bytes: Uint8Array, key: Key): V {
  return parts.values.decode(Uint8Array.from(bytes), key);
}

/** TypeError for a promise where a value is needed: some encodings would store it as if it were one. */
function notPromised(value: unknown): unknown {
  if (typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function")
    throw new TypeError("the function gave a promise where a value is needed; it must not be async here");
  return value;
}

/** Compare-and-set until it holds. */
export function* modify<V>(
  parts: Parts<V>,
  key: Key,
  fn: (old: V | undefined) => unknown,
  o?: Call,
): Steps<V | undefined> {
  const k = kept(encodeKey(key), key);
  for (;;) {
    const was: Stored = yield* step<Stored>(parts.kv.get(k, o));
    const value = notPromised(fn(was === undefined ? undefined : decodeCopy(parts, was, k)));
    const bytes = kept(encodePut(parts, value), value);
    if (bytes.length === 0 && was === undefined) return undefined;
    const cond: Cond = was === undefined ? "absent" : { was };
    if (yield* step<boolean>(parts.kv.put(k, bytes, cond, o)))
      return bytes.length === 0 ? undefined : decodeCopy(parts, bytes, k);
  }
}

/** The value of the key; `value` is stored first when it is missing. */
export function* getOrInsert<V>(parts: Parts<V>, key: Key, value: unknown, o?: Call): Steps<V> {
  const bytes = kept(encodeStorable(parts, notPromised(value)), value);
  // biome-ignore lint/correctness/useYield: an algorithm that has nothing to wait for.
  function* encoded(): Steps<Uint8Array> {
    return bytes;
  }
  return yield* insertMissing(parts, key, encoded, o);
}

/** The value of the key; what `make` gives is stored first when it is missing. `make` is called at most once. */
export function* getOrInsertComputed<V>(parts: Parts<V>, key: Key, make: (key: string) => unknown, o?: Call): Steps<V> {
  function* computed(k: Uint8Array): Steps<Uint8Array> {
    const value = notPromised(yield* stepUntilAbort<unknown>(make(decodeKey(k)), o));
    return kept(encodeStorable(parts, value), value);
  }
  return yield* insertMissing(parts, key, computed, o);
}

function* insertMissing<V>(
  parts: Parts<V>,
  key: Key,
  make: (key: Uint8Array) => Steps<Uint8Array>,
  o: Call | undefined,
): Steps<V> {
  const k = kept(encodeKey(key), key);
  let bytes: Stored;
  for (;;) {
    const found: Stored = yield* step<Stored>(parts.kv.get(k, o));
    if (found !== undefined) return parts.values.decode(found, k);
    bytes ??= yield* make(k);
    if (yield* step<boolean>(parts.kv.put(k, bytes, "absent", o))) return decodeCopy(parts, bytes, k);
  }
}

/** Some record, taken out. */
export function* popitem<V>(parts: Parts<V>, o?: Call): Steps<[string, V] | undefined> {
  for (;;) {
    const key: Stored = yield* firstKey(parts, o);
    if (key === undefined) return undefined;
    // Someone else may be faster; then the search begins anew.
    const bytes: Stored = yield* step<Stored>(parts.kv.take(key, o));
    if (bytes !== undefined) return [decodeKey(key), parts.values.decode(bytes, key)];
  }
}

/** The first key that the engine lists. */
export function* firstKey<V>(parts: Parts<V>, o?: Call): Steps<Stored> {
  for (let after: Stored; ; ) {
    const page: Page = yield* step<Page>(parts.kv.list({ after, limit: 1, keysOnly: true }, o));
    const key = page.entries[0]?.[0];
    if (key !== undefined || page.next === undefined) return key;
    after = page.next;
  }
}

/** Stores many records: those in memory as one batch, iterables in batches. */
export function* bput<V>(parts: Parts<V>, entries: unknown, o?: Bulk): Steps<void> {
  o?.signal?.throwIfAborted();
  const { values, capabilities, kv } = parts;
  const source = sourceOf(entries, "bput");
  if (source.type !== "whole") {
    yield* stream(parts, iteratorOf(source.entries), o);
    return;
  }
  const ops = encodeAll(source.entries, values, capabilities.maxValueBytes);
  // Also when there is nothing to store: a handle that is closed or of a destroyed object is refused all the same.
  yield* step(kv.batch(ops, o));
  o?.onProgress?.(ops.length, ops.length);
}

/** Looks many keys up. */
export function* bget<V>(
  parts: Parts<V>,
  keys: unknown,
  o?: Bulk,
): Steps<Map<string, V> | Record<string, V | undefined>> {
  o?.signal?.throwIfAborted();
  const source = keySourceOf(keys);
  const texts: string[] = [];
  const encoded: Uint8Array[] = [];
  for (const key of source.keys) {
    const bytes = kept(encodeKey(key), key);
    encoded.push(bytes);
    texts.push(typeof key === "string" ? key : decodeKey(bytes));
  }
  const found = new Map<string, V>();
  const atATime = parts.kv.keysOfACall ?? BATCH_ENTRIES;
  let from = 0;
  do {
    const some: Stored[] = yield* step<Stored[]>(parts.kv.getMany(encoded.slice(from, from + atATime), o));
    for (let i = 0; i < some.length; i++) {
      const bytes = some[i];
      const text = texts[from + i]!;
      if (bytes !== undefined) found.set(text, parts.values.decode(bytes, text));
    }
    from = Math.min(from + atATime, encoded.length);
    o?.onProgress?.(from, encoded.length);
  } while (from < encoded.length);
  return source.isRecord ? Object.fromEntries(texts.map((text) => [text, found.get(text)])) : found;
}

/** Everything, in memory. */
export function* dump<V>(parts: Parts<V>, o?: Bulk): Steps<Map<string, V>> {
  const all = new Map<string, V>();
  const total = o?.onProgress === undefined ? undefined : yield* step<number>(parts.kv.count(o));
  for (const page of pages(parts, undefined, false, o)) {
    const entries = yield* page;
    for (const [key, value] of entries) all.set(keyText(key), parts.values.decode(value, key));
    o?.onProgress?.(all.size, total);
  }
  return all;
}

/** Deletes every key. */
export function* clear<V>(parts: Parts<V>, o?: Bulk): Steps<void> {
  const total = o?.onProgress === undefined ? undefined : yield* step<number>(parts.kv.count(o));
  yield* step(parts.kv.clear(o));
  if (total !== undefined) o?.onProgress?.(total, total);
}

/** Whether `other` has the same records. Stops at the first difference. */
export function* equals<V>(parts: Parts<V>, other: unknown, o?: Bulk): Steps<boolean> {
  o?.signal?.throwIfAborted();
  const source = sourceOf(other, "equals");
  const total: number = yield* step<number>(parts.kv.count(o));
  const seen = new Set<string>();
  const iterator = iteratorOf(source.entries);
  for (let ended = false; !ended; ) {
    const batch: [Uint8Array, unknown][] = [];
    while (batch.length < BATCH_ENTRIES) {
      const next: IteratorResult<unknown> = yield* stepUntilAbort(iterator.next(), o);
      if (next.done) {
        ended = true;
        break;
      }
      if (!Array.isArray(next.value)) throw new TypeError("an entry is a pair [key, value]");
      const [key, value] = next.value as [Key, unknown];
      // The iterable may use its memory again for the next one.
      batch.push([kept(encodeKey(key), key), value instanceof Uint8Array ? Buffer.from(value) : value]);
    }
    const keys = batch.map(([key]) => key);
    const stored: Stored[] = yield* step<Stored[]>(parts.kv.getMany(keys, o));
    for (let i = 0; i < batch.length; i++) {
      const [key, value] = batch[i]!;
      const bytes = stored[i];
      if (bytes === undefined || !parts.values.matches(bytes, value, key)) {
        yield* leave(iterator, o);
        return false;
      }
      seen.add(decodeKey(key));
    }
    o?.onProgress?.(seen.size, total);
  }
  return seen.size === total;
}

/** The records of a page; keys are text where the engine has them so. */
export type Listed = readonly (readonly [key: Key, value: Uint8Array])[];

/**
 * The pages of a part of the dictionary; each is an algorithm that ends with its records. They are to be run one after
 * the other, each before the next one is asked for.
 */
export function* pages<V>(
  parts: Parts<V>,
  range: Range | undefined,
  keysOnly: boolean,
  o: Call | undefined,
): Generator<Steps<Listed>, void, void> {
  const { capabilities, kv } = parts;
  const parsed = parseRange(range);
  const query = pageQuery(parsed, capabilities);
  const most = keysOnly ? (kv.keysOfACall ?? BATCH_ENTRIES) : BATCH_ENTRIES;
  const filtered = !capabilities.orderedKeys && (parsed.start !== undefined || parsed.end !== undefined);
  let left = parsed.total;
  let after: Stored;
  let ended = left === 0;
  function* page(): Steps<Listed> {
    const q: ListQuery = { ...query, after, keysOnly, limit: Math.min(left, most) };
    const { entries, next }: Page | Page<string> = yield* step<Page | Page<string>>(
      kv.listText === undefined ? kv.list(q, o) : kv.listText(q, o),
    );
    const found: Listed = filtered ? (entries as Listed).filter(([key]) => inRange(encodeKey(key), parsed)) : entries;
    const wanted = found.length > left ? found.slice(0, left) : found;
    left -= wanted.length;
    after = next;
    ended = next === undefined || left === 0;
    return wanted;
  }
  while (!ended) yield page();
}

/** The part of a query that all pages share. DER_NOSYS for an order that the engine does not keep. */
function pageQuery(range: KeyRange, capabilities: Capabilities): Pick<ListQuery, "start" | "end" | "reverse"> {
  if (capabilities.orderedKeys) return { start: range.start, end: range.end, reverse: range.reverse };
  if (range.reverse)
    throw new DaosError("DER_NOSYS", CONTEXT.list, { detail: "this engine keeps keys in no order to be reversed" });
  return {};
}

/** Writes one batch while the next one is gathered. */
function* stream<V>(parts: Parts<V>, iterator: AnyIterator, o: Bulk | undefined): Steps<void> {
  const { kv, values, capabilities } = parts;
  const batch = new Batch();
  let writing: unknown;
  let done = 0;
  let inFlight = 0;
  function* write(ops: Op[]): Steps<void> {
    yield* written();
    inFlight = ops.length;
    writing = kv.batch(ops, o);
    // A failure is told of when it is awaited.
    if (writing instanceof Promise) writing.catch(() => {});
  }
  function* written(): Steps<void> {
    yield* step(writing);
    done += inFlight;
    if (inFlight > 0) o?.onProgress?.(done, undefined);
  }
  try {
    for (;;) {
      const next: IteratorResult<unknown> = yield* stepUntilAbort(iterator.next(), o);
      if (next.done) break;
      if (batch.add(encodeKept(next.value, values, capabilities.maxValueBytes))) yield* write(batch.take());
    }
  } catch (e) {
    yield* leave(iterator, o);
    yield* step(writing);
    throw e;
  }
  const rest = batch.take();
  // An empty stream is written as well, to be refused where any other would be.
  if (rest.length > 0 || inFlight === 0) yield* write(rest);
  yield* written();
}

/** Tells an iterator that no more is wanted, and waits until it has cleaned up; after an abort it cleans up by itself. */
function* leave(iterator: AnyIterator, o: Call | undefined): Steps<void> {
  const left = iterator.return?.();
  if (o?.signal?.aborted !== true) yield* step<unknown>(left);
  else if (left instanceof Promise) left.catch(() => {});
}

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

function iteratorOf(entries: Iterable<unknown> | AsyncIterable<unknown>): AnyIterator {
  return Symbol.asyncIterator in entries ? entries[Symbol.asyncIterator]() : entries[Symbol.iterator]();
}
