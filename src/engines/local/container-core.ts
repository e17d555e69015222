/**
 * What all handles of one process share that have the same container open: one connection for reads and blocking
 * writes, and one writer thread for the rest.
 */
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { ArrayFiles } from "./array-files.ts";
import { ArrayLock } from "./array-lock.ts";
import { type ConnectionOptions, openDatabase } from "./database.ts";
import { waitForLock } from "./lock.ts";
import { oidOf, Reader } from "./reader.ts";
import { fromSqlite, isBusy } from "./sqlite-error.ts";
import { Transaction } from "./transaction.ts";
import { Writer } from "./writer.ts";

/** Records of cleared and destroyed objects that a blocking write takes along. */
const PURGE_WITH_WRITE = 64;

/** The files of an array and the lock of its writers. */
interface ArrayPart {
  readonly files: ArrayFiles;
  readonly lock: ArrayLock;
}

const open = new Map<string, ContainerCore>();

/** The shared part of an open container, counted by its handles. */
export class ContainerCore {
  /** The way of asynchronous writes. */
  readonly writer: Writer;
  readonly #key: string;
  readonly #file: string;
  readonly #options: ConnectionOptions;
  /** Of a read-only core: the key of the one that writes. */
  readonly #writableKey: string | undefined;
  readonly #database: DatabaseSync;
  readonly #reader: Reader;
  readonly #arrays = new Map<number, ArrayPart>();
  readonly #underWay = new Set<Promise<unknown>>();
  #transaction: Transaction | undefined;
  #handles = 0;

  private constructor(key: string, file: string, options: ConnectionOptions) {
    this.#key = key;
    this.#file = file;
    this.#options = options;
    this.#writableKey = options.mode === "RO" ? keyOf(file, { ...options, mode: "RW" }) : undefined;
    this.#database = openDatabase(file, options);
    try {
      this.#reader = new Reader(this.#database);
    } catch (e) {
      this.#database.close();
      throw fromSqlite(e, "failed to open the container's file", file);
    }
    this.writer = new Writer(file, options);
  }

  /** The core of the container with this file. */
  static acquire(file: string, options: ConnectionOptions): ContainerCore {
    const key = keyOf(file, options);
    let core = open.get(key);
    if (core === undefined) {
      core = new ContainerCore(key, file, options);
      open.set(key, core);
    }
    core.#handles++;
    return core;
  }

  /**
   * The core to read dictionaries and names by. When this one is read-only and the process also has the container open
   * for writing, that is the other one: it knows which writes were called before and are under way.
   */
  get forReading(): ContainerCore {
    return this.#writableKey === undefined ? this : (open.get(this.#writableKey) ?? this);
  }

  /** Reads, translating SQLite's errors. */
  read<T>(work: (reader: Reader) => T): T {
    try {
      return work(this.#reader);
    } catch (e) {
      return this.#readAgain(work, e);
    }
  }

  /** Writes in one transaction and blocks until it is durable; after everything that was issued before it. */
  write<T>(work: (transaction: Transaction) => T): T {
    this.writer.settle();
    try {
      this.#transaction ??= new Transaction(this.#database, this.#file, this.#options.timeoutMs);
      const transaction = this.#transaction;
      return transaction.write(() => {
        const result = work(transaction);
        if (transaction.hasGarbage) transaction.purge(PURGE_WITH_WRITE);
        return result;
      });
    } catch (e) {
      throw fromSqlite(e, "failed to write", this.#file);
    }
  }

  /** The files of an array and its lock. */
  array(id: number): ArrayPart {
    let part = this.#arrays.get(id);
    if (part === undefined) {
      const files = new ArrayFiles(dirname(this.#file), oidOf(id), this.#options.durability);
      part = { files, lock: new ArrayLock(files, this.#options.timeoutMs) };
      this.#arrays.set(id, part);
    }
    return part;
  }

  /** Says that the array is gone: its lock is closed. */
  forgetArray(id: number): void {
    this.#arrays.get(id)?.lock.close();
    this.#arrays.delete(id);
  }

  /** Runs work on files; the container stays open until it has ended. */
  async underWay<T>(work: () => Promise<T>): Promise<T> {
    const promise = work();
    this.#underWay.add(promise);
    try {
      return await promise;
    } finally {
      this.#underWay.delete(promise);
    }
  }

  /** One handle less; the last one waits for the writes under way and closes the file. */
  async release(): Promise<void> {
    await this.writer.drained();
    await Promise.allSettled([...this.#underWay]);
    if (!this.#forget()) return;
    this.#database.close();
    await this.writer.close();
  }

  /** The same, blocking. */
  releaseSync(): void {
    // Asynchronous writes under way are those of another handle, which waits for them before it lets go.
    if (!this.#forget()) return;
    this.#database.close();
    // The thread closes its connection by itself and holds nobody up.
    void this.writer.close();
  }

  #forget(): boolean {
    if (--this.#handles > 0) return false;
    open.delete(this.#key);
    for (const { lock } of this.#arrays.values()) lock.close();
    return true;
  }

  // A reader is locked out only while another process recovers or removes the journal.
  #readAgain<T>(work: (reader: Reader) => T, error: unknown): T {
    try {
      if (!isBusy(error)) throw error;
      return waitForLock(() => work(this.#reader), this.#options.timeoutMs, this.#file);
    } catch (e) {
      throw fromSqlite(e, "failed to read", this.#file);
    }
  }
}

function keyOf(file: string, { uuid, mode, durability, timeoutMs }: ConnectionOptions): string {
  return JSON.stringify([file, uuid, mode, durability, timeoutMs]);
}
