/**
 * Something that is under way, and algorithms that wait for it. Like a promise, but its callbacks run at once: so one
 * text serves both faces, and a blocking call can push asynchronous ones of the same process on to their end.
 */
import type { Steps } from "../engine/steps.ts";
import type { CFunction, CType } from "./koffi.ts";

/** Something under way that ends with a `T` or an error. */
export class Pending<T> {
  #settled = false;
  #failed = false;
  #value: T | undefined;
  #error: unknown;
  #callbacks: (() => void)[] | undefined;

  /** Whether it has ended. */
  get settled(): boolean {
    return this.#settled;
  }

  resolve(value: T): void {
    this.#value = value;
    this.#settle();
  }

  reject(error: unknown): void {
    this.#error = error;
    this.#failed = true;
    this.#settle();
  }

  /** Calls back when it has ended, at once if it has. */
  whenSettled(callback: () => void): void {
    if (this.#settled) callback();
    else if (this.#callbacks === undefined) this.#callbacks = [callback];
    else this.#callbacks.push(callback);
  }

  /** The result of what has ended; throws its error. */
  result(): T {
    if (this.#failed) throw this.#error;
    return this.#value as T;
  }

  /** The same with another result, or with the error that `change` throws. */
  map<U>(change: (value: T) => U): Pending<U> {
    const changed = new Pending<U>();
    this.whenSettled(() => {
      let value: U;
      try {
        value = change(this.result());
      } catch (e) {
        changed.reject(e);
        return;
      }
      changed.resolve(value);
    });
    return changed;
  }

  /** The same as a promise. */
  promise(): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.whenSettled(() => {
        if (this.#failed) reject(this.#error);
        else resolve(this.#value as T);
      });
    });
  }

  #settle(): void {
    this.#settled = true;
    const callbacks = this.#callbacks;
    this.#callbacks = undefined;
    if (callbacks !== undefined) for (const callback of callbacks) callback();
  }
}

/** Waits, inside an algorithm, for something under way. */
export function* wait<T>(pending: Pending<T>): Steps<T> {
  return (yield pending) as T;
}

/** Waits for all of them; then throws the first error, if there is one. */
export function* waitAll<T>(all: readonly Pending<T>[]): Steps<T[]> {
  for (const pending of all) {
    // The errors are looked at when none is under way any more: nothing goes on behind the caller's back.
    if (!pending.settled) {
      const ended = new Pending<void>();
      pending.whenSettled(() => ended.resolve());
      yield ended;
    }
  }
  return all.map((pending) => pending.result());
}

/** Runs an algorithm over {@link Pending}s; it begins before this returns. */
export function drive<T>(steps: Steps<T>): Pending<T> {
  const outcome = new Pending<T>();
  const advance = (resume: () => IteratorResult<unknown, T>): void => {
    for (;;) {
      let next: IteratorResult<unknown, T>;
      try {
        next = resume();
      } catch (e) {
        outcome.reject(e);
        return;
      }
      if (next.done) {
        outcome.resolve(next.value);
        return;
      }
      const pending = next.value as Pending<unknown>;
      resume = () => {
        let value: unknown;
        try {
          value = pending.result();
        } catch (e) {
          return steps.throw(e);
        }
        return steps.next(value as never);
      };
      if (!pending.settled) {
        const then = resume;
        pending.whenSettled(() => advance(then));
        return;
      }
    }
  };
  advance(() => steps.next());
  return outcome;
}

/** koffi refuses the 257th call on another thread, and libuv has four threads for them. */
const MOST_THREAD_CALLS = 64;

/** How long a call waits for its next try when the program itself has all of koffi's calls under way. */
const RETRY_MS = 5;

/** Whether koffi has refused a call because 256 are under way: ours are fewer, but the program may make some of its own. */
export function tooManyCalls(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Too many asynchronous calls");
}

let threadCalls = 0;
const waitingCalls: (() => void)[] = [];

/** How many calls are under way on other threads. */
export function callsOnThreads(): number {
  return threadCalls;
}

/** A C function that blocks: called here and now, or on another thread. */
export function blockingCall<const A extends readonly CType[], T extends CType>(
  face: "async" | "sync",
  fn: CFunction<A, T>,
  ...args: Parameters<CFunction<A, T>>
): Pending<ReturnType<CFunction<A, T>>> {
  const pending = new Pending<ReturnType<CFunction<A, T>>>();
  if (face === "sync") {
    pending.resolve(fn(...args));
    return pending;
  }
  const begin = (): void => {
    threadCalls++;
    try {
      fn.async(...args, (error, result) => {
        threadCalls--;
        waitingCalls.shift()?.();
        if (error === null) pending.resolve(result);
        else pending.reject(error);
      });
    } catch (e) {
      threadCalls--;
      if (tooManyCalls(e)) setTimeout(begin, RETRY_MS);
      else pending.reject(e);
    }
  };
  if (threadCalls < MOST_THREAD_CALLS) begin();
  else waitingCalls.push(begin);
  return pending;
}
