/** Every third removal is acknowledged and not made. */
import { broken } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => {
    let removals = 0;
    return { remove: (key, o) => (++removals % 3 === 0 ? kv.has(key, o) : kv.remove(key, o)) };
  },
});
