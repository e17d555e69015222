/** Within a page, keys come from the last to the first. */
import { answered, broken } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => ({
    list: (q, o) => answered(kv.list(q, o), ({ entries, next }) => ({ entries: entries.toReversed(), next })),
  }),
});
