/** A handle of a destroyed object answers as if it were empty. */

import { DaosError } from "../../../src/errors.ts";
import { answered, broken } from "./wrap.ts";

export const engine = broken({
  kv: (kv) => ({
    get(key, o) {
      const forgive = (e: unknown): undefined => {
        if (!DaosError.is(e, "DER_NONEXIST")) throw e;
      };
      try {
        const answer = kv.get(key, o);
        return answer instanceof Promise ? answer.catch(forgive) : answered(answer, (value) => value);
      } catch (e) {
        return forgive(e);
      }
    },
  }),
});
