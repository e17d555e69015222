/** A batch is as many transactions as it has records. */
import { broken, isAsync } from "./wrap.ts";

const NOTHING = new Uint8Array(0);

export const engine = broken({
  kv: (kv) => ({
    batch(ops, o) {
      const puts = ops.map(
        ([key, value]) =>
          () =>
            kv.put(key, value ?? NOTHING, undefined, o),
      );
      if (isAsync(kv))
        return puts.reduce<Promise<unknown>>((before, put) => before.then(put), Promise.resolve()) as Promise<void>;
      for (const put of puts) put();
      return undefined;
    },
  }),
});
