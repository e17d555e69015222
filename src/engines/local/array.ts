/**
 * The array object of the local engine, in both twins. Chunks are replaced: written aside, flushed, renamed, and the
 * directories flushed once for a whole call. What fits in one page of an uncompressed chunk is written in place.
 */
import {
  close,
  closeSync,
  fdatasync,
  fdatasyncSync,
  open,
  openSync,
  readFile,
  readv,
  unlinkSync,
  write,
} from "node:fs";
import { promisify } from "node:util";
import { mapBounded } from "../../engine/bounded.ts";
import type { ArrayStore, At, ChunkPage, ChunkRead, ChunkUpdate, ChunkWrite } from "../../engine/contract.ts";
import { type ArrayFiles, isMissing, METADATA_FILE, Rest } from "./array-files.ts";
import type { ArrayLock } from "./array-lock.ts";
import { closeLater } from "./close-later.ts";
import type { ContainerCore } from "./container-core.ts";
import { syncDirectory } from "./directory.ts";
import type { Handle } from "./handle.ts";
import { fromFileSystem, fromSqlite } from "./sqlite-error.ts";

const READ = "failed to read a chunk";
const WRITE = "failed to write a chunk";
/** Reads of fewer bytes in all are made on the caller's thread: the hop to another takes longer than they do. */
const INLINE_READ_BYTES = 128 * 1024;
/** Files that one call works on at a time. Node has four threads for files unless told otherwise. */
const READS_IN_FLIGHT = 4;
const WRITES_IN_FLIGHT = 8;
/** Chunks of at least so many bytes are freed on another thread. A call has few of them. */
const BIG_BYTES = 256 * 1024;
/** A program that has more files open than this needs them more: a process may be limited to 256. */
const DESCRIPTORS_MAX = 128;
/** Chunks of one call that are changed together: each that is written in place is open until it is flushed. */
const UPDATES_TOGETHER = 64;

const openFile = promisify(open);
const closeFile = promisify(close);
const flushFile = promisify(fdatasync);
const readWhole = promisify(readFile);
const readFileInto = promisify(readv);
const writeFile = promisify(write);

/** A new chunk that waits to be put in place. */
interface Made {
  readonly update: ChunkUpdate;
  /** What it was made from. */
  readonly was: Uint8Array | undefined;
  /** Its file in staging; `undefined`: the chunk is to be removed. */
  readonly staged: string | undefined;
}

/** What both twins are made of. */
abstract class LocalArray {
  readonly path: string;
  protected readonly files: ArrayFiles;
  readonly #lock: ArrayLock;
  readonly #handle: Handle;
  readonly #object: number;

  constructor(handle: Handle, object: number) {
    this.#handle = handle;
    this.#object = object;
    const { files, lock } = handle.core().array(object);
    this.files = files;
    this.#lock = lock;
    this.path = files.path;
  }

  protected core(): ContainerCore {
    return this.#handle.core();
  }

  /** DER_NO_HDL when the container is closed, DER_NONEXIST when the object was destroyed. */
  protected readable(core = this.core()): void {
    core.read((reader) => reader.count(this.#object));
  }

  /**
   * What was read. Only where chunks are missing is it asked whether that is because the object was destroyed: its
   * directory is gone then, and every call on an array begins with a look at its metadata.
   */
  protected found<T>(core: ContainerCore, chunks: T[], missing: T): T[] {
    if (chunks.includes(missing)) this.readable(core);
    return chunks;
  }

  /** The array's lock, when the object is alive and may be written. */
  protected writable(): ArrayLock {
    this.#handle.writable();
    this.readable();
    return this.#lock;
  }

  protected readMetadata(): Uint8Array | undefined {
    this.readable();
    return this.files.read(METADATA_FILE);
  }

  /** To be run while the lock is held. */
  protected replaceMetadata(bytes: Uint8Array, was: Uint8Array | undefined): boolean {
    const now = this.files.read(METADATA_FILE);
    if (was === undefined ? now !== undefined : now === undefined || Buffer.compare(now, was) !== 0) return false;
    if (was === undefined) {
      this.files.create(bytes);
      return true;
    }
    const touched = new Set<string>();
    this.#place([[METADATA_FILE, this.files.stageDurably(bytes)]], touched);
    this.flushDirectories(touched);
    return true;
  }

  /** Puts staged files in place, all of them or as many as the file system lets; what could not be placed is removed. */
  #place(staged: readonly (readonly [name: string, path: string])[], touched: Set<string>): void {
    let at = 0;
    try {
      for (; at < staged.length; at++) this.files.put(staged[at]![1], staged[at]![0], touched);
    } finally {
      for (; at < staged.length; at++) removeQuietly(staged[at]![1]);
    }
  }

  /** To be run while the lock is held: what `writeChunks` does once the new files are written. */
  protected placeWrites(writes: readonly ChunkWrite[], staged: readonly (string | undefined)[]): Set<string> {
    const touched = new Set<string>();
    this.#place(
      writes.flatMap(({ key }, i) => (staged[i] === undefined ? [] : [[key, staged[i]] as const])),
      touched,
    );
    for (const { key, bytes } of writes) if (bytes === null) this.files.remove(key, touched);
    return touched;
  }

