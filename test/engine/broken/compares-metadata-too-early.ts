/** Metadata is compared, and then replaced by whatever it is compared with by then. */
import type { ArrayStore, Face } from "../../../src/engine/contract.ts";
import { answered, broken } from "./wrap.ts";

function replace(store: ArrayStore<Face>, bytes: Uint8Array): boolean | Promise<boolean> {
  return answered(store.getMetadata(), (now) =>
    answered(store.setMetadata(bytes, now), (done) => done || replace(store, bytes)),
  ) as boolean | Promise<boolean>;
}

export const engine = broken({
  array: (store) => ({
    setMetadata: (bytes, was) =>
      answered(store.getMetadata(), (now) =>
        Buffer.compare(now ?? Buffer.of(), was ?? Buffer.of()) === 0 ? replace(store, bytes) : false,
      ) as never,
  }),
});
