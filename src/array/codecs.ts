/** Zarr's codecs that we read and write: `bytes` (little endian), then perhaps `zstd` or `gzip`. */
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
// The whole module, not the names: Node 20 lacks some, and is to reach the sentence that says so.
import * as zlib from "node:zlib";
import type { Face, R } from "../engine/contract.ts";
import { DaosError } from "../errors.ts";
import { DTYPES, type DType } from "./dtype.ts";

/** A compression of chunks, by name or in Zarr's own form. */
export type ChunkCodec =
  | "zstd"
  | "gzip"
  | {
      readonly name: "zstd";
      readonly configuration?: { readonly level?: number; readonly checksum?: boolean } | undefined;
    }
  | { readonly name: "gzip"; readonly configuration?: { readonly level?: number } | undefined };

/** A codec as it stands in the metadata document. */
export interface CodecJson {
  readonly name: string;
  readonly configuration?: Readonly<Record<string, unknown>> | undefined;
}

/** What becomes of the bytes of a chunk on their way to the storage and back, in order. */
export type Compression =
  | { readonly name: "zstd"; readonly level: number; readonly checksum: boolean }
  | { readonly name: "gzip"; readonly level: number };

const CONTEXT = "invalid codecs";
const ZSTD_LEVELS = [-131_072, 22] as const;
const GZIP_LEVELS = [0, 9] as const;
/** Level 1 compresses floating-point data as well as higher ones do, several times faster. */
const ZSTD_LEVEL = 1;
const GZIP_LEVEL = 5;

/** The codecs that a caller asks for. TypeError or DER_INVAL for what is none. */
export function compressionsOf(codecs: readonly ChunkCodec[] | undefined): Compression[] {
  if (codecs === undefined) return [];
  if (!Array.isArray(codecs)) throw new TypeError('codecs is a list such as ["zstd"]');
  return codecs.map((codec) => compressionOf(typeof codec === "string" ? { name: codec } : (codec as CodecJson)));
}

/** The codecs of a metadata document: after `bytes`, the compressions. */
export function compressionsFromJson(codecs: unknown, dtype: DType): Compression[] {
  if (!Array.isArray(codecs)) throw refused("the document names no codecs");
  const all = codecs.map(named);
  // zarrita leaves `bytes` out when nobody asked for codecs, and means little endian.
  const [first, rest] = all[0]?.name === "bytes" ? [all[0], all.slice(1)] : [undefined, all];
  if (first === undefined) return rest.map(compressionOf);
  const endian = first.configuration?.endian;
  if (endian !== "little" && DTYPES[dtype].bytes > 1)
    throw refused(`endian ${JSON.stringify(endian)} is not read, only "little"`);
  return rest.map(compressionOf);
}

/** The codecs as they stand in the metadata document. */
export function compressionsToJson(compressions: readonly Compression[], dtype: DType): CodecJson[] {
  const bytes: CodecJson =
    DTYPES[dtype].bytes === 1 ? { name: "bytes" } : { name: "bytes", configuration: { endian: "little" } };
  return [bytes, ...compressions.map(({ name, ...configuration }) => ({ name, configuration }))];
}

/** The stored form of a chunk, blocking. */
export function encodeSync(compressions: readonly Compression[], bytes: Uint8Array): Uint8Array {
  let encoded = bytes;
  for (const c of compressions)
    encoded =
      c.name === "zstd" ? zlib.zstdCompressSync(encoded, zstdOptions(c)) : zlib.gzipSync(encoded, { level: c.level });
  return encoded;
}

/** The content of a chunk of `length` bytes from its stored form, blocking. DER_IO when it is damaged. */
export function decodeSync(compressions: readonly Compression[], stored: Uint8Array, length: number): Uint8Array {
  try {
    let bytes = stored;
    for (let i = compressions.length - 1; i >= 0; i--) {
      const o = { maxOutputLength: limitOf(length, i) };
      bytes = compressions[i]!.name === "zstd" ? zlib.zstdDecompressSync(bytes, o) : zlib.gunzipSync(bytes, o);
    }
    return checkLength(bytes, length);
  } catch (e) {
    throw damaged(e);
  }
}