  /**
   * To be run while the lock is held: writes in place what can be, and gives the rest. The descriptors are to be flushed after
   * the lock is given back.
   */
  protected patchAll(updates: readonly ChunkUpdate[], patched: number[]): ChunkUpdate[] {
    return updates.filter(({ key, ranges }) => {
      const fd = ranges === undefined ? undefined : this.files.patch(key, ranges);
      if (fd !== undefined) patched.push(fd);
      return fd === undefined;
    });
  }

  /** To be run while the lock is held: read, modify, write. */
  protected applyAll(updates: readonly ChunkUpdate[], touched: Set<string>): void {
    const made = updates.map(({ key, apply }) => ({ key, bytes: apply(this.files.read(key)) }));
    const files = this.files.stageAllDurably(made.flatMap(({ bytes }) => bytes ?? []));
    this.#place(
      made.filter(({ bytes }) => bytes !== null).map(({ key }, i) => [key, files[i]!] as const),
      touched,
    );
    for (const { key, bytes } of made) if (bytes === null) this.files.remove(key, touched);
  }

  /** To be run while the lock is held: puts the new chunks in place, but those whose old ones are not what they were. */
  protected placeMade(made: readonly Made[]): Set<string> {
    const touched = new Set<string>();
    const late: ChunkUpdate[] = [];
    for (const { update, was, staged } of made) {
      const now = this.files.read(update.key);
      const same = was === undefined ? now === undefined : now !== undefined && Buffer.compare(now, was) === 0;
      if (!same) late.push(update);
      else if (staged === undefined) this.files.remove(update.key, touched);
      else this.files.put(staged, update.key, touched);
    }
    this.applyAll(late, touched);
    return touched;
  }

  /**
   * Opens big chunks that are about to be replaced. A file that is open is not freed with its last name, which takes half a
   * millisecond a megabyte and would hold up whoever waits for the lock, but when it is closed, on another thread.
   */
  protected openOld(writes: readonly ChunkWrite[]): number[] {
    const old: number[] = [];
    for (const write of writes) {
      if (!isBig(write)) continue;
      try {
        old.push(openSync(this.files.chunkFile(write.key), "r"));
      } catch (e) {
        // There is none, or it cannot be opened: replacing it tells, if anything does.
        if (isMissing(e)) continue;
        // The descriptors may have run out: there is more need of them.
        for (const fd of old) closeSync(fd);
        return [];
      }
      if (old.at(-1)! >= DESCRIPTORS_MAX) {
        closeSync(old.pop()!);
        break;
      }
    }
    return old;
  }

  protected flushDirectories(touched: ReadonlySet<string>): void {
    if (this.files.flushes) for (const path of touched) syncDirectory(path);
  }

  /** The error in DAOS's words; a directory that is gone means that the array was destroyed meanwhile. */
  protected told(e: unknown, context: string): unknown {
    if (isMissing(e) && !this.files.exists) {
      try {
        this.readable();
      } catch (destroyed) {
        return destroyed;
      }
    }
    return fromSqlite(fromFileSystem(e, context), context, this.files.lockFile);
  }
}

/** Blocking. */
export class SyncLocalArray extends LocalArray implements ArrayStore<"sync"> {
  getMetadata(): Uint8Array | undefined {
    return this.#try(READ, () => this.readMetadata());
  }

  setMetadata(bytes: Uint8Array, was: Uint8Array | undefined): boolean {
    return this.#try(WRITE, () => this.writable().hold(() => this.replaceMetadata(bytes, was)));
  }

