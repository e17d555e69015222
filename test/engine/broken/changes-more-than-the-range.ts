/** A change of a range also changes the byte behind it. */
import { broken } from "./wrap.ts";

export const engine = broken({
  array: (store) => ({
    updateChunks: (updates, o) =>
      store.updateChunks(
        updates.map(({ key, apply, ranges }) => {
          if (ranges === undefined) return { key, apply };
          const longer = (old: Uint8Array | undefined): Uint8Array | null => {
            const content = apply(old);
            for (const { offset, bytes } of ranges) content?.fill(0, offset + bytes.length, offset + bytes.length + 1);
            return content;
          };
          return { key, apply: longer };
        }),
        o,
      ),
  }),
});
