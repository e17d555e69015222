/** "absent" looks first and puts then. */
import { answered, broken } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => ({
    put(key, value, cond, o) {
      if (cond !== "absent") return kv.put(key, value, cond, o);
      return answered(kv.has(key, o), (there) => (there ? false : kv.put(key, value, undefined, o)));
    },
  }),
});