  readChunks(keys: readonly string[]): (Uint8Array | undefined)[] {
    return this.#try(READ, () => {
      const core = this.core();
      return this.found(
        core,
        keys.map((key) => this.files.read(key)),
        undefined,
      );
    });
  }

  readInto(reads: readonly ChunkRead[]): boolean[] {
    return this.#try(READ, () => {
      const core = this.core();
      return this.found(
        core,
        reads.map((read) => this.files.readInto(read)),
        false,
      );
    });
  }

  writeChunks(writes: readonly ChunkWrite[]): void {
    this.#try(WRITE, () => {
      const lock = this.writable();
      const made = this.files.stageAllDurably(writes.flatMap(({ bytes }) => bytes ?? []));
      const old: number[] = [];
      try {
        let next = 0;
        const staged = writes.map(({ bytes }) => (bytes === null ? undefined : made[next++]));
        if (writes.some(isBig) && this.files.hasRoom) old.push(...this.openOld(writes));
        this.flushDirectories(lock.hold(() => this.placeWrites(writes, staged)));
      } catch (e) {
        made.forEach(removeQuietly);
        throw e;
      } finally {
        old.forEach(closeLater);
      }
    });
  }

  updateChunks(updates: readonly ChunkUpdate[]): void {
    this.#try(WRITE, () => {
      const lock = this.writable();
      for (let at = 0; at < updates.length; at += UPDATES_TOGETHER)
        this.#update(lock, updates.slice(at, at + UPDATES_TOGETHER));
    });
  }

  listChunks(after: string | undefined, limit: number): ChunkPage {
    return this.#try(READ, () => {
      this.readable();
      return this.files.list(after, limit);
    });
  }

  #update(lock: ArrayLock, updates: readonly ChunkUpdate[]): void {
    const patched: number[] = [];
    try {
      const touched = new Set<string>();
      lock.hold(() => this.applyAll(this.patchAll(updates, patched), touched));
      if (this.files.flushes) for (const fd of patched) fdatasyncSync(fd);
      this.flushDirectories(touched);
    } finally {
      patched.forEach((fd) => {
        closeSync(fd);
      });
    }
  }

  #try<T>(context: string, work: () => T): T {
    try {
      return work();
    } catch (e) {
      throw this.told(e, context);
    }
  }
}

/** Asynchronous: whole chunks are read and written on Node's threads for files. */
export class AsyncLocalArray extends LocalArray implements ArrayStore<"async"> {
  async getMetadata(o?: At): Promise<Uint8Array | undefined> {
    return this.#try(READ, o, async () => this.readMetadata());
  }

  async setMetadata(bytes: Uint8Array, was: Uint8Array | undefined, o?: At): Promise<boolean> {
    return this.#try(WRITE, o, () => this.writable().holdAsync(() => this.replaceMetadata(bytes, was), o?.signal));
  }

