/** Calls of one process on one name take effect in the order in which they were made. */
import type { Steps } from "../../engine/steps.ts";
import { Pending, wait } from "../../ffi/pending.ts";

/** Names that are being created, given or destroyed. */
export class Names {
  readonly #last = new Map<string, Pending<void>>();

  /** Runs `work` when what was called before on this name has ended. */
  *exclusive<T>(name: string, work: () => Steps<T>): Steps<T> {
    const before = this.#last.get(name);
    const turn = new Pending<void>();
    this.#last.set(name, turn);
    if (before !== undefined) yield* wait(before);
    try {
      return yield* work();
    } finally {
      if (this.#last.get(name) === turn) this.#last.delete(name);
      turn.resolve();
    }
  }

  /** Runs `work` when what was called before on this name, or on any, has ended; others need not wait for it. */
  *after<T>(name: string | undefined, work: () => Steps<T>): Steps<T> {
    const before = name === undefined ? [...this.#last.values()] : [this.#last.get(name)];
    for (const turn of before) if (turn !== undefined) yield* wait(turn);
    return yield* work();
  }
}
