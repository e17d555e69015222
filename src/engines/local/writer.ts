/** The program's side of the writer thread: sends operations in the order of their calls, settles their promises. */
import { Worker } from "node:worker_threads";
import type { Cond, Op } from "../../engine/contract.ts";
import { DaosError } from "../../errors.ts";
import type { ConnectionOptions } from "./database.ts";
import { PendingKeys } from "./pending-keys.ts";
import { fromRecord } from "./thread-error.ts";
import {
  type Call,
  type Code,
  clock,
  Packer,
  packBatch,
  putCode,
  type Reply,
  type Request,
  type Work,
} from "./wire.ts";
import type { WriterThreadData } from "./writer-thread.ts";

/** A pack is sent when it has this many operations or bytes, or at the end of the current turn of the event loop. */
const PACK_MAX_OPS = 1024;
const PACK_MAX_BYTES = 1024 * 1024;

/** Operations that are settled leave the queue at the latest when there are this many of them. */
const COMPACT_AT = 16_384;
/** How long a blocking call waits between two looks at the writer thread, milliseconds. */
const SETTLE_LOOK_MS = 1000;

const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";

interface Issued {
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
  readonly release: () => void;
}

/** Writes of one container that are under way in the writer thread. The thread starts with the first of them. */
export class Writer {
  /** Which keys have operations under way: a read of one of them has to queue behind them. */
  readonly pending: PendingKeys = new PendingKeys();
  readonly #file: string;
  readonly #connection: ConnectionOptions;
  readonly #done = new Int32Array(new SharedArrayBuffer(4));
  #worker: Worker | undefined;
  #packer = new Packer();
  #flushScheduled = false;
  #sent = 0;
  // A queue: answers come in the order of the calls. `#head` is the oldest that has none.
  #issued: Issued[] = [];
  #head = 0;
  #settled = 0;
  // Oldest first: whoever waits for the first `upTo` operations to be settled.
  readonly #waiting: { readonly upTo: number; readonly resolve: () => void }[] = [];

  constructor(file: string, connection: ConnectionOptions) {
    this.#file = file;
    this.#connection = connection;
  }

  put(object: number, key: Uint8Array, value: Uint8Array, cond: Cond | undefined): Promise<boolean> {
    return this.keyed(putCode(cond), object, key, value, typeof cond === "object" ? cond.was : undefined);
  }

