/**
 * What lies in a pool: names of objects, keys and values in them. Pure. `docs/format-rados.md` describes it; a change
 * here is a change of the format.
 *
 * Bytes of keys are held as text with one character a byte ("latin1"), which compares in the order of the bytes.
 */
import type { ObjectKind } from "../../engine/contract.ts";
import { DaosError } from "../../errors.ts";

/** The version of the format. */
export const FORMAT_VERSION = 1;
/** The application tag of our pools. */
export const APPLICATION = "tsdaos";
/** In a tagged pool's metadata: we made the pool, so we may delete it. */
export const CREATED_KEY = "created";

/** The namespace with the list of a pool's containers. */
export const REGISTRY_NAMESPACE = "tsdaos";
/** The object in it whose omap is that list. */
export const REGISTRY = "containers";
/** The object of a container's namespace whose omap are the names. */
export const DIRECTORY = "directory";

/** The most bytes of a value that is kept beside its key. */
export const INLINE_MAX_BYTES = 65_536;
/** Bytes of one object of a larger value; the last one may have fewer. */
export const PART_BYTES = 4 * 1024 * 1024;
/** The most bytes of a value. */
export const VALUE_MAX_BYTES = 1024 * 1024 * 1024;

/** The most bytes of a chunk as it is stored: an OSD takes 90 MiB in one operation. */
export const STORED_CHUNK_MAX_BYTES = 94_300_000;
/** The most bytes of a chunk of an array: what does not compress may grow a little by it. */
export const CHUNK_MAX_BYTES = 90_000_000;

/** The xattr of a shard that says what may be done with it, and the values it has. */
export const STATE = "state";
export const SHARD_STATE = {
  /** Records, none of which has its value in an object of its own. */
  plain: "0",
  /** Records, some of which may. */
  blobs: "1",
  /** What both are below. The shard is closed for ever: ask the meta object what became of it. */
  sealed: "2",
  sealedWithBlobs: "3",
} as const;

/** The first byte of what is stored under a key: the value follows, or where it is. */
export const HEADER = { inline: 0, blob: 1 } as const;
/** Greater than every value that is kept beside its key, and not greater than any that is not. */
export const BLOB_FLOOR = Uint8Array.of(HEADER.blob);

/** The namespace of a container. */
export function containerNamespace(uuid: string): string {
  return `tsdaos.${uuid}`;
}

/** The meta object of an object. */
export function metaName(oid: string): string {
  return `m.${oid}`;
}

/** The key in a meta object under which its document lies. */
export const META_KEY = "meta";

/** The key in an array's meta object under which Zarr's document lies. */
export const ZARR_KEY = "zarr.json";

/** One shard of one generation: of a dictionary, its records; of an array, the keys of its chunks. */
export function shardName(oid: string, generation: string, shard: number): string {
  return `s.${oid}.${generation}.${shard}`;
}

/** One part of a value that has objects of its own. */
export function partName(oid: string, blob: string, part: number): string {
  return `b.${oid}.${blob}.${part}`;
}

/** A chunk of an array, by its Zarr key. */
export function chunkName(oid: string, key: string): string {
  return `a.${oid}.${key}`;
}

/** What the name of an object says. */
export type Named =
  | { readonly type: "meta"; readonly oid: string }
  | { readonly type: "shard"; readonly oid: string; readonly generation: string; readonly shard: number }
  | { readonly type: "part"; readonly oid: string; readonly blob: string }
  | { readonly type: "chunk"; readonly oid: string; readonly key: string };

/** Reads the name of an object of a container; `undefined` for the directory and for what is not ours. */
export function parseName(name: string): Named | undefined {
  const [type, oid, second, third, ...rest] = name.split(".");
  if (oid === undefined || rest.length > 0) return undefined;
  if (type === "m" && second === undefined) return { type: "meta", oid };
  if (type === "a" && second !== undefined && third === undefined) return { type: "chunk", oid, key: second };
  if (second === undefined || third === undefined) return undefined;
  if (type === "s") return { type: "shard", oid, generation: second, shard: Number(third) };
  if (type === "b") return { type: "part", oid, blob: second };
  return undefined;
}

/** The document of a meta object. It is replaced by comparing all of it with what was read. */
export interface Meta {
  readonly version: number;
  readonly kind: ObjectKind;
  readonly oclass?: string | undefined;
  readonly shards: number;
  /** The generation of shards that holds the records. */
  readonly generation: string;
  /** `clearing`: `next` is about to become the generation. `destroying`: the object is about to go. */
  readonly state: "live" | "clearing" | "destroying";
  readonly next?: string | undefined;
  /** While destroying: the name that is to be removed; none for a nameless object. */
  readonly name?: string | undefined;
  /** Milliseconds since 1970. */
  readonly created: number;
}

/** Reads a document. DER_MISMATCH for one of a newer version, DER_IO for one that is damaged. */
export function parseDocument<T extends { readonly version: number }>(bytes: Uint8Array, what: string): T {
  let document: T;
  try {
    document = JSON.parse(Buffer.from(bytes).toString()) as T;
  } catch (e) {
    throw new DaosError("DER_IO", `${what} is damaged`, { cause: e });
  }
  if (document.version !== FORMAT_VERSION)
    throw new DaosError("DER_MISMATCH", `${what} has another format`, {
      detail: `version ${document.version}; this release knows ${FORMAT_VERSION}: update tsdaos`,
    });
  return document;
}

export function documentBytes(document: object): Uint8Array {
  return Buffer.from(JSON.stringify(document));
}

/** Where a large value is. */
export interface BlobRef {
  readonly id: string;
  readonly bytes: number;
}

/** A value beside its key, or where it is. */
export type Stored = Uint8Array | BlobRef;

export function isBlob(stored: Stored): stored is BlobRef {
  return !(stored instanceof Uint8Array);
}

/** What lies under the key of a value; also of the one that `stored` is a reference to. */
export function storedBytes(stored: Stored): Uint8Array {
  if (isBlob(stored)) return Buffer.from(`\u0001${stored.bytes} ${stored.id}`, "latin1");
  const bytes = new Uint8Array(stored.length + 1);
  bytes.set(stored, 1);
  return bytes;
}

/** Reads what follows the header of a reference. */
export function parseBlobRef(text: string): BlobRef {
  const [bytes, id] = text.split(" ");
  return { bytes: Number(bytes), id: id! };
}

/** How many parts a large value has. */
export function partsOf(blob: BlobRef): number {
  return Math.ceil(blob.bytes / PART_BYTES);
}

/** A key's bytes as text, one character a byte. */
export function keyOf(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString("latin1");
}

/** The bytes of such a text. */
export function keyBytes(key: string): Uint8Array {
  return Buffer.from(key, "latin1");
}

const NOT_ASCII = /[\x80-\xff]/;

/** The text whose UTF-8 bytes such a text has. */
export function keyText(key: string): string {
  return NOT_ASCII.test(key) ? Buffer.from(key, "latin1").toString() : key;
}
