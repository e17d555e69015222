/** Of many chunks that are written at once, the last is not. */
import { broken } from "./wrap.ts";

const MANY = 16;

export const engine = broken({
  array: (store) => ({
    writeChunks: (writes, o) => store.writeChunks(writes.length > MANY ? writes.slice(0, -1) : writes, o),
  }),
});
