/** @deno/kv on its own SQLite. */
import { join } from "node:path";
import { type Entry, keepInFlight, load, type Opener, type Store } from "./store.ts";

type DenoKey = readonly string[];

interface Found {
  readonly key: DenoKey;
  readonly value: Uint8Array;
}

interface Atomic {
  set(key: DenoKey, value: Uint8Array): Atomic;
  commit(): Promise<unknown>;
}

interface DenoKv {
  get(key: DenoKey): Promise<Found>;
  getMany(keys: readonly DenoKey[]): Promise<Found[]>;
  set(key: DenoKey, value: Uint8Array): Promise<unknown>;
  list(selector: { prefix: DenoKey }): AsyncIterable<Found>;
  atomic(): Atomic;
  close(): void;
}

/** The most keys that one of its reads takes, and the most writes of one of its transactions. */
const READS = 10;
const WRITES = 500;

export const denoKv: Opener = {
  name: "@deno/kv",
  most: 100_000,
  async open(directory) {
    const { openKv } = await load<{ openKv(path: string): Promise<DenoKv> }>("@deno/kv");
    return new DenoStore(await openKv(join(directory, "deno.sqlite")));
  },
};

class DenoStore implements Store {
  readonly name = denoKv.name;
  readonly durability = "its own SQLite settings; they cannot be chosen";
  readonly #kv: DenoKv;

  constructor(kv: DenoKv) {
    this.#kv = kv;
  }

  async fill(entries: readonly Entry[]): Promise<void> {
    for (let from = 0; from < entries.length; from += WRITES) {
      const atomic = this.#kv.atomic();
      for (const [key, value] of entries.slice(from, from + WRITES)) atomic.set([key], value);
      await atomic.commit();
    }
  }

  async get(keys: readonly string[]): Promise<number> {
    let bytes = 0;
    for (const key of keys) bytes += (await this.#kv.get([key])).value.length;
    return bytes;
  }

  async bget(keys: readonly string[]): Promise<number> {
    let bytes = 0;
    for (let from = 0; from < keys.length; from += READS) {
      const found = await this.#kv.getMany(keys.slice(from, from + READS).map((key) => [key]));
      for (const { value } of found) bytes += value.length;
    }
    return bytes;
  }

  async iterate(): Promise<number> {
    let bytes = 0;
    for await (const { value } of this.#kv.list({ prefix: [] })) bytes += value.length;
    return bytes;
  }

  async put(entries: readonly Entry[]): Promise<void> {
    for (const [key, value] of entries) await this.#kv.set([key], value);
  }

  inFlight(entries: readonly Entry[], width: number): Promise<void> {
    return keepInFlight(entries, width, (key, value) => this.#kv.set([key], value));
  }

  close(): void {
    this.#kv.close();
  }
}
