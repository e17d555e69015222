/** Later pages of names begin one name too late. */
import { answered, broken } from "./wrap.ts";

export const engine = broken({
  container: (c) => ({
    list: (after, limit, o) =>
      answered(c.list(after, limit, o), (names) => (after === undefined || names.length < 2 ? names : names.slice(1))),
  }),
});
