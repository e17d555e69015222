/** Compare-and-set does not compare. */
import { broken } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => ({
    put: (key, value, cond, o) => kv.put(key, value, typeof cond === "object" ? "present" : cond, o),
  }),
});
