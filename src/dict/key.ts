/** Keys of dictionaries and names of objects: UTF-8, 1 byte to 64 KiB, no NUL (DAOS keys are C strings). */
import { DaosError } from "../errors.ts";

/** A key going in: text, or its UTF-8 bytes. Both forms name the same record. */
export type Key = string | Uint8Array;

/** The most bytes that a key may have. */
export const KEY_MAX_BYTES = 65_536;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The bytes of `key`.
 *
 * @throws TypeError for what is neither text nor bytes; DaosError DER_INVAL for an empty key, a NUL, a lone surrogate
 * or bytes that are not UTF-8; DER_KEY2BIG above 64 KiB.
 */
export function encodeKey(key: Key): Uint8Array {
  if (typeof key === "string") {
    // A string of n UTF-16 units has at most 3n bytes: short keys, nearly all of them, need no second look.
    if (key.length === 0 || key.includes("\0") || !key.isWellFormed()) throw badKey(key);
    const bytes = Buffer.from(key, "utf8");
    if (bytes.length > KEY_MAX_BYTES) throw keyTooBig(bytes.length);
    return bytes;
  }
  if (!(key instanceof Uint8Array))
    throw new TypeError(`a key is a string or a Uint8Array, not ${key === null ? "null" : typeof key}`);
  if (key.length > KEY_MAX_BYTES) throw keyTooBig(key.length);
  if (key.length === 0 || key.includes(0) || !isUtf8(key)) throw badKey(key);
  return key;
}

/** The text of key bytes that came from storage. */
export function decodeKey(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

/** The text of a key as the caller gave it; the key must have passed {@link encodeKey}. */
export function keyText(key: Key): string {
  return typeof key === "string" ? key : decodeKey(key);
}

/** Throws TypeError or DER_INVAL unless `name` can name an object; names follow the rules of keys and never form a path. */
export function checkName(name: unknown, context: string): asserts name is string {
  if (typeof name !== "string") throw new TypeError(`the name of an object is a string, not ${typeof name}`);
  try {
    encodeKey(name);
  } catch (e) {
    if (!DaosError.is(e)) throw e;
    throw new DaosError(e.code, context, { detail: e.detail?.replace("the key", "the name") });
  }
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function badKey(key: Key): DaosError<"DER_INVAL"> {
  const what =
    key.length === 0
      ? "the key is empty"
      : (typeof key === "string" ? key.includes("\0") : key.includes(0))
        ? "the key contains NUL"
        : typeof key === "string"
          ? "the key has a lone surrogate, which has no UTF-8 form"
          : "the key is not UTF-8";
  return new DaosError("DER_INVAL", "invalid key", { detail: what });
}

function keyTooBig(bytes: number): DaosError<"DER_KEY2BIG"> {
  return new DaosError("DER_KEY2BIG", "invalid key", { detail: `${bytes} bytes, the most is ${KEY_MAX_BYTES}` });
}
