/** Nothing is wrong with reading an array that was destroyed: it has no chunks. */
import { DaosError } from "../../../src/errors.ts";
import { broken, isAsyncArray } from "./wrap.ts";

export const engine = broken({
  array: (store) => ({
    readChunks(keys, o) {
      const forgive = (e: unknown): undefined[] => {
        if (!DaosError.is(e, "DER_NONEXIST")) throw e;
        return keys.map(() => undefined);
      };
      if (isAsyncArray(store)) return store.readChunks(keys, o).catch(forgive) as never;
      try {
        return store.readChunks(keys, o);
      } catch (e) {
        return forgive(e) as never;
      }
    },
  }),
});
