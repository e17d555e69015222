/** One call on an array, and how it is run: an abort ends what it has under way, and then the call. */
import type { At, Face, R } from "../../engine/contract.ts";
import type { Steps } from "../../engine/steps.ts";
import { completions, type Operation } from "../../ffi/completions.ts";
import { drive, Pending } from "../../ffi/pending.ts";
import type { ObjectCore } from "./object-core.ts";
import type { Watcher } from "./operations.ts";
import type { Runner } from "./runner.ts";

/** What a call has under way that uses memory of the caller, or that a later call must not overtake. */
export class Call implements Watcher {
  readonly #signal: AbortSignal | undefined;
  readonly #underWay = new Set<Operation>();
  #idle: (() => void) | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  begun(operation: Operation): void {
    this.#underWay.add(operation);
  }

  ended(operation: Operation): void {
    this.#underWay.delete(operation);
    if (this.#underWay.size === 0) this.#idle?.();
  }

  /** To be asked before each use of the caller's memory, and each write: after an abort there is none. */
  throwIfAborted(): void {
    this.#signal?.throwIfAborted();
  }

  /** Ends what is under way; calls back when nothing is. */
  abort(idle: () => void): void {
    this.#idle = idle;
    for (const operation of this.#underWay) completions().cancel(operation);
    if (this.#underWay.size === 0) idle();
  }
}

/** Runs a call on an object: closing and destroying wait until it has ended, also when its caller does not any more. */
export function runCall<S extends Face, T>(
  runner: Runner<S>,
  find: () => ObjectCore,
  o: At | undefined,
  steps: (object: ObjectCore, call: Call) => Steps<T>,
): R<S, T> {
  // The blocking twin ignores signals.
  const signal = runner.face === "async" ? o?.signal : undefined;
  return runner.run(() => {
    signal?.throwIfAborted();
    const object = find();
    const call = new Call(signal);
    const outcome = new Pending<T>();
    const aborted = (): void => call.abort(() => outcome.settled || outcome.reject(signal!.reason));
    signal?.addEventListener("abort", aborted, { once: true });
    const span = object.enter();
    const work = drive(steps(object, call));
    work.whenSettled(() => {
      object.leave(span);
      signal?.removeEventListener("abort", aborted);
      if (outcome.settled) return;
      try {
        outcome.resolve(work.result());
      } catch (e) {
        outcome.reject(e);
      }
    });
    return outcome;
  });
}
