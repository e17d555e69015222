/** keyv on its SQLite adapter. It has no transactions and walks in pages by OFFSET, so it neither bputs nor iterates here. */
import { join } from "node:path";
import { type Entry, keepInFlight, load, type Opener, type Store } from "./store.ts";

interface Keyv {
  get(key: string): Promise<Buffer | undefined>;
  getMany(keys: readonly string[]): Promise<Buffer[]>;
  set(key: string, value: Buffer): Promise<boolean>;
}

interface Adapter {
  query(sql: string): Promise<unknown>;
  disconnect(): Promise<void>;
}

export const keyv: Opener = {
  name: "keyv + sqlite",
  most: 100_000,
  async open(directory) {
    const { default: Keyv } = await load<{ default: new (o: object) => Keyv }>("keyv");
    const { KeyvSqlite } = await load<{ KeyvSqlite: new (uri: string) => Adapter }>("@keyv/sqlite");
    const adapter = new KeyvSqlite(`sqlite://${join(directory, "keyv.sqlite")}`);
    await adapter.query("PRAGMA journal_mode = WAL");
    await adapter.query("PRAGMA synchronous = FULL");
    return new KeyvStore(new Keyv({ store: adapter }), adapter);
  },
};

class KeyvStore implements Store {
  readonly name = keyv.name;
  readonly durability = "power failure: WAL, synchronous=FULL (its own default is a rollback journal)";
  readonly #keyv: Keyv;
  readonly #adapter: Adapter;

  constructor(opened: Keyv, adapter: Adapter) {
    this.#keyv = opened;
    this.#adapter = adapter;
  }

  async fill(entries: readonly Entry[]): Promise<void> {
    await this.#adapter.query("BEGIN");
    for (const [key, value] of entries) await this.#keyv.set(key, value);
    await this.#adapter.query("COMMIT");
  }

  async get(keys: readonly string[]): Promise<number> {
    let bytes = 0;
    for (const key of keys) bytes += (await this.#keyv.get(key))!.length;
    return bytes;
  }

  async bget(keys: readonly string[]): Promise<number> {
    let bytes = 0;
    for (const value of await this.#keyv.getMany(keys)) bytes += value.length;
    return bytes;
  }

  async put(entries: readonly Entry[]): Promise<void> {
    for (const [key, value] of entries) await this.#keyv.set(key, value);
  }

  inFlight(entries: readonly Entry[], width: number): Promise<void> {
    return keepInFlight(entries, width, (key, value) => this.#keyv.set(key, value));
  }

  close(): Promise<void> {
    return this.#adapter.disconnect();
  }
}
