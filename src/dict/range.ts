/** Which part of a dictionary to walk: pure. Keys are in the order of their UTF-8 bytes. */
import type { ListQuery } from "../engine/contract.ts";
import { DaosError } from "../errors.ts";

/** A part of a dictionary, for engines that keep keys in order (local, rados). */
export interface Range {
  /** Aborts the walk. */
  signal?: AbortSignal | undefined;
  /** Only keys that begin with this text. */
  prefix?: string | undefined;
  /** The first key, included. */
  start?: string | undefined;
  /** The key to stop before. */
  end?: string | undefined;
  /** At most this many. */
  limit?: number | undefined;
  /** From the last key to the first. */
  reverse?: boolean | undefined;
}

/** A range in bytes. */
export interface KeyRange extends Pick<ListQuery, "start" | "end" | "reverse"> {
  /** How many records at most; may be Infinity. */
  readonly total: number;
}

/** The range in bytes. TypeError or DER_INVAL for one that makes no sense. */
export function parseRange(range: Range | undefined): KeyRange {
  if (range === undefined) return { total: Number.POSITIVE_INFINITY };
  if (typeof range !== "object" || range === null)
    throw new TypeError("a range is an object such as { prefix, limit }");
  const { prefix, start, end, limit, reverse } = range;
  const total = limit ?? Number.POSITIVE_INFINITY;
  if (!(total === Number.POSITIVE_INFINITY || (Number.isInteger(total) && total >= 0)))
    throw new DaosError("DER_INVAL", "invalid range", { detail: `limit is a whole number, not ${limit}` });
  const prefixBytes = bound(prefix, "prefix");
  return {
    start: later(bound(start, "start"), prefixBytes),
    end: earlier(bound(end, "end"), prefixBytes && afterPrefix(prefixBytes)),
    reverse: reverse === true,
    total,
  };
}

/** Whether a key is in the range: for engines whose keys have no order. */
export function inRange(key: Uint8Array, { start, end }: KeyRange): boolean {
  return (
    (start === undefined || Buffer.compare(key, start) >= 0) && (end === undefined || Buffer.compare(key, end) < 0)
  );
}

function bound(text: string | undefined, what: string): Uint8Array | undefined {
  if (text === undefined) return undefined;
  if (typeof text !== "string") throw new TypeError(`${what} of a range is a string, not ${typeof text}`);
  if (!text.isWellFormed())
    throw new DaosError("DER_INVAL", "invalid range", { detail: `${what} has a lone surrogate` });
  return Buffer.from(text, "utf8");
}

/** The first bytes after all that begin with `prefix`: UTF-8 has no byte 0xff, so the last one can always go up by one. */
function afterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  if (prefix.length === 0) return undefined;
  const after = Uint8Array.from(prefix);
  after[after.length - 1]! += 1;
  return after;
}

function later(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Buffer.compare(a, b) >= 0 ? a : b;
}

function earlier(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Buffer.compare(a, b) <= 0 ? a : b;
}
