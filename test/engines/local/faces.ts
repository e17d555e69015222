/** Both faces under one type, so that one text tests them: what one promises, the other gives; `await` takes either. */
import * as tsdaos from "../../../src/index.ts";
import * as blocking from "../../../src/sync.ts";

type Maybe<T> = T | Promise<T>;

/** `DDict` of either face. */
export interface AnyDict {
  readonly name: string;
  readonly oid: string;
  readonly size: number | (() => Promise<number>);
  get(key: string): Maybe<Buffer | undefined>;
  has(key: string): Maybe<boolean>;
  put(key: string, value: string | Uint8Array | null, o?: { if?: "absent" | "present" }): Maybe<void>;
  delete(key: string): Maybe<boolean>;
  pop(key: string): Maybe<Buffer | undefined>;
  bput(entries: [string, string | Uint8Array | null][]): Maybe<void>;
  bget(keys: string[]): Maybe<Map<string, Buffer>>;
  clear(): Maybe<void>;
  dump(): Maybe<Map<string, Buffer>>;
}

/** `DCont` of either face. */
export interface AnyCont {
  readonly uuid: string;
  dict(name: string, init?: Record<string, string> | [string, string][] | null): Maybe<AnyDict>;
  getDict(name: string): Maybe<AnyDict>;
  has(name: string): Maybe<boolean>;
  destroy(name: string): Maybe<void>;
  close(): Maybe<void>;
}

/** The functions on systems, pools and containers; and opening. */
export interface Face {
  readonly name: "async" | "sync";
  readonly admin: Pick<
    typeof tsdaos | typeof blocking,
    | "createPool"
    | "listPools"
    | "queryPool"
    | "destroyPool"
    | "createContainer"
    | "listContainers"
    | "queryContainer"
    | "destroyContainer"
    | "checkContainer"
    | "backupContainer"
  >;
  open(pool: string, container: string, o: tsdaos.OpenOptions): Promise<AnyCont>;
}

/** The two. */
export const faces: readonly Face[] = [
  {
    name: "async",
    admin: tsdaos,
    open: async (pool, container, o) => (await tsdaos.DCont.open(pool, container, o)) as unknown as AnyCont,
  },
  {
    name: "sync",
    admin: blocking,
    open: async (pool, container, o) => new blocking.DCont(pool, container, o) as unknown as AnyCont,
  },
];

/** How many keys. */
export async function sizeOf(dict: AnyDict): Promise<number> {
  return typeof dict.size === "number" ? dict.size : dict.size();
}
