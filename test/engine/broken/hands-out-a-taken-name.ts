/** Whoever creates a name that is taken gets its object. */
import { answered, broken } from "./wrap.ts";

export const engine = broken({
  container: (c) => ({
    create: (name, spec, o) => answered(c.create(name, spec, o), (object) => object ?? c.lookup(name, o)),
  }),
});
