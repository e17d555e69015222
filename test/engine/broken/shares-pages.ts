/** All values of a page lie in one piece of memory. */
import { answered, broken } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => ({
    list: (q, o) =>
      answered(kv.list(q, o), ({ entries, next }) => {
        const all = new Uint8Array(Buffer.concat(entries.map(([, value]) => value)));
        let end = 0;
        const packed = entries.map(([key, { length }]) => {
          end += length;
          return [key, all.subarray(end - length, end)] as const;
        });
        return { entries: packed, next };
      }),
  }),
});
