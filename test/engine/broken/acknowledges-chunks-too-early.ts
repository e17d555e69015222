/** A chunk is on its way when its write is said to be done. */
import { setTimeout as sleep } from "node:timers/promises";
import { broken, isAsyncArray } from "./wrap.ts";

const LATE_MS = 100;

export const engine = broken({
  array: (store) => ({
    writeChunks(writes, o) {
      if (!isAsyncArray(store)) return store.writeChunks(writes, o);
      const copies = writes.map(({ key, bytes }) => ({ key, bytes: bytes && new Uint8Array(bytes) }));
      void sleep(LATE_MS).then(() => store.writeChunks(copies));
      return Promise.resolve();
    },
  }),
});