/** Encodes, decodes and waits, as the twin does: blocking, or on Node's threads. */
export interface Coder<S extends Face> {
  encode(compressions: readonly Compression[], bytes: Uint8Array): R<S, Uint8Array>;
  decode(compressions: readonly Compression[], stored: Uint8Array, length: number): R<S, Uint8Array>;
  pause(ms: number): R<S, void>;
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Blocking. */
export const syncCoder: Coder<"sync"> = {
  encode: encodeSync,
  decode: decodeSync,
  pause: (ms) => {
    Atomics.wait(sleeper, 0, 0, ms);
  },
};

const zstdAsync = promisify(zlib.zstdCompress) as (b: Uint8Array, o: object) => Promise<Uint8Array>;
const gzipAsync = promisify(zlib.gzip) as (b: Uint8Array, o: object) => Promise<Uint8Array>;
const unzstdAsync = promisify(zlib.zstdDecompress) as (b: Uint8Array, o: object) => Promise<Uint8Array>;
const gunzipAsync = promisify(zlib.gunzip) as (b: Uint8Array, o: object) => Promise<Uint8Array>;

/** On Node's threads. */
export const asyncCoder: Coder<"async"> = {
  async encode(compressions, bytes) {
    let encoded = bytes;
    for (const c of compressions)
      encoded =
        c.name === "zstd" ? await zstdAsync(encoded, zstdOptions(c)) : await gzipAsync(encoded, { level: c.level });
    return encoded;
  },
  async decode(compressions, stored, length) {
    try {
      let bytes = stored;
      for (let i = compressions.length - 1; i >= 0; i--) {
        const o = { maxOutputLength: limitOf(length, i) };
        bytes = compressions[i]!.name === "zstd" ? await unzstdAsync(bytes, o) : await gunzipAsync(bytes, o);
      }
      return checkLength(bytes, length);
    } catch (e) {
      throw damaged(e);
    }
  },
  pause: (ms) => sleep(ms),
};

/** What a damaged chunk may unpack to at most: its own length; between two compressions some more. */
function limitOf(length: number, index: number): number {
  return Math.max(1, index === 0 ? length : 2 * length + 65_536);
}

function checkLength(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new Error(`it has ${bytes.length} bytes where ${length} are expected`);
  return bytes;
}

function damaged(e: unknown): DaosError<"DER_IO"> {
  return new DaosError("DER_IO", "failed to read a chunk", {
    cause: e,
    detail: `its stored form is damaged: ${(e as Error).message}`,
  });
}

function zstdOptions({ level, checksum }: { readonly level: number; readonly checksum: boolean }): object {
  return {
    params: {
      [zlib.constants.ZSTD_c_compressionLevel]: level,
      [zlib.constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0,
    },
  };
}

function compressionOf(codec: unknown): Compression {
  const { name, configuration = {} } = named(codec);
  if (name === "zstd") {
    const { level = ZSTD_LEVEL, checksum = false } = configuration;
    if (typeof checksum !== "boolean") throw refused("checksum of zstd is true or false");
    return { name, level: checkLevel(name, level, ZSTD_LEVELS), checksum };
  }
  if (name === "gzip") {
    const { level = GZIP_LEVEL } = configuration;
    return { name, level: checkLevel(name, level, GZIP_LEVELS) };
  }
  throw refused(`the codec ${JSON.stringify(name)} is not known here; there are bytes, zstd and gzip`);
}

function named(codec: unknown): CodecJson {
  const name = typeof codec === "string" ? codec : (codec as CodecJson | null)?.name;
  if (typeof name !== "string") throw refused(`${JSON.stringify(codec)} is no codec`);
  return { name, configuration: typeof codec === "string" ? undefined : (codec as CodecJson).configuration };
}

function checkLevel(name: string, level: unknown, [low, high]: readonly [number, number]): number {
  if (typeof level !== "number" || !Number.isInteger(level) || level < low || level > high)
    throw refused(`level of ${name} is a whole number from ${low} to ${high}, not ${String(level)}`);
  return level;
}

function refused(detail: string): DaosError<"DER_INVAL"> {
  return new DaosError("DER_INVAL", CONTEXT, { detail });
}
