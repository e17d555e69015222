/** A chunk is written in two steps: its first half, then all of it. */
import { broken, inTurn } from "./wrap.ts";

export const engine = broken({
  array: (store) => ({
    writeChunks(writes, o) {
      const halves = writes.flatMap(({ key, bytes }) => {
        const half = bytes?.subarray(0, bytes.length / 2);
        const apply = (old: Uint8Array | undefined): Uint8Array => {
          const content = old?.length === bytes!.length ? old : new Uint8Array(bytes!.length);
          content.set(half!);
          return content;
        };
        return half === undefined ? [] : [{ key, apply }];
      });
      return inTurn(store, [() => store.updateChunks(halves, o), () => store.writeChunks(writes, o)]);
    },
  }),
});
