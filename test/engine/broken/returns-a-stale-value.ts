/** What a handle has read once it reads for ever, unless it writes the key itself. */
import { answered, broken } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => {
    const cache = new Map<string, Uint8Array | undefined>();
    return {
      get(key, o) {
        const name = Buffer.from(key).toString();
        const cached = cache.get(name);
        if (cached !== undefined) return cached.slice();
        return answered(kv.get(key, o), (value) => {
          cache.set(name, value?.slice());
          return value;
        });
      },
      put(key, value, cond, o) {
        cache.clear();
        return kv.put(key, value, cond, o);
      },
      batch(ops, o) {
        cache.clear();
        return kv.batch(ops, o);
      },
      remove(key, o) {
        cache.clear();
        return kv.remove(key, o);
      },
      take(key, o) {
        cache.clear();
        return kv.take(key, o);
      },
      clear(o) {
        cache.clear();
        return kv.clear(o);
      },
    };
  },
});
