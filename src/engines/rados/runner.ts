/** How the algorithms of the engine are run on either face. */
import type { At, Face, R } from "../../engine/contract.ts";
import { withSignal } from "../../engine/signal.ts";
import type { Steps } from "../../engine/steps.ts";
import { DaosError } from "../../errors.ts";
import { completions } from "../../ffi/completions.ts";
import { drive, type Pending } from "../../ffi/pending.ts";
import { sendAll } from "./gathering.ts";

/** Runs the calls of one twin. */
export interface Runner<S extends Face> {
  readonly face: S;
  /** Answers with what `begin` starts: a promise of it, or when it has ended. */
  run<T>(begin: () => Pending<T>, o?: At): R<S, T>;
}

const asynchronous: Runner<"async"> = {
  face: "async",
  // Not an async function, which would take one promise and three microtasks more for each call.
  run<T>(begin: () => Pending<T>, o?: At): Promise<T> {
    try {
      o?.signal?.throwIfAborted();
      return withSignal(begin().promise(), o);
    } catch (e) {
      return Promise.reject(e);
    }
  },
};

const blocking: Runner<"sync"> = {
  face: "sync",
  run<T>(begin: () => Pending<T>): T {
    const pending = begin();
    while (!pending.settled) {
      sendAll();
      if (pending.settled) break;
      if (completions().size === 0)
        throw new DaosError("DER_BUSY", "a blocking call waits for an asynchronous one", {
          detail: "of the same process, which can only go on when the event loop does; await that one first",
        });
      completions().waitForOldest();
    }
    return pending.result();
  },
};

/** The runner of that face. */
export function runnerOf<S extends Face>(face: S): Runner<S> {
  return (face === "sync" ? blocking : asynchronous) as Runner<Face> as Runner<S>;
}

/** Runs an algorithm. */
export function runSteps<S extends Face, T>(runner: Runner<S>, steps: () => Steps<T>, o?: At): R<S, T> {
  return runner.run(() => drive(steps()), o);
}
