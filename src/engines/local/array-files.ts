/**
 * The files of one array: a Zarr v3 directory, `<container>/arrays/<oid>/`, with nothing in it that is not Zarr's. What
 * is being written, and the file whose lock the writers share, are in `<container>/staging/`, on the same file system.
 */
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  readvSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { ByteRange, ChunkPage, ChunkRead } from "../../engine/contract.ts";
import { DaosError } from "../../errors.ts";
import { exists, modeOf, syncDirectory, writeDurably } from "./directory.ts";

/** The directory of a container's arrays. */
export const ARRAYS_DIRECTORY = "arrays";
/** The directory of what is being written, and of the locks. */
export const STAGING_DIRECTORY = "staging";
/** Zarr's name of the metadata document. */
export const METADATA_FILE = "zarr.json";
/** A lock file's name is the oid and this. */
export const LOCK_SUFFIX = ".lock";

/** Written in place when all of it lies in one page: the kernel writes a page whole, whenever the process is killed. */
const PAGE_BYTES = 4096;
/** A disk with less free than this is treated as one that is full soon. */
const ROOM_BYTES = 1024 * 1024 * 1024;
/** preadv takes at most this many buffers. */
const IOV_MAX = 1024;

/** Where an array is and how its files are made. */
export class ArrayFiles {
  /** The Zarr directory. */
  readonly path: string;
  /** The file whose lock writers hold. */
  readonly lockFile: string;
  /** Whether writes are flushed to the disk before they are said to be done. */
  readonly flushes: boolean;
  readonly #container: string;
  readonly #oid: string;
  #modes: { readonly file: number; readonly directory: number } | undefined;

  /**
   * @param container - the container's directory.
   * @param durability - what a finished write survives.
   */
  constructor(container: string, oid: string, durability: "power" | "process" = "power") {
    this.flushes = durability === "power";
    this.#container = container;
    this.#oid = oid;
    this.path = join(container, ARRAYS_DIRECTORY, oid);
    this.lockFile = join(container, STAGING_DIRECTORY, oid + LOCK_SUFFIX);
  }

  /** Whether the Zarr directory was made. */
  get exists(): boolean {
    return exists(this.path);
  }

  /** Whether the disk is so far from full that what was replaced may be freed a little later. */
  get hasRoom(): boolean {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize > ROOM_BYTES;
  }

  /** The file of a chunk. */
  chunkFile(key: string): string {
    return join(this.path, key);
  }

  /** The file's content, `undefined` when there is none. */
  read(name: string): Buffer<ArrayBuffer> | undefined {
    try {
      return readFileSync(join(this.path, name)) as Buffer<ArrayBuffer>;
    } catch (e) {
      if (isMissing(e)) return undefined;
      throw e;
    }
  }

  /** Opens a chunk for reading; `undefined` when there is none. */
  open(key: string): number | undefined {
    try {
      return openSync(this.chunkFile(key), "r");
    } catch (e) {
      if (isMissing(e)) return undefined;
      throw e;
    }
  }

  /** Reads a part of a chunk; `false`: there is no such chunk. */
  readInto(read: ChunkRead): boolean {
    const fd = this.open(read.key);
    if (fd === undefined) return false;
    try {
      for (let rest = new Rest(read, this.path); !rest.done; ) rest.took(readvSync(fd, rest.buffers(), rest.offset));
    } finally {
      closeSync(fd);
    }
    return true;
  }

