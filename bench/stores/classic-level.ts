/** classic-level: LevelDB. */
import { join } from "node:path";
import { type Entry, keepInFlight, load, type Opener, type Store } from "./store.ts";

interface Sync {
  readonly sync: true;
}

interface Level extends AsyncIterable<[string, Buffer]> {
  open(): Promise<void>;
  get(key: string): Promise<Buffer>;
  getMany(keys: readonly string[]): Promise<Buffer[]>;
  put(key: string, value: Buffer, o: Sync): Promise<void>;
  batch(ops: readonly { type: "put"; key: string; value: Buffer }[], o: Sync): Promise<void>;
  iterator(): AsyncIterable<[string, Buffer]>;
  close(): Promise<void>;
}

export const classicLevel: Opener = {
  name: "classic-level",
  async open(directory) {
    const { ClassicLevel } = await load<{ ClassicLevel: new (path: string, o: object) => Level }>("classic-level");
    const level = new ClassicLevel(join(directory, "level"), { keyEncoding: "utf8", valueEncoding: "buffer" });
    await level.open();
    return new LevelStore(level);
  },
};

class LevelStore implements Store {
  readonly name = classicLevel.name;
  readonly durability = "power failure: sync: true";
  readonly #level: Level;

  constructor(level: Level) {
    this.#level = level;
  }

  fill(entries: readonly Entry[]): Promise<void> {
    return this.bput(entries);
  }

  async get(keys: readonly string[]): Promise<number> {
    let bytes = 0;
    for (const key of keys) bytes += (await this.#level.get(key)).length;
    return bytes;
  }

  async bget(keys: readonly string[]): Promise<number> {
    let bytes = 0;
    for (const value of await this.#level.getMany(keys)) bytes += value.length;
    return bytes;
  }

  async iterate(): Promise<number> {
    let bytes = 0;
    for await (const [, value] of this.#level.iterator()) bytes += value.length;
    return bytes;
  }

  bput(entries: readonly Entry[]): Promise<void> {
    return this.#level.batch(
      entries.map(([key, value]) => ({ type: "put", key, value })),
      { sync: true },
    );
  }

  async put(entries: readonly Entry[]): Promise<void> {
    for (const [key, value] of entries) await this.#level.put(key, value, { sync: true });
  }

  inFlight(entries: readonly Entry[], width: number): Promise<void> {
    return keepInFlight(entries, width, (key, value) => this.#level.put(key, value, { sync: true }));
  }

  close(): Promise<void> {
    return this.#level.close();
  }
}
