/** Writing Zarr v3 directories. Files are written on the caller's thread, a few chunks at a time. */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ArrayStore, ChunkPage, ChunkUpdate, ChunkWrite } from "../engine/contract.ts";
import { type Steps, step } from "../engine/steps.ts";
import { copyTo } from "./algorithms.ts";
import { syncCoder } from "./codecs.ts";
import type { DType } from "./dtype.ts";
import { CHUNK_MAX_BYTES, metadataOf } from "./layout.ts";
import { encodeMetadata, parseMetadata, withShape } from "./metadata.ts";
import { flush, fromFiles, NewFile } from "./new-file.ts";
import type { Source } from "./source.ts";
import { StoredArray } from "./stored-array.ts";
import type { Export, Layout } from "./types.ts";
import { METADATA_FILE, ZarrDirectory } from "./zarr-directory.ts";

/** Chunks that are in memory at a time: bytes, and how many. */
const PAGE_BYTES = 8 * 1024 * 1024;
const PAGE_CHUNKS = 256;

/**
 * Writes an array to a new Zarr v3 directory: it appears complete or not at all. A stored one keeps its metadata and its
 * chunks as they are, unless another layout is asked for.
 */
export function* writeZarr<D extends DType>(
  source: Source<D>,
  path: string,
  o: (Export & Layout<D>) | undefined,
): Steps<void> {
  const { overwrite, signal, onProgress, ...layout } = o ?? {};
  signal?.throwIfAborted();
  const isVerbatim = Object.values(layout).every((value) => value === undefined);
  let directory: NewFile | undefined;
  try {
    directory = new NewFile(path, overwrite, isZarrArray);
    yield* source.refresh(o);
    if (source instanceof StoredArray && isVerbatim)
      yield* copyChunks(source, new NewZarrDirectory(directory.making, withShape(source.document, source.shape)), o);
    else {
      const given = source instanceof StoredArray ? source.meta : undefined;
      const document = encodeMetadata(metadataOf(layout as Layout<DType>, source, given, CHUNK_MAX_BYTES));
      const store = new NewZarrDirectory(directory.making, document);
      const target = new StoredArray<D>("", store, syncCoder, document);
      target.exclusive = true;
      yield* copyTo(source, target, { signal, onProgress });
      store.flush();
    }
    directory.commit();
  } catch (e) {
    directory?.discard();
    throw fromFiles(e, "failed to write the Zarr directory");
  }
}

function* copyChunks(array: StoredArray, target: NewZarrDirectory, o: Export | undefined): Steps<void> {
  const limit = Math.max(1, Math.min(PAGE_CHUNKS, Math.floor(PAGE_BYTES / array.chunkBytes)));
  let done = 0;
  for (let after: string | undefined; ; ) {
    o?.signal?.throwIfAborted();
    const page = (yield* step(array.store.listChunks(after, limit, o))) as ChunkPage;
    const chunks = (yield* step(array.store.readChunks(page.keys, o))) as (Uint8Array | undefined)[];
    // One that is gone was cut off or became fill values meanwhile.
    target.writeChunks(page.keys.flatMap((key, i) => (chunks[i] === undefined ? [] : [{ key, bytes: chunks[i] }])));
    done += page.keys.length;
    o?.onProgress?.(done, undefined);
    after = page.next;
    if (after === undefined) break;
  }
  target.flush();
}

/** A directory that is being made. */
class NewZarrDirectory extends ZarrDirectory implements ArrayStore<"sync"> {
  readonly #made = new Set<string>();

  constructor(path: string, document: Uint8Array) {
    const meta = parseMetadata(document);
    super(path, document, meta.keys, meta.shape.length);
    mkdirSync(path);
    this.#made.add(path);
    writeFlushed(join(path, METADATA_FILE), document);
  }

  override writeChunks(writes: readonly ChunkWrite[]): void {
    for (const { key, bytes } of writes) {
      if (bytes === null) continue;
      const file = join(this.path, key);
      for (let up = dirname(file); !this.#made.has(up); up = dirname(up)) {
        mkdirSync(up, { recursive: true });
        this.#made.add(up);
      }
      writeFlushed(file, bytes);
    }
  }

  override updateChunks(updates: readonly ChunkUpdate[]): void {
    const old = this.readChunks(updates.map(({ key }) => key));
    this.writeChunks(updates.map(({ key, apply }, i) => ({ key, bytes: apply(old[i]) })));
  }

  /** Flushes the directories; the files in them are. */
  flush(): void {
    for (const path of this.#made) flush(path);
  }
}

/** Whether it is a Zarr array, or nothing yet. A group is not: there may be much in it. */
function isZarrArray(directory: string): boolean {
  if (readdirSync(directory).length === 0) return true;
  try {
    const document = JSON.parse(readFileSync(join(directory, METADATA_FILE), "utf8")) as { node_type?: unknown };
    return document.node_type === "array";
  } catch {
    return false;
  }
}

function writeFlushed(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, "w");
  try {
    writeFileSync(fd, bytes);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