  async readChunks(keys: readonly string[], o?: At): Promise<(Uint8Array | undefined)[]> {
    return this.#try(READ, o, async () => {
      const core = this.core();
      return this.found(core, await this.#readWhole(keys, o), undefined);
    });
  }

  async readInto(reads: readonly ChunkRead[], o?: At): Promise<boolean[]> {
    return this.#try(READ, o, async () => {
      const core = this.core();
      if (bytesOf(reads) <= INLINE_READ_BYTES)
        return this.found(
          core,
          reads.map((read) => this.files.readInto(read)),
          false,
        );
      const found = await mapBounded(reads, READS_IN_FLIGHT, o?.signal, (read) => this.#readOne(read));
      return this.found(core, found, false);
    });
  }

  async writeChunks(writes: readonly ChunkWrite[], o?: At): Promise<void> {
    await this.#try(WRITE, o, async () => {
      const lock = this.writable();
      const staged: (string | undefined)[] = new Array(writes.length);
      let old: number[] = [];
      try {
        await mapBounded(writes, WRITES_IN_FLIGHT, o?.signal, async ({ bytes }, i) => {
          if (bytes !== null) staged[i] = await this.#stage(bytes);
        });
        await this.#flush(staged);
        const touched = await lock.holdAsync(() => {
          old = this.openOld(writes);
          return this.placeWrites(writes, staged);
        }, o?.signal);
        await this.#flushDirectories(touched);
      } catch (e) {
        staged.forEach(removeQuietly);
        throw e;
      } finally {
        await mapBounded(old, WRITES_IN_FLIGHT, undefined, (fd) => closeFile(fd));
      }
    });
  }

  async updateChunks(updates: readonly ChunkUpdate[], o?: At): Promise<void> {
    await this.#try(WRITE, o, async () => {
      const lock = this.writable();
      for (let at = 0; at < updates.length; at += UPDATES_TOGETHER)
        await this.#update(lock, updates.slice(at, at + UPDATES_TOGETHER), o);
    });
  }

  async listChunks(after: string | undefined, limit: number, o?: At): Promise<ChunkPage> {
    return this.#try(READ, o, async () => {
      this.readable();
      return this.files.list(after, limit);
    });
  }

  async #flushDirectories(touched: ReadonlySet<string>): Promise<void> {
    if (!this.files.flushes) return;
    await mapBounded([...touched], WRITES_IN_FLIGHT, undefined, async (path) => {
      const fd = await openFile(path, "r");
      try {
        await flushFile(fd);
      } finally {
        await closeFile(fd);
      }
    });
  }

  #readWhole(keys: readonly string[], o: At | undefined): Promise<(Uint8Array | undefined)[]> {
    return mapBounded(keys, READS_IN_FLIGHT, o?.signal, async (key) => {
      try {
        return await readWhole(this.files.chunkFile(key));
      } catch (e) {
        if (isMissing(e)) return undefined;
        throw e;
      }
    });
  }

  async #readOne(read: ChunkRead): Promise<boolean> {
    const fd = this.files.open(read.key);
    if (fd === undefined) return false;
    try {
      for (const rest = new Rest(read, this.path); !rest.done; )
        rest.took((await readFileInto(fd, rest.buffers(), rest.offset)).bytesRead);
    } finally {
      closeSync(fd);
    }
    return true;
  }

  /**
   * What can be written in place is. For the rest, the new chunks are made and flushed while nobody is held up; then, with the
   * lock, they are put in place if the chunks are still what they were made from, and made again if not.
   */
  async #update(lock: ArrayLock, updates: readonly ChunkUpdate[], o: At | undefined): Promise<void> {
    const patched: number[] = [];
    const made: Made[] = [];
    try {
      const rest = await lock.holdAsync(() => this.patchAll(updates, patched), o?.signal);
      await mapBounded(rest, WRITES_IN_FLIGHT, o?.signal, async (update) => {
        made.push(await this.#make(update));
      });
      await this.#flush(made.map(({ staged }) => staged));
      const touched =
        made.length === 0 ? new Set<string>() : await lock.holdAsync(() => this.placeMade(made), o?.signal);
      if (this.files.flushes) await mapBounded(patched, WRITES_IN_FLIGHT, undefined, (fd) => flushFile(fd));
      await this.#flushDirectories(touched);
    } finally {
      for (const { staged } of made) removeQuietly(staged);
      patched.forEach((fd) => {
        closeSync(fd);
      });
    }
  }

  async #make(update: ChunkUpdate): Promise<Made> {
    const [was] = await this.#readWhole([update.key], undefined);
    // The function may change what it is given.
    const bytes = update.apply(was === undefined ? undefined : Uint8Array.from(was));
    return { update, was, staged: bytes === null ? undefined : await this.#stage(bytes) };
  }

  /** Not flushed yet. */
  async #stage(bytes: Uint8Array): Promise<string> {
    const { fd, path } = this.files.stage();
    try {
      try {
        for (let at = 0; at < bytes.length; ) at += (await writeFile(fd, bytes, at, bytes.length - at)).bytesWritten;
      } finally {
        await closeFile(fd);
      }
    } catch (e) {
      removeQuietly(path);
      throw e;
    }
    return path;
  }

  /** Waits until staged files are on the disk, one after the other: the first one takes most of the rest along. */
  async #flush(staged: readonly (string | undefined)[]): Promise<void> {
    if (!this.files.flushes) return;
    for (const path of staged) {
      if (path === undefined) continue;
      const fd = openSync(path, "r+");
      try {
        await flushFile(fd);
      } finally {
        closeSync(fd);
      }
    }
  }

  /** Runs a call; its container stays open until it has ended, whatever becomes of its promise. */
  async #try<T>(context: string, o: At | undefined, work: () => Promise<T>): Promise<T> {
    o?.signal?.throwIfAborted();
    try {
      return await this.core().underWay(work);
    } catch (e) {
      throw this.told(e, context);
    }
  }
}

function isBig({ bytes }: ChunkWrite): boolean {
  return bytes !== null && bytes.length >= BIG_BYTES;
}

function bytesOf(reads: readonly ChunkRead[]): number {
  let bytes = 0;
  for (const { into } of reads) for (const { length } of into) bytes += length;
  return bytes;
}

/** For a staged file that nobody will see. */
function removeQuietly(path: string | undefined): void {
  if (path === undefined) return;
  try {
    unlinkSync(path);
  } catch {
    // It was placed or never made; what really is left behind is found by `checkContainer`.
  }
}
