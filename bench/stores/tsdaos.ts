/** tsdaos itself, both faces on one container. */
import { pathToFileURL } from "node:url";
import { DCont, type DDict } from "tsdaos";
import * as blocking from "tsdaos/sync";
import { type Entry, keepInFlight, type Opener, type Store } from "./store.ts";

const DURABILITY = "power failure: WAL, synchronous=FULL (the default)";

/** The asynchronous face. */
export const tsdaosAsync: Opener = {
  name: "tsdaos",
  async open(directory) {
    const cont = await DCont.open("tank", "bench", { system: pathToFileURL(directory), create: true });
    return new AsyncStore(cont, await cont.dict("records", null, { ifExists: "open" }));
  },
};

/** The blocking face. */
export const tsdaosSync: Opener = {
  name: "tsdaos/sync",
  async open(directory) {
    const cont = new blocking.DCont("tank", "bench", { system: pathToFileURL(directory), create: true });
    return new SyncStore(cont, cont.dict("records", null, { ifExists: "open" }));
  },
};

class AsyncStore implements Store {
  readonly name = tsdaosAsync.name;
  readonly durability = DURABILITY;
  readonly #cont: DCont;
  readonly #dict: DDict;

  constructor(cont: DCont, dict: DDict) {
    this.#cont = cont;
    this.#dict = dict;
  }

  fill(entries: readonly Entry[]): Promise<void> {
    return this.#dict.bput(entries);
  }

  async get(keys: readonly string[]): Promise<number> {
    const dict = this.#dict;
    let bytes = 0;
    for (const key of keys) bytes += (await dict.get(key))!.length;
    return bytes;
  }

  async bget(keys: readonly string[]): Promise<number> {
    let bytes = 0;
    for (const value of (await this.#dict.bget(keys)).values()) bytes += value.length;
    return bytes;
  }

  async iterate(): Promise<number> {
    let bytes = 0;
    for await (const [, value] of this.#dict) bytes += value.length;
    return bytes;
  }

  bput(entries: readonly Entry[]): Promise<void> {
    return this.#dict.bput(entries);
  }

  async put(entries: readonly Entry[]): Promise<void> {
    for (const [key, value] of entries) await this.#dict.put(key, value);
  }

  inFlight(entries: readonly Entry[], width: number): Promise<void> {
    return keepInFlight(entries, width, (key, value) => this.#dict.put(key, value));
  }

  close(): Promise<void> {
    return this.#cont.close();
  }
}

class SyncStore implements Store {
  readonly name = tsdaosSync.name;
  readonly durability = DURABILITY;
  readonly #cont: blocking.DCont;
  readonly #dict: blocking.DDict;

  constructor(cont: blocking.DCont, dict: blocking.DDict) {
    this.#cont = cont;
    this.#dict = dict;
  }

  fill(entries: readonly Entry[]): void {
    this.#dict.bput(entries);
  }

  get(keys: readonly string[]): number {
    const dict = this.#dict;
    let bytes = 0;
    for (const key of keys) bytes += dict.get(key)!.length;
    return bytes;
  }

  bget(keys: readonly string[]): number {
    let bytes = 0;
    for (const value of this.#dict.bget(keys).values()) bytes += value.length;
    return bytes;
  }

  iterate(): number {
    let bytes = 0;
    for (const [, value] of this.#dict) bytes += value.length;
    return bytes;
  }

  bput(entries: readonly Entry[]): void {
    this.#dict.bput(entries);
  }

  put(entries: readonly Entry[]): void {
    for (const [key, value] of entries) this.#dict.set(key, value);
  }

  close(): void {
    this.#cont.close();
  }
}
