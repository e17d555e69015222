/** An asynchronous put is acknowledged at once and stored some time later. */
import { broken, isAsync } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => ({
    put(key, value, cond, o) {
      if (cond !== undefined || !isAsync(kv)) return kv.put(key, value, cond, o);
      const [k, v] = [key.slice(), value.slice()];
      setTimeout(() => kv.put(k, v).catch(() => {}), 20);
      return Promise.resolve(true);
    },
  }),
});
