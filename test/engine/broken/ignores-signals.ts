/** Nothing is ever aborted. */
import { broken } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => ({
    get: (key) => kv.get(key),
    put: (key, value, cond) => kv.put(key, value, cond),
    batch: (ops) => kv.batch(ops),
    clear: () => kv.clear(),
  }),
});
