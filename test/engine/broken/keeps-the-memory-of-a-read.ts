/** A read that is aborted goes on behind the back of its caller. */
import { broken, isAsyncArray } from "./wrap.ts";

export const engine = broken({
  array: (store) => ({
    readInto(reads, o) {
      if (!isAsyncArray(store) || o?.signal === undefined) return store.readInto(reads, o);
      const { signal } = o;
      signal.throwIfAborted();
      const reading = store.readInto(reads);
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
      aborted.catch(() => {});
      return Promise.race([reading, aborted]) as never;
    },
  }),
});
