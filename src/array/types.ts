/** The public types of arrays that both faces share. */
import type { Json } from "../dict/encoding.ts";
import type { Bulk } from "../dict/options.ts";
import type { ChunkCodec } from "./codecs.ts";
import type { DType, DTypes, Scalar } from "./dtype.ts";
import type { NDArray } from "./ndarray.ts";

/** Options of reading into memory. */
export interface Read<D extends DType> extends Bulk {
  /** Memory for the result: an array of its shape, or a typed array of its size, filled in C order. */
  out?: NDArray<D> | DTypes[D] | undefined;
  /** The most bytes that the result may have; more is refused with DER_NOMEM, before anything is read. Default: what is free. */
  maxBytes?: number | undefined;
}

/** How a new array is stored. */
export interface Layout<D extends DType> {
  /** The shape of a chunk; `"auto"`, the default: about 1 MiB. */
  chunks?: readonly number[] | "auto" | undefined;
  /** What elements are that were never written; default 0. */
  fill?: Scalar<D> | undefined;
  /** Compressions of the chunks, such as `["zstd"]`; default none: parts of chunks can be read and written then. */
  codecs?: readonly ChunkCodec[] | undefined;
  /** Anything JSON. */
  attributes?: { readonly [key: string]: Json | null } | undefined;
  /** A name, or null, for each axis. */
  dimensionNames?: readonly (string | null)[] | undefined;
}

/** Options of copying and rechunking. */
export interface CopyOptions extends Bulk {
  chunks?: readonly number[] | "auto" | undefined;
  /** The most memory that the copy may take, bytes; default 64 MiB. */
  maxBytes?: number | undefined;
}

/** Options of exporting to a file. */
export interface Export extends Bulk {
  /** Replace what is there. Default: DER_EXIST. */
  overwrite?: boolean | undefined;
}

/** What the storage has of an array. */
export interface Stored {
  /** Chunks that are stored; the others are all fill value. */
  readonly chunks: number;
  /** Their bytes as they are stored; `undefined` where the engine would have to read compressed chunks to know. */
  readonly bytes: number | undefined;
}
