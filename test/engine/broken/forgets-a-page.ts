/** Every third page comes without its records. */
import { answered, broken } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => {
    let pages = 0;
    return {
      list: (q, o) => answered(kv.list(q, o), (page) => (++pages % 3 === 0 ? { ...page, entries: [] } : page)),
    };
  },
});
