/** Makes an engine that is broken on purpose out of the local one: calls that a fault names are replaced in both twins. */
import type { ArrayStore, Capabilities, Container, Engine, Face, Kv, System } from "../../../src/engine/contract.ts";
import { AsyncLocalArray } from "../../../src/engines/local/array.ts";
import { engine as sound } from "../../../src/engines/local/index.ts";
import { AsyncKv } from "../../../src/engines/local/kv.ts";

/** What is replaced. Each function gets the sound thing and gives the calls that take the place of its own. */
export interface Fault {
  readonly kv?: (kv: Kv<Face>) => Partial<Kv<Face>>;
  readonly array?: (store: ArrayStore<Face>) => Partial<ArrayStore<Face>>;
  readonly container?: (container: Container<Face>) => Partial<Container<Face>>;
  readonly system?: (system: System<Face>) => Partial<System<Face>>;
  readonly capabilities?: Partial<Capabilities>;
}

/** The local engine with this fault. */
export function broken({ kv, array, container, system, capabilities }: Fault): Engine {
  const declared = Object.freeze({ ...sound.capabilities, ...capabilities });
  const wrapContainer = (c: Container<Face>): Container<Face> =>
    instead(c, {
      capabilities: declared,
      kv: (object) => instead(c.kv(object), withoutShortcuts(kv?.(c.kv(object)))),
      array: (object) => instead(c.array!(object), array?.(c.array!(object))),
      ...container?.(c),
    });
  const wrapSystem = (s: System<Face>): System<Face> =>
    instead(s, {
      openContainer: (...args) =>
        answered(system?.(s).openContainer?.(...args) ?? s.openContainer(...args), wrapContainer),
    });
  return {
    name: "broken",
    capabilities: declared,
    system: (face, address) => wrapSystem(sound.system(face, address) as System<Face>) as never,
  };
}

/** `fn` of an answer of either twin. */
export function answered<T, U>(answer: T | Promise<T>, fn: (value: T) => U): U {
  return (answer instanceof Promise ? answer.then(fn) : fn(answer)) as U;
}

/** A fault of `list` is one of `listText` too, which the faces prefer where there is one. */
function withoutShortcuts(replaced: Partial<Kv<Face>> | undefined): Partial<Kv<Face>> | undefined {
  return replaced?.list === undefined
    ? replaced
    : ({ ...replaced, listText: undefined } as unknown as Partial<Kv<Face>>);
}

/** Which twin it is. */
export function isAsync(kv: Kv<Face>): kv is AsyncKv {
  return kv instanceof AsyncKv;
}

/** Which twin it is. */
export function isAsyncArray(store: ArrayStore<Face>): store is AsyncLocalArray {
  return store instanceof AsyncLocalArray;
}

/** Runs one call after the other, on either twin. */
export function inTurn(store: ArrayStore<Face>, calls: readonly (() => unknown)[]): never {
  if (isAsyncArray(store))
    return calls.reduce<Promise<unknown>>((before, call) => before.then(call), Promise.resolve()) as never;
  for (const call of calls) call();
  return undefined as never;
}

function instead<T extends object>(target: T, replaced: Partial<T> = {}): T {
  return new Proxy(target, {
    get(_, name) {
      if (name in replaced) return replaced[name as keyof T];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
