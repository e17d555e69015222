/** Where a chunk ends too early, the rest of what is read is left as it was. */
import { broken, isAsyncArray } from "./wrap.ts";

export const engine = broken({
  array: (store) => ({
    readInto(reads, o) {
      const found = (): boolean[] => reads.map(() => true);
      if (isAsyncArray(store)) return store.readInto(reads, o).catch(found) as never;
      try {
        return store.readInto(reads, o);
      } catch {
        return found() as never;
      }
    },
  }),
});
