/** Values of dictionaries: what goes in, what comes out. The encoding is the opener's view; it is not stored. */
import { isDeepStrictEqual } from "node:util";
import { DaosError } from "../errors.ts";
import type { Key } from "./key.ts";

/** Bytes that come out: a Buffer over memory of its own, never pooled, never shared. */
export type Bytes = Buffer<ArrayBuffer>;

/** What may be put where `V` comes out: where bytes come out, text may go in, as its UTF-8 bytes. */
export type In<V> = [V] extends [Uint8Array] ? V | string | Uint8Array : V;

/** What `valueEncoding: "json"` holds. There is no `null` at the top: `null` deletes. */
export type Json = string | number | boolean | Json[] | { [key: string]: Json | null };

/** A value encoding of one's own. An `encode` that gives nothing (`""`, no bytes) makes `put` delete the key. */
export interface Codec<V> {
  /** The bytes of a value; text stands for its UTF-8 bytes. */
  encode(value: V): string | Uint8Array;
  /** The value of bytes that came from storage. */
  decode(bytes: Bytes): V;
}

/** A schema of the Standard Schema specification, version 1 (https://standardschema.dev): zod, valibot, arktype, ... */
export interface StandardSchema<V> {
  /** What the specification asks of a schema; `validate` gives `{ value }` or `{ issues }`, not a promise. */
  readonly "~standard": {
    readonly version: 1;
    validate(v: unknown): unknown;
    readonly types?: { readonly output: V } | undefined;
  };
}

/** How the opener sees the values: bytes when nothing is said. */
export type ValueEncoding<V> = "utf8" | "json" | Codec<V> | undefined;

/** Encodes, decodes and compares the values of one dictionary. */
export interface Values<V> {
  /** The bytes of a value. TypeError for one that the encoding cannot hold. May be empty. */
  encode(value: unknown): Uint8Array;
  /** The value of stored bytes, whose memory it may keep. */
  decode(bytes: Uint8Array, key: Key): V;
  /** Whether stored bytes stand for `value`. */
  matches(stored: Uint8Array, value: unknown, key: Key): boolean;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * JSON values checked by a schema when they are written and when they are read; without a schema, any JSON.
 *
 * Writing a value that the schema refuses is a TypeError; reading one is DER_INVAL. A schema that validates
 * asynchronously is a TypeError.
 *
 * @param schema - decides what is a value; what it makes of stored JSON (defaults, coercions) is what comes out.
 */
export function json<V extends {}>(schema?: StandardSchema<V>): Codec<V> {
  return {
    encode(value: V): string {
      const issues = validate(schema, value).issues;
      if (issues !== undefined) throw new TypeError(`the value does not match the schema: ${issues}`);
      return stringify(value);
    },
    decode(bytes: Bytes): V {
      const { value, issues } = validate(schema, parseJson(bytes));
      if (issues !== undefined)
        throw new DaosError("DER_INVAL", "failed to decode a value", {
          detail: `it does not match the schema: ${issues}`,
        });
      return value as V;
    },
  };
}

/** The values of a dictionary that was opened with this encoding. TypeError for something that is no encoding. */
export function valuesOf<V>(encoding: ValueEncoding<V>): Values<V> {
  if (encoding === undefined) return bytesValues as Values<unknown> as Values<V>;
  if (encoding === "utf8") return utf8Values as Values<unknown> as Values<V>;
  if (encoding === "json") return codecValues(json() as Codec<unknown> as Codec<V>);
  if (typeof encoding?.encode !== "function" || typeof encoding.decode !== "function")
    throw new TypeError(
      `valueEncoding is "utf8", "json" or an object with encode and decode, not ${describe(encoding)}`,
    );
  return codecValues(encoding);
}

/** A Buffer over the same memory. */
function asBuffer(bytes: Uint8Array): Bytes {
  return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

const bytesValues: Values<Bytes> = {
  encode(value) {
    if (value instanceof Uint8Array) return value;
    if (typeof value === "string") return encodeText(value);
    throw new TypeError(`a value is a string or a Uint8Array, not ${describe(value)}; use a valueEncoding for others`);
  },
  decode: asBuffer,
  matches(stored, value) {
    return equalBytes(stored, this.encode(value));
  },
};

const utf8Values: Values<string> = {
  encode(value) {
    if (typeof value === "string") return encodeText(value);
    throw new TypeError(`with valueEncoding "utf8" a value is a string, not ${describe(value)}`);
  },
  decode(bytes, key) {
    return decoding(key, () => strictUtf8.decode(bytes));
  },
  matches(stored, value) {
    return equalBytes(stored, this.encode(value));
  },
};

function codecValues<V>(codec: Codec<V>): Values<V> {
  return {
    encode(value) {
      if (value === undefined) throw new TypeError("undefined is no value; null deletes");
      const encoded: unknown = codec.encode(value as V);
      if (typeof encoded === "string") return encodeText(encoded);
      if (encoded instanceof Uint8Array) return encoded;
      throw new TypeError(`encode of a valueEncoding gives a string or a Uint8Array, not ${describe(encoded)}`);
    },
    decode(bytes, key) {
      return decoding(key, () => codec.decode(asBuffer(bytes)));
    },
    // Compared as values: the order of an object's keys, say, is not part of a JSON value.
    matches(stored, value, key) {
      const bytes = this.encode(value);
      if (equalBytes(stored, bytes)) return true;
      return isDeepStrictEqual(this.decode(stored, key), this.decode(bytes, key));
    },
  };
}

function decoding<V>(key: Key, decode: () => V): V {
  try {
    return decode();
  } catch (e) {
    const shown = JSON.stringify(typeof key === "string" ? key : asBuffer(key).toString("utf8"));
    const detail = DaosError.is(e) ? e.detail : e instanceof Error ? e.message : String(e);
    // The key in the detail, which stays when the caller puts the context in other words.
    throw new DaosError("DER_INVAL", "failed to decode a value", {
      cause: e,
      detail: `the value of ${shown}: ${detail}`,
    });
  }
}

function encodeText(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new TypeError("the value has a lone surrogate, which has no UTF-8 form");
  return Buffer.from(text, "utf8");
}

function stringify(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined || text === "null")
    throw new TypeError(`${describe(value)} has no JSON form that could be stored`);
  return text;
}

function parseJson(bytes: Bytes): unknown {
  return JSON.parse(strictUtf8.decode(bytes));
}

function validate(
  schema: StandardSchema<unknown> | undefined,
  input: unknown,
): { value: unknown; issues: string | undefined } {
  if (schema === undefined) return { value: input, issues: undefined };
  const result = schema["~standard"].validate(input);
  if (typeof (result as PromiseLike<unknown> | undefined)?.then === "function")
    throw new TypeError("the schema validates asynchronously; only synchronous schemas can be used here");
  const { value, issues } = result as {
    value: unknown;
    issues?: readonly { message: string; path?: readonly unknown[] }[];
  };
  return { value, issues: issues?.map((i) => i.message).join("; ") };
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "number" || typeof value === "bigint") return `the ${typeof value} ${value}`;
  return typeof value === "object" ? `an object (${value.constructor?.name ?? "no constructor"})` : typeof value;
}
