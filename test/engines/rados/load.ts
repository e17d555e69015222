/** Clients that write and read all the time, and know what they should find. */
import assert from "node:assert/strict";
import type { DCont, DDict } from "../../../src/index.ts";
import { type Ground, unique } from "./support.ts";

const CLIENTS = 4;
const LANES = 4;
const KEYS_OF_A_LANE = 25;
/** One write in so many is of a value that has an object of its own. */
const LARGE_ONE_IN = 20;
const LARGE_BYTES = 200_000;

/** Sixteen operations in flight, on four clients. Each key is one lane's: it knows what the last acknowledged write was. */
export class Load implements AsyncDisposable {
  readonly #ground: Ground;
  readonly #dict: string;
  readonly #clients: DCont[] = [];
  readonly #lanes: Promise<void>[] = [];
  readonly #expected = new Map<string, string | undefined>();
  #stopping = false;
  /** Acknowledged operations. */
  operations = 0;
  /** The longest that one operation took, milliseconds. */
  longest = 0;

  private constructor(ground: Ground, dict: string) {
    this.#ground = ground;
    this.#dict = dict;
  }

  static async start(ground: Ground): Promise<Load> {
    const load = new Load(ground, unique("load"));
    for (let c = 0; c < CLIENTS; c++) {
      const client = await ground.client();
      load.#clients.push(client);
      const dict = await client.dict(load.#dict, null, { ifExists: "open" });
      for (let lane = 0; lane < LANES; lane++) load.#lanes.push(load.#run(dict, `${c}.${lane}`));
    }
    // A lane that fails is told of by `stop`; until then nobody listens.
    for (const lane of load.#lanes) lane.catch(() => {});
    return load;
  }

  /** Ends the load; throws what a lane met. Then a new client reads back everything that was acknowledged. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#lanes);
    for (const client of this.#clients) await client.close();
    await using client = await this.#ground.client();
    const dict = await client.getDict(this.#dict);
    for (const [key, value] of this.#expected) assert.equal(text(await dict.get(key)), value, key);
    const kept = [...this.#expected.values()].filter((value) => value !== undefined).length;
    assert.equal(await dict.size(), kept);
    const report = `${this.operations} operations, the longest ${Math.round(this.longest)} ms`;
    assert.ok(this.operations > 100, report);
    console.log(`  ${report}`);
  }

  /** Ends the load, however it went. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    await Promise.allSettled(this.#lanes);
    for (const client of this.#clients) await client.close();
  }

  async #run(dict: DDict, lane: string): Promise<void> {
    for (let i = 0; !this.#stopping; i++) {
      const key = `${lane}.${Math.floor(Math.random() * KEYS_OF_A_LANE)}`;
      const begun = performance.now();
      const choice = Math.random();
      if (choice < 0.5) {
        const value = Math.random() < 1 / LARGE_ONE_IN ? `${i} `.padEnd(LARGE_BYTES, "x") : `${lane} ${i}`;
        await dict.put(key, value);
        this.#expected.set(key, value);
      } else if (choice < 0.6) {
        const was = this.#expected.get(key);
        assert.equal(await dict.delete(key), was !== undefined, `delete of ${key}`);
        this.#expected.set(key, undefined);
      } else assert.equal(text(await dict.get(key)), this.#expected.get(key), `stale read of ${key}`);
      this.operations++;
      this.longest = Math.max(this.longest, performance.now() - begun);
    }
  }
}

function text(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : Buffer.from(value).toString();
}
