/** An asynchronous call throws instead of rejecting. */
import { DaosError } from "../../../src/errors.ts";
import { broken } from "./wrap.ts";

export const engine = broken({
  container: (c) => {
    let closed = false;
    return {
      close() {
        closed = true;
        return c.close();
      },
      kv(object) {
        const kv = c.kv(object);
        return new Proxy(kv, {
          get(_, name) {
            if (closed)
              return () => {
                throw new DaosError("DER_NO_HDL", "the container is closed");
              };
            const value: unknown = Reflect.get(kv, name, kv);
            return typeof value === "function" ? value.bind(kv) : value;
          },
        });
      },
    };
  },
});
