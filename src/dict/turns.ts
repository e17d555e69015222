/** Calls that would only get into each other's way, such as `modify` of one key, take turns. */
import { withSignal } from "../engine/signal.ts";
import type { Call } from "./options.ts";

/**
 * One call at a time for each subject. Of a thousand that compare and set at once one would succeed, and all others begin
 * anew, a thousand times over.
 */
export class Turns {
  // Of each subject, when its last call that was issued, and all before it, will have ended.
  readonly #ends = new Map<string, Promise<void>>();

  /** Runs `work` when the calls on `subject` that were issued before it have ended. An abort does not wait for its turn. */
  async take<T>(subject: string, o: Call | undefined, work: () => Promise<T>): Promise<T> {
    const before = this.#ends.get(subject);
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    this.#ends.set(subject, ended);
    try {
      if (before !== undefined) await withSignal(before, o);
      return await work();
    } finally {
      void Promise.resolve(before).then(() => {
        end();
        if (this.#ends.get(subject) === ended) this.#ends.delete(subject);
      });
    }
  }
}
