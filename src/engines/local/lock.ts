/** Waiting for SQLite's write lock. */
import { DaosError } from "../../errors.ts";
import { isBusy } from "./sqlite-error.ts";

/** The error of a lock that was not free within the timeout. */
export function heldTooLong(file: string, timeoutMs: number, cause: unknown): DaosError<"DER_BUSY"> {
  return new DaosError("DER_BUSY", "waiting for the lock", {
    cause,
    detail: `${file}: another process has held the lock for ${timeoutMs} ms; raise the option timeout or end that process`,
  });
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Runs `attempt` until it does not find the database locked, at most `timeoutMs`; then DER_BUSY.
 *
 * We poll with a short, random pause instead of SQLite's busy handler: that one backs off up to 100 ms, and a
 * writer that has backed off loses to every newcomer.
 *
 * @param deadline - when to give up, on the clock of `performance.now()`; default: `timeoutMs` after the first failure.
 */
export function waitForLock<T>(attempt: () => T, timeoutMs: number, file: string, deadline?: number): T {
  for (let until = deadline; ; ) {
    try {
      return attempt();
    } catch (e) {
      if (!isBusy(e)) throw e;
      const now = performance.now();
      until ??= now + timeoutMs;
      if (now >= until) throw heldTooLong(file, timeoutMs, e);
      Atomics.wait(sleeper, 0, 0, 0.3 + 0.7 * Math.random());
    }
  }
}
