/** An asynchronous put reads its arguments when the call has long returned. */
import { broken } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => ({
    put(key, value, cond, o) {
      const first = kv.has(key, o);
      return first instanceof Promise ? first.then(() => kv.put(key, value, cond, o)) : kv.put(key, value, cond, o);
    },
  }),
});
