/** What was written once is listed for ever. */
import { answered, broken } from "./wrap.ts";

export const engine = broken({
  array: (store) => {
    const written = new Set<string>();
    return {
      writeChunks: (writes, o) => {
        for (const { key } of writes) written.add(key);
        return store.writeChunks(writes, o);
      },
      listChunks: (after, limit, o) =>
        answered(store.listChunks(after, limit, o), (page) =>
          after === undefined && page.next === undefined
            ? { ...page, keys: [...new Set([...page.keys, ...written])] }
            : page,
        ) as never,
    };
  },
});
