/** lmdb (npm), with the durability that its default lacks. */
import { join } from "node:path";
import { type Entry, keepInFlight, load, type Opener, type Store } from "./store.ts";

interface Lmdb {
  getBinary(key: string): Buffer | undefined;
  put(key: string, value: Buffer): Promise<boolean>;
  getRange(): Iterable<{ key: string; value: Buffer }>;
  transactionSync(work: () => void): void;
  close(): Promise<void>;
}

/** The awaited half of its interface is the writes; reads block. */
export const lmdb: Opener = {
  name: "lmdb",
  async open(directory) {
    const { open } = await load<{ open(o: object): Lmdb }>("lmdb");
    return new LmdbStore(open({ path: join(directory, "lmdb"), encoding: "binary", overlappingSync: false }));
  },
};

class LmdbStore implements Store {
  readonly name = lmdb.name;
  readonly durability = "power failure: overlappingSync=false";
  readonly #lmdb: Lmdb;

  constructor(opened: Lmdb) {
    this.#lmdb = opened;
  }

  fill(entries: readonly Entry[]): void {
    this.bput(entries);
  }

  get(keys: readonly string[]): number {
    let bytes = 0;
    for (const key of keys) bytes += this.#lmdb.getBinary(key)!.length;
    return bytes;
  }

  bget(keys: readonly string[]): number {
    return this.get(keys); // one read transaction a turn of the event loop is what lmdb does by itself
  }

  iterate(): number {
    let bytes = 0;
    for (const { value } of this.#lmdb.getRange()) bytes += value.length;
    return bytes;
  }

  bput(entries: readonly Entry[]): void {
    this.#lmdb.transactionSync(() => {
      for (const [key, value] of entries) void this.#lmdb.put(key, value);
    });
  }

  async put(entries: readonly Entry[]): Promise<void> {
    for (const [key, value] of entries) await this.#lmdb.put(key, value);
  }

  inFlight(entries: readonly Entry[], width: number): Promise<void> {
    return keepInFlight(entries, width, (key, value) => this.#lmdb.put(key, value));
  }

  close(): Promise<void> {
    return this.#lmdb.close();
  }
}
