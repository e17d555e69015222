/** An update of a chunk reads and writes, and does not look whether somebody was there in between. */
import { answered, broken } from "./wrap.ts";

export const engine = broken({
  array: (store) => ({
    updateChunks: (updates, o) =>
      answered(
        store.readChunks(
          updates.map(({ key }) => key),
          o,
        ),
        (old) =>
          store.writeChunks(
            updates.map(({ key, apply }, i) => ({ key, bytes: apply(old[i]) })),
            o,
          ),
      ) as never,
  }),
});
