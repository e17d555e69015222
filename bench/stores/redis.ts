/** redis, when a server answers at REDIS_URL (or at its usual port). Its durability is the server's. */
import { type Entry, keepInFlight, load, type Opener, type Store } from "./store.ts";

interface Client {
  connect(): Promise<unknown>;
  withTypeMapping(mapping: object): Client;
  on(event: "error", handler: () => void): unknown;
  configGet(name: string): Promise<Record<string, string>>;
  hGet(hash: string, key: string): Promise<Buffer>;
  hmGet(hash: string, keys: readonly string[]): Promise<Buffer[]>;
  hSet(hash: string, key: string, value: Buffer): Promise<number>;
  hSet(hash: string, entries: readonly (string | Buffer)[]): Promise<number>;
  del(hash: string): Promise<number>;
  close(): Promise<void>;
}

const HASH = "tsdaos-bench";
/** The type of its protocol that strings have, which are to come out as Buffers. */
const BLOB_STRING = 36;

export const redis: Opener = {
  name: "redis",
  async open() {
    const { createClient } = await load<{ createClient(o: object): Client }>("redis");
    const url = process.env.REDIS_URL ?? "redis://127.0.0.1:6379";
    const client = createClient({ url, socket: { connectTimeout: 1000, reconnectStrategy: false } });
    client.on("error", () => {});
    try {
      await client.connect();
    } catch (e) {
      throw new Error(`no server answers at ${url}`, { cause: e });
    }
    const { appendonly } = await client.configGet("appendonly");
    const { appendfsync } = await client.configGet("appendfsync");
    await client.del(HASH);
    const durability = `the server's: appendonly=${appendonly}, appendfsync=${appendfsync}`;
    return new RedisStore(client.withTypeMapping({ [BLOB_STRING]: Buffer }), durability);
  },
};

class RedisStore implements Store {
  readonly name = redis.name;
  readonly durability: string;
  readonly #client: Client;

  constructor(client: Client, durability: string) {
    this.#client = client;
    this.durability = durability;
  }

  fill(entries: readonly Entry[]): Promise<void> {
    return this.bput(entries);
  }

  async get(keys: readonly string[]): Promise<number> {
    let bytes = 0;
    for (const key of keys) bytes += (await this.#client.hGet(HASH, key)).length;
    return bytes;
  }

  async bget(keys: readonly string[]): Promise<number> {
    let bytes = 0;
    for (const value of await this.#client.hmGet(HASH, keys)) bytes += value.length;
    return bytes;
  }

  async bput(entries: readonly Entry[]): Promise<void> {
    await this.#client.hSet(HASH, entries.flat());
  }

  async put(entries: readonly Entry[]): Promise<void> {
    for (const [key, value] of entries) await this.#client.hSet(HASH, key, value);
  }

  inFlight(entries: readonly Entry[], width: number): Promise<void> {
    return keepInFlight(entries, width, (key, value) => this.#client.hSet(HASH, key, value));
  }

  async close(): Promise<void> {
    await this.#client.del(HASH);
    await this.#client.close();
  }
}
