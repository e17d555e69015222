/**
 * The lock that the writers of one array share, over all processes: SQLite's write lock on an empty file of its own (about
 * 4 us to take and give back; the kernel gives it back when a process dies). It is held only inside one turn of the event loop, so
 * that blocking and asynchronous calls of one process cannot wait for each other.
 */
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import type { ArrayFiles } from "./array-files.ts";
import { heldTooLong, waitForLock } from "./lock.ts";
import { isBusy } from "./sqlite-error.ts";

/** A lock; the file is made when it is missing. */
export class ArrayLock {
  readonly #file: string;
  readonly #timeoutMs: number;
  readonly #files: ArrayFiles;
  #database: DatabaseSync | undefined;

  constructor(files: ArrayFiles, timeoutMs: number) {
    this.#files = files;
    this.#file = files.lockFile;
    this.#timeoutMs = timeoutMs;
  }

  /** Runs `work` while nobody else holds the lock; blocks until it is free, at most for the timeout, then DER_BUSY. */
  hold<T>(work: () => T): T {
    waitForLock(() => this.#take(), this.#timeoutMs, this.#file);
    return this.#run(work);
  }

  /** The same without blocking while someone else has the lock; `work` itself runs in one turn. */
  async holdAsync<T>(work: () => T, signal: AbortSignal | undefined): Promise<T> {
    const deadline = performance.now() + this.#timeoutMs;
    for (;;) {
      signal?.throwIfAborted();
      try {
        this.#take();
        break;
      } catch (e) {
        if (!isBusy(e)) throw e;
        if (performance.now() >= deadline) throw heldTooLong(this.#file, this.#timeoutMs, e);
        await sleep(1);
      }
    }
    return this.#run(work);
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  #run<T>(work: () => T): T {
    try {
      return work();
    } finally {
      this.#database?.exec("ROLLBACK");
    }
  }

  #take(): void {
    if (this.#database === undefined) {
      this.#files.makeLockFile();
      this.#database = new DatabaseSync(this.#file, { timeout: 0 });
    }
    this.#database.exec("BEGIN IMMEDIATE");
  }
}
