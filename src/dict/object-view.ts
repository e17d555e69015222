/** A dictionary seen as a plain object: what makes PyDAOS's transcripts read the same. */
import { inspect } from "node:util";
import type { In } from "./encoding.ts";

/** What the view needs of a blocking dictionary. */
export interface ViewedDict<V> {
  readonly name: string;
  get(key: string): V | undefined;
  has(key: string): boolean;
  put(key: string, value: In<V> | null): void;
  delete(key: string): boolean;
  keys(): Iterable<string>;
}

/** The view of `dict`: every text is a key, symbols are none. */
export function makeObjectView<V>(dict: ViewedDict<V>): { [key: string]: V | In<V> } {
  // The target stays empty and without a prototype: no key is ever found on it, not even __proto__. What it has is how
  // it is shown, for `inspect` looks at the target and asks no trap.
  const target = Object.create(null, {
    [inspect.custom]: { value: () => `DDict(${inspect(dict.name)}).object`, configurable: true },
  });
  return new Proxy(target, {
    get: (_, key) => (typeof key === "symbol" ? undefined : dict.get(key)),
    has: (_, key) => typeof key !== "symbol" && dict.has(key),
    set: (_, key, value) => put(key, value),
    defineProperty: (_, key, descriptor) => "value" in descriptor && put(key, descriptor.value),
    deleteProperty(_, key) {
      if (typeof key === "symbol") return true;
      dict.delete(key);
      return true;
    },
    ownKeys: () => [...dict.keys()],
    getOwnPropertyDescriptor(_, key) {
      const value = typeof key === "symbol" ? undefined : dict.get(key);
      return value === undefined ? undefined : { value, writable: true, enumerable: true, configurable: true };
    },
    getPrototypeOf: () => null,
    setPrototypeOf: (_, prototype) => prototype === null,
    preventExtensions: () => false,
  });

  function put(key: string | symbol, value: In<V> | null): boolean {
    if (typeof key === "symbol") return false;
    dict.put(key, value);
    return true;
  }
}
