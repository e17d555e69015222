/** Every container is open for writing. */
import { broken } from "./wrap.ts";

export const engine = broken({
  system: (system) => ({
    openContainer: (pool, container, o) => system.openContainer(pool, container, { ...o, mode: "RW" }),
  }),
});
