/** Abort signals. */
import type { At } from "./contract.ts";

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