  /**
   * A new, empty file in staging: its descriptor and its path. ext4 begins to write the data of a file that was cut to nothing
   * when that is closed, not when it is flushed: so the disk is at work while the next one is made.
   */
  stage(): { readonly fd: number; readonly path: string } {
    const path = join(this.#container, STAGING_DIRECTORY, `${this.#oid}-${randomUUID()}`);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
    let fd: number;
    try {
      fd = openSync(path, flags, this.#mode().file);
    } catch (e) {
      if (!isMissing(e)) throw e;
      this.makeStaging();
      fd = openSync(path, flags, this.#mode().file);
    }
    fchmodSync(fd, this.#mode().file); // whatever the umask
    ftruncateSync(fd);
    return { fd, path };
  }

  /** A staged, flushed file with this content; to be {@link put} in place. */
  stageDurably(bytes: Uint8Array): string {
    return this.stageAllDurably([bytes])[0]!;
  }

  /** The same for many. All are written, and then flushed: one entry of the file system's journal has several of them. */
  stageAllDurably(contents: readonly Uint8Array[]): string[] {
    const staged: string[] = [];
    try {
      for (const bytes of contents) {
        const { fd, path } = this.stage();
        staged.push(path);
        try {
          writeWhole(fd, bytes);
        } finally {
          closeSync(fd);
        }
      }
      if (this.flushes) for (const path of staged) flush(path);
    } catch (e) {
      for (const path of staged) unlinkSync(path);
      throw e;
    }
    return staged;
  }

  /** Puts a staged file in place, making Zarr's directories on the way. Adds to `touched` the directories to flush. */
  put(staged: string, name: string, touched: Set<string>): void {
    const target = join(this.path, name);
    try {
      renameSync(staged, target);
    } catch (e) {
      if (!isMissing(e)) throw e;
      this.#makeParents(name, touched);
      renameSync(staged, target);
    }
    touched.add(dirname(target));
  }

  /** Removes a chunk, if it is there. */
  remove(key: string, touched: Set<string>): void {
    const file = this.chunkFile(key);
    try {
      unlinkSync(file);
    } catch (e) {
      if (isMissing(e)) return;
      throw e;
    }
    touched.add(dirname(file));
  }

  /** Makes the Zarr directory with its metadata document: it appears complete or not at all. */
  create(metadata: Uint8Array): void {
    this.makeStaging();
    const making = join(this.#container, STAGING_DIRECTORY, `${this.#oid}-${randomUUID()}`);
    const { directory } = this.#mode();
    mkdirSync(making);
    try {
      chmodSync(making, directory);
      const staged = this.stageDurably(metadata);
      renameSync(staged, join(making, METADATA_FILE));
      syncDirectory(making);
      const arrays = dirname(this.path);
      if (!exists(arrays)) this.#makeDirectory(arrays);
      renameSync(making, this.path);
      syncDirectory(arrays);
    } catch (e) {
      rmSync(making, { recursive: true, force: true });
      throw e;
    }
  }

  /** Makes the lock file, unless it is there. */
  makeLockFile(): void {
    if (exists(this.lockFile)) return;
    this.makeStaging();
    try {
      writeDurably(this.lockFile, "", this.#mode().file);
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== "EEXIST") throw e;
    }
  }

  /** Takes the Zarr directory away, whose object is gone: it disappears in one step. Gives where its content is now. */
  detach(): string | undefined {
    this.makeStaging();
    const gone = join(this.#container, STAGING_DIRECTORY, `${this.#oid}-${randomUUID()}`);
    rmSync(this.lockFile, { force: true });
    try {
      renameSync(this.path, gone);
    } catch (e) {
      if (isMissing(e)) return undefined;
      throw e;
    }
    return gone;
  }

  /** Removes the files of an array whose object is gone. */
  destroy(): void {
    const gone = this.detach();
    if (gone !== undefined) rmSync(gone, { recursive: true, force: true });
  }

  /** Makes the directory of staged files. */
  makeStaging(): void {
    const staging = join(this.#container, STAGING_DIRECTORY);
    if (!exists(staging)) this.#makeDirectory(staging);
  }

  /**
   * Writes ranges of an existing chunk in place, in one write, when they lie in one page and inside the file.
   *
   * @returns the descriptor, to be flushed and closed; `undefined` when it has to be done another way.
   */
  patch(key: string, ranges: readonly ByteRange[]): number | undefined {
    const first = ranges[0];
    const last = ranges.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const start = first.offset;
    const end = last.offset + last.bytes.length;
    if (Math.floor(start / PAGE_BYTES) !== Math.floor((end - 1) / PAGE_BYTES)) return undefined;
    let fd: number;
    try {
      fd = openSync(this.chunkFile(key), "r+");
    } catch (e) {
      if (isMissing(e)) return undefined;
      throw e;
    }
    try {
      if (fstatSync(fd).size < end) {
        closeSync(fd);
        return undefined;
      }
      let bytes = first.bytes;
      if (ranges.length > 1) {
        bytes = Buffer.allocUnsafe(end - start);
        readSync(fd, bytes, 0, bytes.length, start);
        for (const range of ranges) bytes.set(range.bytes, range.offset - start);
      }
      writeWhole(fd, bytes, start);
    } catch (e) {
      closeSync(fd);
      throw e;
    }
    return fd;
  }

  /** A page of the keys of chunks, sorted by their parts as text. */
  list(after: string | undefined, limit: number): ChunkPage {
    const keys: string[] = [];
    const sizes: number[] = [];
    for (const key of walk(this.path, "", after?.split("/"))) {
      if (keys.length === limit) return { keys, sizes, next: keys.at(-1) };
      const stat = statSync(this.chunkFile(key), { throwIfNoEntry: false });
      if (stat === undefined) continue;
      keys.push(key);
      sizes.push(stat.size);
    }
    return { keys, sizes, next: undefined };
  }

  // Not `recursive`: a directory that was destroyed must not come back.
  #makeParents(name: string, touched: Set<string>): void {
    let path = this.path;
    for (const part of name.split("/").slice(0, -1)) {
      const parent = path;
      path = join(path, part);
      if (exists(path)) continue;
      try {
        mkdirSync(path);
        chmodSync(path, this.#mode().directory);
      } catch (e) {
        if ((e as NodeJS.ErrnoException).code !== "EEXIST") throw e;
      }
      touched.add(parent);
    }
  }

  #makeDirectory(path: string): void {
    try {
      mkdirSync(path);
      chmodSync(path, this.#mode().directory);
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== "EEXIST") throw e;
    }
    syncDirectory(dirname(path));
  }

  #mode(): { readonly file: number; readonly directory: number } {
    if (this.#modes === undefined) {
      const directory = modeOf(this.#container);
      this.#modes = { file: directory & 0o666, directory };
    }
    return this.#modes;
  }
}

/** What is still to be read of a {@link ChunkRead}: a read may stop short. */
export class Rest {
  /** Where in the file the next byte is. */
  offset: number;
  readonly #read: ChunkRead;
  readonly #directory: string;
  #buffer = 0;
  #within = 0;

  constructor(read: ChunkRead, directory: string) {
    this.#read = read;
    this.#directory = directory;
    this.offset = read.offset;
  }

  get done(): boolean {
    return this.#buffer === this.#read.into.length;
  }

  /** The memory for the next read. */
  buffers(): Uint8Array[] {
    const buffers = this.#read.into.slice(this.#buffer, this.#buffer + IOV_MAX);
    if (this.#within > 0) buffers[0] = buffers[0]!.subarray(this.#within);
    return buffers;
  }

  /** Notes what a read gave. DER_IO when the file has ended. */
  took(bytes: number): void {
    if (bytes === 0)
      throw new DaosError("DER_IO", "failed to read a chunk", {
        detail: `${join(this.#directory, this.#read.key)} was cut short: it ends at byte ${this.offset}`,
      });
    this.offset += bytes;
    let left = bytes + this.#within;
    while (!this.done && left >= this.#read.into[this.#buffer]!.length) {
      left -= this.#read.into[this.#buffer]!.length;
      this.#buffer++;
    }
    this.#within = left;
  }
}

function flush(path: string): void {
  const fd = openSync(path, "r+");
  try {
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Writes all of it: a write may stop short. */
export function writeWhole(fd: number, bytes: Uint8Array, position: number | null = null): void {
  for (let at = 0; at < bytes.length; )
    at += writeSync(fd, bytes, at, bytes.length - at, position === null ? null : position + at);
}

/** Whether a file or a directory above it is not there. */
export function isMissing(e: unknown): boolean {
  const { code } = e as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

function* walk(directory: string, prefix: string, after: readonly string[] | undefined): Generator<string> {
  let entries: import("node:fs").Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (e) {
    if (isMissing(e)) return;
    throw e;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const key = prefix + entry.name;
    const first = after?.[0];
    if (first !== undefined && entry.name < first) continue;
    const deeper = entry.name === first ? after?.slice(1) : undefined;
    if (entry.isDirectory()) yield* walk(join(directory, entry.name), `${key}/`, deeper);
    else if (key !== METADATA_FILE && entry.name !== first) yield key;
  }
}
