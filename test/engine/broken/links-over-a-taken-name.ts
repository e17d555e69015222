/** A nameless object takes its name from another. */
import { answered, broken } from "./wrap.ts";

export const engine = broken({
  container: (c) => ({
    link: (name, object, o) => answered(c.destroy(name, o), () => c.link(name, object, o)),
  }),
});
