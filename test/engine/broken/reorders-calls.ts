/** Reads overtake the asynchronous puts that were called before them. */
import { setTimeout as sleep } from "node:timers/promises";
import { broken, isAsync } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => ({
    put(key, value, cond, o) {
      if (!isAsync(kv)) return kv.put(key, value, cond, o);
      const [k, v] = [key.slice(), value.slice()];
      return sleep(1).then(() => kv.put(k, v, cond, o));
    },
  }),
});
