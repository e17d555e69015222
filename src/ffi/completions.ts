/**
 * Waiting for librados' asynchronous operations without a callback from its threads: one thread of libuv's pool waits for
 * one of them; when it wakes up, all that are complete are taken. A timer sweeps meanwhile, or an operation that hangs would
 * hide the others.
 */
import { Arena } from "./arena.ts";
import { type Librados, librados, type Pointer } from "./librados.ts";
import { tooManyCalls } from "./pending.ts";

/** How often complete operations are looked for while the one that is waited for is not, milliseconds. */
const SWEEP_MS = 3;
/** How long the end of the process waits for operations under way. */
const EXIT_WAIT_MS = 2000;
/** How often the end of the process looks whether they are complete. */
const EXIT_POLL_MS = 1;
/** How long the end of the process waits for what it has cancelled. */
const EXIT_CANCEL_MS = 1000;

/** An operation that is under way. */
export interface Operation {
  readonly completion: Pointer;
  /** The pool's handle, to cancel with. */
  readonly ioctx: Pointer;
  /** Hands it to librados; a negative result says that it has not started. */
  readonly begin: (completion: Pointer) => number;
  /** Told the result, a negative errno or 0 and more; the completion is still there, to ask for more. */
  readonly done: (result: number, completion: Pointer) => void;
}

/** The operations of this thread that are under way. */
class Completions {
  readonly #lib: Librados = librados();
  readonly #out = new Arena(8);
  #operations: Operation[] = [];
  /** The completion that the waiting thread holds; it must not be released before that thread is back. */
  #held: Pointer | undefined;
  #heldIsDone = false;
  #sweeper: NodeJS.Timeout | undefined;
  #starting = false;
  /** What is handed over together. */
  #together: Operation[] | undefined;

  /** How many are under way. */
  get size(): number {
    return this.#operations.length;
  }

  /**
   * Starts an operation.
   *
   * @param begin - hands it to librados; a negative result says that it has not started.
   * @param done - told how it ended, never before this returns.
   */
  start(
    ioctx: Pointer,
    begin: (completion: Pointer) => number,
    done: (result: number, completion: Pointer) => void,
  ): Operation {
    this.#lib.createCompletion(0, 0, this.#out.address);
    const operation = { completion: this.#out.pointer(0), ioctx, begin, done };
    if (this.#together === undefined) this.#begin(operation);
    else this.#together.push(operation);
    return operation;
  }

  /**
   * Hands over what `work` starts at its end, one right after the other: librados' threads, which are woken up for it, then
   * find all of it, and are woken up once.
   */
  together(work: () => void): void {
    if (this.#together !== undefined) {
      work();
      return;
    }
    const operations: Operation[] = [];
    this.#together = operations;
    try {
      work();
    } finally {
      this.#together = undefined;
      for (const operation of operations) this.#begin(operation);
    }
  }

  #begin(operation: Operation): void {
    const { completion, begin, done } = operation;
    const started = begin(completion);
    if (started >= 0) {
      this.#operations.push(operation);
      this.#watch();
      return;
    }
    queueMicrotask(() => {
      done(started, completion);
      this.#lib.releaseCompletion(completion);
    });
  }

  /** Has an operation end at once, if it is still under way; whether a write lands is not known then. */
  cancel(operation: Operation): void {
    if (this.#operations.includes(operation)) this.#lib.cancel(operation.ioctx, operation.completion);
  }

  /** Takes what is complete by now. */
  poll(): void {
    this.#sweep();
  }

  /** Blocks until the oldest operation is complete; takes all that are. */
  waitForOldest(): void {
    const oldest = this.#operations[0];
    if (oldest !== undefined) this.#lib.waitForComplete(oldest.completion);
    this.#sweep();
  }

  /** Takes what is complete; how many that were. */
  #sweep(): number {
    const pending: Operation[] = [];
    const complete: Operation[] = [];
    for (const operation of this.#operations)
      (this.#lib.isComplete(operation.completion) === 0 ? pending : complete).push(operation);
    if (complete.length === 0) return 0;
    this.#operations = pending;
    for (const { completion, done } of complete) {
      done(this.#lib.returnValue(completion), completion);
      if (completion === this.#held) this.#heldIsDone = true;
      else this.#lib.releaseCompletion(completion);
    }
    return complete.length;
  }

  #watch(): void {
    if (this.#sweeper === undefined) this.#sweeper = setInterval(() => this.#tick(), SWEEP_MS);
    if (this.#held !== undefined || this.#starting) return;
    // Not at once: what is started in the same turn is then waited for together.
    this.#starting = true;
    setImmediate(() => this.#look());
  }

  /** As long as each look finds something, the next one is cheaper than to be woken up by a thread. */
  #look(): void {
    if (this.#tick() > 0 && this.#operations.length > 0) {
      setImmediate(() => this.#look());
      return;
    }
    this.#starting = false;
    this.#waitInThread();
  }

  #waitInThread(): void {
    // One in the middle: when it is complete, so are most of those before it, and one wake-up serves them all.
    const operation = this.#operations[this.#operations.length >> 1];
    if (operation === undefined || this.#held !== undefined) return;
    const held = operation.completion;
    try {
      this.#lib.waitForComplete.async(held, () => {
        this.#held = undefined;
        if (this.#heldIsDone) this.#lib.releaseCompletion(held);
        this.#tick();
        if (this.#operations.length > 0) this.#watch();
      });
    } catch (e) {
      // The timer's sweeps will do until there is room for a call.
      if (tooManyCalls(e)) return;
      throw e;
    }
    this.#held = held;
    this.#heldIsDone = false;
  }

  #tick(): number {
    const taken = this.#sweep();
    if (this.#operations.length === 0 && this.#sweeper !== undefined) {
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
    }
    return taken;
  }

  /**
   * For the end of the process: what was issued is given a moment to land, the rest is cancelled. `false` when
   * something is left all the same.
   */
  end(): boolean {
    this.#pollUntilEmpty(EXIT_WAIT_MS);
    for (const { ioctx, completion } of this.#operations) this.#lib.cancel(ioctx, completion);
    this.#pollUntilEmpty(EXIT_CANCEL_MS);
    return this.#operations.length === 0;
  }

  #pollUntilEmpty(ms: number): void {
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    const end = performance.now() + ms;
    for (;;) {
      this.#sweep();
      if (this.#operations.length === 0 || performance.now() >= end) return;
      Atomics.wait(sleeper, 0, 0, EXIT_POLL_MS);
    }
  }
}

let shared: Completions | undefined;

/** The completions of this thread. */
export function completions(): Completions {
  shared ??= new Completions();
  return shared;
}
