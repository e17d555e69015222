/** Keys, values and expectations that the suite's tests share. */
import assert from "node:assert/strict";
import { DaosError, type DerCode } from "../../errors.ts";
import type { Container, Face, Kv, Page } from "../contract.ts";

/** UTF-8 bytes in memory of their own. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Text of UTF-8 bytes; `undefined` stays what it is. */
export function text(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
}

/** `n` bytes, no two neighbours and no two seeds alike: a shift or a mix-up shows. */
export function pattern(n: number, seed = 1): Uint8Array<ArrayBuffer> {
  const value = new Uint8Array(n);
  let x = (seed * 2_654_435_761) >>> 0 || 1;
  for (let i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    value[i] = x;
  }
  return value;
}

/** `n` keys with a common beginning, in order. */
export function keysOf(n: number, beginning = "key-"): string[] {
  return Array.from({ length: n }, (_, i) => `${beginning}${String(i).padStart(6, "0")}`);
}

/**
 * Keys that break careless code: names of an object's own members, beginnings of each other, texts that look alike, and
 * characters whose order in UTF-8 is not that of UTF-16.
 */
export const UNUSUAL_KEYS: readonly string[] = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "a",
  "ab",
  "abc",
  " ",
  "  ",
  "\t",
  "\n",
  "\u0001",
  "\u007f",
  "'; DROP TABLE records; --",
  '"',
  "\\",
  "%",
  "_",
  "..",
  "../x",
  "/",
  "\u00e9", // one character
  "e\u0301", // looks the same, is two
  "\ufeff", // the byte order mark
  "\ufeffa",
  "\uffee", // UTF-16 puts it after the emoji, UTF-8 before
  "\uffff",
  "\u{1f600}",
  "\u{1f600}a",
  "\u{10ffff}",
  "1",
  "10",
  "2",
  "null",
  "undefined",
];

/** Texts in the order of their UTF-8 bytes. */
export function inUtf8Order(texts: Iterable<string>): string[] {
  return [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Expects a DaosError with this code, thrown or as a rejection. */
export async function failsWith(code: DerCode, work: () => unknown): Promise<void> {
  const e = await failureOf(work);
  assert.ok(DaosError.is(e), `expected ${code}, got ${String(e)}`);
  assert.equal(e.code, code, e.message);
}

/** Expects a TypeError, thrown or as a rejection. */
export async function failsWithTypeError(work: () => unknown): Promise<void> {
  const e = await failureOf(work);
  assert.ok(e instanceof TypeError, `expected a TypeError, got ${String(e)}`);
}

/** What `work` throws or rejects with; fails when it does neither. */
export async function failureOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (e) {
    return e;
  }
  return assert.fail("expected a failure, there was none");
}

/** All records, by pages of at most `limit`. Fails on a page that is too long and on a listing that does not end. */
export async function listAll(
  kv: Kv<Face>,
  limit = 1000,
  query: { start?: Uint8Array; end?: Uint8Array; reverse?: boolean; keysOnly?: boolean } = {},
): Promise<[string, Uint8Array][]> {
  const all: [string, Uint8Array][] = [];
  let after: Uint8Array | undefined;
  let idle = 0;
  do {
    const page: Page = await kv.list({ ...query, after, limit });
    assert.ok(page.entries.length <= limit, `a page of ${page.entries.length} records, asked for at most ${limit}`);
    for (const [key, value] of page.entries) all.push([text(key)!, value]);
    idle = page.entries.length === 0 ? idle + 1 : 0;
    assert.ok(idle < 10_000, "the listing does not end");
    after = page.next;
  } while (after !== undefined);
  return all;
}

/** The keys that a listing gives. */
export async function listKeys(kv: Kv<Face>, limit = 1000): Promise<string[]> {
  return (await listAll(kv, limit, { keysOnly: true })).map(([key]) => key);
}

/** Every call of a key-value object that reads. */
export const READS: Readonly<Record<string, (kv: Kv<Face>, signal?: AbortSignal) => unknown>> = {
  get: (kv, signal) => kv.get(bytes("k"), { signal }),
  getMany: (kv, signal) => kv.getMany([bytes("k")], { signal }),
  has: (kv, signal) => kv.has(bytes("k"), { signal }),
  list: (kv, signal) => kv.list({ limit: 10 }, { signal }),
  listText: (kv, signal) =>
    kv.listText === undefined ? kv.list({ limit: 10 }, { signal }) : kv.listText({ limit: 10 }, { signal }),
  count: (kv, signal) => kv.count({ signal }),
};

/** Every call of a key-value object that writes. */
export const WRITES: Readonly<Record<string, (kv: Kv<Face>, signal?: AbortSignal) => unknown>> = {
  put: (kv, signal) => kv.put(bytes("k"), bytes("written"), undefined, { signal }),
  "put if absent": (kv, signal) => kv.put(bytes("new"), bytes("written"), "absent", { signal }),
  "put if present": (kv, signal) => kv.put(bytes("k"), bytes("written"), "present", { signal }),
  "put if it was": (kv, signal) => kv.put(bytes("k"), bytes("written"), { was: bytes("v") }, { signal }),
  take: (kv, signal) => kv.take(bytes("k"), { signal }),
  remove: (kv, signal) => kv.remove(bytes("k"), { signal }),
  batch: (kv, signal) => kv.batch([[bytes("k"), bytes("written")]], { signal }),
  clear: (kv, signal) => kv.clear({ signal }),
};

/** Every call of a container that reads names. */
export const NAME_READS: Readonly<Record<string, (c: Container<Face>, name: string, signal?: AbortSignal) => unknown>> =
  {
    lookup: (c, name, signal) => c.lookup(name, { signal }),
    list: (c, _, signal) => c.list(undefined, 10, { signal }),
  };

/** Every call of a container that writes names. */
export const NAME_WRITES: Readonly<
  Record<string, (c: Container<Face>, name: string, signal?: AbortSignal) => unknown>
> = {
  create: (c, name, signal) => c.create(name, { kind: "dict" }, { signal }),
  createNameless: (c, _, signal) => c.createNameless({ kind: "dict" }, { signal }),
  destroy: (c, name, signal) => c.destroy(name, { signal }),
};
