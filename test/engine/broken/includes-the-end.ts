/** A range has its end in it. */
import { broken } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => ({ list: (q, o) => kv.list(q.end ? { ...q, end: Buffer.concat([q.end, Uint8Array.of(0)]) } : q, o) }),
});