  /** An operation on one key, packed. */
  keyed<T>(code: Code, object: number, key: Uint8Array, value?: Uint8Array, was?: Uint8Array): Promise<T> {
    this.#wake();
    this.#packer.add(code, object, key, value, was);
    const promise = this.#issue<T>(this.pending.addKey(object, key));
    if (this.#packer.count >= PACK_MAX_OPS || this.#packer.length >= PACK_MAX_BYTES) this.#flush();
    else this.#flushSoon();
    return promise;
  }

  batch(object: number, ops: readonly Op[]): Promise<void> {
    const bytes = packBatch(ops);
    this.#wake();
    this.#flush();
    this.#send({ type: "batch", count: 1, object, bytes }, bytes);
    return this.#issue<void>(this.pending.addObject(object));
  }

  /** A rare operation; `object` is the one whose keys it concerns, `undefined` for names. */
  call<T>(call: Call, object?: number): Promise<T> {
    this.#wake();
    this.#flush();
    this.#send({ type: "call", count: 1, call });
    return this.#issue<T>(object === undefined ? this.pending.addNames() : this.pending.addObject(object));
  }

  /** Blocks until everything issued so far is committed. For blocking calls that share a process with async ones. */
  settle(): void {
    if (this.#head === this.#issued.length) return;
    this.#flush();
    // Each operation may wait for the lock as long as the timeout; a thread that makes no progress for longer is gone.
    let deadline = performance.now() + this.#connection.timeoutMs + SETTLE_LOOK_MS;
    for (let seen = Atomics.load(this.#done, 0); seen !== this.#sent; ) {
      Atomics.wait(this.#done, 0, seen, SETTLE_LOOK_MS);
      const now = Atomics.load(this.#done, 0);
      if (now !== seen) deadline = performance.now() + this.#connection.timeoutMs + SETTLE_LOOK_MS;
      else if (performance.now() > deadline)
        throw new DaosError("DER_BUSY", "waiting for the writer thread", { detail: this.#file });
      seen = now;
    }
  }

  /** Resolves when everything issued before this call is settled, whatever is issued after it. */
  async drained(): Promise<void> {
    const open = this.#issued.length - this.#head;
    if (open > 0) await new Promise<void>((resolve) => this.#waiting.push({ upTo: this.#settled + open, resolve }));
  }

  /** Waits for what is under way, then ends the thread. */
  async close(): Promise<void> {
    await this.drained();
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#worker = undefined;
    const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
    worker.ref();
    worker.postMessage({ type: "close" } satisfies Request);
    await ended;
  }

  /** Sees to it that there is a thread. */
  #wake(): void {
    try {
      this.#thread();
    } catch (e) {
      throw new DaosError("DER_NOMEM", "failed to write", { cause: e, detail: "no writer thread could be started" });
    }
  }

  /** Notes an operation that is packed or sent: from here on it gets its answer, in its turn. */
  #issue<T>(release: () => void): Promise<T> {
    // The thread keeps the process alive while it has work.
    if (this.#head === this.#issued.length) this.#worker?.ref();
    return new Promise<T>((resolve, reject) => {
      this.#issued.push({ resolve, reject, release });
    });
  }

  #flushSoon(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    queueMicrotask(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#packer.count === 0) return;
    const message = this.#packer.take();
    this.#send(message, message.bytes);
  }

  #send(work: Work, transfer?: Uint8Array<ArrayBuffer>): void {
    const request: Request = { ...work, sent: clock() };
    this.#thread().postMessage(request, transfer === undefined ? [] : [transfer.buffer]);
    this.#sent = (this.#sent + work.count) | 0;
  }

  #thread(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const data: WriterThreadData = { file: this.#file, connection: this.#connection, done: this.#done };
    // No flags of the program are passed on: some of them (--input-type, --eval) are not for a file.
    const worker = new Worker(new URL(`./writer-thread.${extension}`, import.meta.url), {
      name: "tsdaos writer",
      workerData: data,
      execArgv: [],
    });
    worker.on("message", (reply: Reply) => this.#settleReply(reply));
    worker.on("error", (e) => this.#fail(worker, e));
    worker.on("exit", () => this.#fail(worker, undefined));
    // After the listeners, which make it keep the process alive.
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #settleReply(reply: Reply): void {
    if (typeof reply === "number") {
      for (let i = 0; i < reply; i++) this.#next().resolve(true as never);
      this.#countSettled(reply);
      return;
    }
    const failed = new Map(reply.errors);
    for (const [i, result] of reply.results.entries()) {
      const issued = this.#next();
      const error = failed.get(i);
      if (error === undefined) issued.resolve(result as never);
      else issued.reject(fromRecord(error));
    }
    this.#countSettled(reply.results.length);
  }

  /** The oldest operation without an answer, which gets it now. */
  #next(): Issued {
    const issued = this.#issued[this.#head++]!;
    issued.release();
    return issued;
  }

  #countSettled(count: number): void {
    this.#settled += count;
    if (this.#head === this.#issued.length) {
      this.#issued = [];
      this.#head = 0;
      this.#worker?.unref();
    } else if (this.#head >= COMPACT_AT) {
      this.#issued = this.#issued.slice(this.#head);
      this.#head = 0;
    }
    while (this.#waiting.length > 0 && this.#waiting[0]!.upTo <= this.#settled) this.#waiting.shift()!.resolve();
  }

  /** The thread has ended by itself: what was under way is lost or not, nobody can tell; the next write starts another. */
  #fail(worker: Worker, cause: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const open = this.#issued.slice(this.#head);
    this.#head = this.#issued.length;
    Atomics.store(this.#done, 0, this.#sent);
    for (const issued of open) {
      issued.release();
      issued.reject(
        new DaosError("DER_IO", "failed to write", { cause, detail: `the writer thread of ${this.#file} ended` }),
      );
    }
    this.#countSettled(open.length);
  }
}
