/** Texts that look alike are one key. */
import { broken } from "./wrap.ts";

const normal = (key: Uint8Array): Uint8Array => Buffer.from(Buffer.from(key).toString().normalize("NFC"));

export const engine = broken({
  kv: (kv) => ({
    get: (key, o) => kv.get(normal(key), o),
    has: (key, o) => kv.has(normal(key), o),
    put: (key, value, cond, o) => kv.put(normal(key), value, cond, o),
    remove: (key, o) => kv.remove(normal(key), o),
    take: (key, o) => kv.take(normal(key), o),
  }),
});
