/** Zarr v3 directories of others, in and out. Files are read and written on the caller's thread, a few chunks at a time. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ArrayStore, ChunkPage, ChunkRead } from "../engine/contract.ts";
import { type Steps, step } from "../engine/steps.ts";
import { DaosError } from "../errors.ts";
import { syncCoder } from "./codecs.ts";
import { chunkCoordinates } from "./grid.ts";
import { chunkName, encodeMetadata, type KeyEncoding, parseMetadata, withShape } from "./metadata.ts";
import { flush, fromFiles, NewFile } from "./new-file.ts";
import { StoredArray } from "./stored-array.ts";
import type { Export } from "./types.ts";

const METADATA_FILE = "zarr.json";
/** Chunks that are in memory at a time. */
const PAGE = 16;

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

/** Writes the array to a new Zarr v3 directory: the same metadata, the same stored chunks. */
export function* writeZarr(array: StoredArray, path: string, o: Export | undefined): Steps<void> {
  o?.signal?.throwIfAborted();
  let directory: NewFile | undefined;
  try {
    directory = new NewFile(path, o?.overwrite);
    yield* array.refresh(o);
    const made = new Set([directory.making]);
    mkdirSync(directory.making);
    writeFlushed(join(directory.making, METADATA_FILE), withShape(array.document, array.shape));
    let done = 0;
    for (let after: string | undefined; ; ) {
      o?.signal?.throwIfAborted();
      const page = (yield* step(array.store.listChunks(after, PAGE, o))) as ChunkPage;
      const chunks = (yield* step(array.store.readChunks(page.keys, o))) as (Uint8Array | undefined)[];
      chunks.forEach((bytes, i) => {
        if (bytes === undefined) return;
        const file = join(directory!.making, page.keys[i]!);
        for (let up = dirname(file); !made.has(up); up = dirname(up)) {
          mkdirSync(up, { recursive: true });
          made.add(up);
        }
        writeFlushed(file, bytes);
      });
      done += page.keys.length;
      o?.onProgress?.(done, undefined);
      after = page.next;
      if (after === undefined) break;
    }
    for (const path of made) flush(path);
    directory.commit();
  } catch (e) {
    directory?.discard();
    throw fromFiles(e, "failed to write the Zarr directory");
  }
}

/** A directory of somebody else's, to be read. */
class ZarrDirectory implements ArrayStore<"sync"> {
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
    return keys.map((key) => {
      try {
        return readFileSync(join(this.path, chunkName(this.#keys, chunkCoordinates(key, this.#ndim)!)));
      } catch (e) {
        if ((e as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw fromFiles(e, "failed to read the Zarr directory");
      }
    });
  }

  readInto(reads: readonly ChunkRead[]): boolean[] {
    const chunks = this.readChunks(reads.map(({ key }) => key));
    return chunks.map((bytes, i) => {
      if (bytes === undefined) return false;
      let { offset } = reads[i]!;
      for (const target of reads[i]!.into) {
        const part = bytes.subarray(offset, offset + target.length);
        if (part.length < target.length)
          throw new DaosError("DER_IO", "failed to read the Zarr directory", {
            detail: `${join(this.path, reads[i]!.key)} was cut short: it has ${bytes.length} bytes`,
          });
        target.set(part);
        offset += target.length;
      }
      return true;
    });
  }

  setMetadata(): never {
    throw readOnly();
  }

  writeChunks(): never {
    throw readOnly();
  }

  updateChunks(): never {
    throw readOnly();
  }

  listChunks(): never {
    throw readOnly();
  }
}

function readOnly(): DaosError<"DER_NO_PERM"> {
  return new DaosError("DER_NO_PERM", "a Zarr directory of others is only read");
}

function writeFlushed(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, "wx");
  try {
    writeFileSync(fd, bytes);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
