/** What `take` removes stays in the count. */
import { answered, broken } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => {
    let taken = 0;
    return {
      take: (key, o) =>
        answered(kv.take(key, o), (value) => {
          if (value !== undefined) taken++;
          return value;
        }),
      count: (o) => answered(kv.count(o), (count) => count + taken),
    };
  },
});
