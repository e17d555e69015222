/** Within a page, keys are in the order of JavaScript's strings. */
import { answered, broken } from "./wrap.ts";

const text = (key: Uint8Array): string => Buffer.from(key).toString();

export const engine = broken({
  kv: (kv) => ({
    list: (q, o) =>
      answered(kv.list(q, o), ({ entries, next }) => ({
        entries: q.reverse ? entries : entries.toSorted(([a], [b]) => (text(a) < text(b) ? -1 : 1)),
        next,
      })),
  }),
});
