/** An empty value in a batch does not remove the key. */
import { broken } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => ({
    batch: (ops, o) =>
      kv.batch(
        ops.filter(([, value]) => value === null || value.length > 0),
        o,
      ),
  }),
});
