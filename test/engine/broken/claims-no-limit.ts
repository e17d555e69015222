/** Declares a limit of values that it does not keep. */
import { DaosError } from "../../../src/errors.ts";
import { broken } from "./wrap.ts";

export const engine = broken({
  capabilities: { maxValueBytes: 1024 * 1024 },
  kv: (kv) => ({
    put(key, value, cond, o) {
      if (value.length > 500_000) throw new DaosError("DER_REC2BIG", "failed to store KV value");
      return kv.put(key, value, cond, o);
    },
  }),
});
