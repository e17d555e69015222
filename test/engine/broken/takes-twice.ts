/** Taking is a get and a removal. */
import { answered, broken } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => ({
    take: (key, o) => answered(kv.get(key, o), (value) => answered(kv.remove(key, o), () => value)),
  }),
});
