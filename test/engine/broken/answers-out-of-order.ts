/** `getMany` leaves out what is missing. */
import { answered, broken } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => ({
    getMany: (keys, o) => answered(kv.getMany(keys, o), (values) => values.filter((value) => value !== undefined)),
  }),
});
