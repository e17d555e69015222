/** Zarr v3 directories of others, read on the caller's thread. */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import type { ArrayStore, ChunkRead, ChunkUpdate, ChunkWrite } from "../engine/contract.ts";
import { DaosError } from "../errors.ts";
import { syncCoder } from "./codecs.ts";
import { chunkCoordinates } from "./grid.ts";
import { chunkName, encodeMetadata, type KeyEncoding, parseMetadata } from "./metadata.ts";
import { fromFiles } from "./new-file.ts";
import { StoredArray } from "./stored-array.ts";

/** The name of the metadata document in a Zarr directory. */
export const METADATA_FILE = "zarr.json";
const READ = "failed to read the Zarr directory";

/** The array in a Zarr v3 directory. DER_NONEXIST when there is none, DER_INVAL for what is not read here. */
export function openZarr(path: string): StoredArray {
  try {
    const meta = parseMetadata(readFileSync(join(path, METADATA_FILE)));
    // As if its chunks had the names that ours have.
    const document = encodeMetadata(meta);
    return new StoredArray("", new ZarrDirectory(path, document, meta.keys, meta.shape.length), syncCoder, document);
  } catch (e) {
    throw fromFiles(e, "failed to open the Zarr directory");
  }
}

/** A Zarr directory, to be read. */
export class ZarrDirectory implements ArrayStore<"sync"> {
  readonly path: string;
  readonly #document: Uint8Array;
  readonly #keys: KeyEncoding;
  readonly #ndim: number;

  constructor(path: string, document: Uint8Array, keys: KeyEncoding, ndim: number) {
    this.path = path;
    this.#document = document;
    this.#keys = keys;
    this.#ndim = ndim;
  }

  getMetadata(): Uint8Array {
    return this.#document;
  }

  readChunks(keys: readonly string[]): (Uint8Array | undefined)[] {
    return keys.map((key) => this.#ifThere(() => readFileSync(this.#file(key))));
  }

  readInto(reads: readonly ChunkRead[]): boolean[] {
    return reads.map((read) => this.#ifThere(() => this.#readOne(read)) !== undefined);
  }

  setMetadata(): boolean {
    throw readOnly();
  }

  writeChunks(_writes: readonly ChunkWrite[]): void {
    throw readOnly();
  }

  updateChunks(_updates: readonly ChunkUpdate[]): void {
    throw readOnly();
  }

  listChunks(): never {
    throw readOnly();
  }

  #file(key: string): string {
    return join(this.path, chunkName(this.#keys, chunkCoordinates(key, this.#ndim)!));
  }

  #ifThere<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw fromFiles(e, READ);
    }
  }

  #readOne({ key, offset, into }: ChunkRead): true {
    const fd = openSync(this.#file(key), "r");
    try {
      let position = offset;
      for (const target of into)
        for (let at = 0; at < target.length; ) {
          const read = readSync(fd, target, at, target.length - at, position);
          if (read === 0)
            throw new DaosError("DER_IO", READ, {
              detail: `${this.#file(key)} was cut short: it ends at byte ${position}`,
            });
          at += read;
          position += read;
        }
    } finally {
      closeSync(fd);
    }
    return true;
  }
}

function readOnly(): DaosError<"DER_NO_PERM"> {
  return new DaosError("DER_NO_PERM", "a Zarr directory of others is only read");
}
