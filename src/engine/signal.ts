/** Abort signals. */
import type { At } from "./contract.ts";
import { type Steps, step } from "./steps.ts";

/**
 * `promise`, or a rejection with `signal.reason` as soon as the signal is aborted. The work behind the promise goes on;
 * its late failure is nobody's.
 */
export function withSignal<T>(promise: Promise<T>, o: At | undefined): Promise<T> {
  const signal = o?.signal;
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** Waits, inside an algorithm, for what knows nothing of the signal, such as the caller's own code; an abort does not wait for it. */
export function* stepUntilAbort<T>(answer: T | PromiseLike<T>, o: At | undefined): Steps<T> {
  if (typeof (answer as PromiseLike<T> | null | undefined)?.then !== "function") return answer as T;
  return yield* step(withSignal(Promise.resolve(answer), o));
}
