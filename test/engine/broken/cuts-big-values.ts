/** Values end after 64 KiB. */
import { broken } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => ({ put: (key, value, cond, o) => kv.put(key, value.subarray(0, 65_536), cond, o) }),
});
