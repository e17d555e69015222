/** The program of another process: does jobs on the container that it is told of. See `peers.ts`. */
import { createRequire } from "node:module";
import { ndarray } from "../../array/ndarray.ts";
import { DaosError, type DerCode } from "../../errors.ts";
import { substituteEngine } from "../../system.ts";
import type { Engine, Face } from "../contract.ts";
import { type AnyArray, type AnyCont, type AnyDict, FACES, walked } from "./faces.ts";
import type { Place } from "./fixture.ts";

/** What the process is started with. */
export interface PeerStart extends Place {
  /** The engine's module, when it is not the one that tsdaos has for the scheme. */
  readonly module: string | undefined;
}

/** A job to do. */
export interface Question {
  readonly id: number;
  readonly job: JobName;
  readonly args: readonly unknown[];
}

/** What came of it. */
export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly code: DerCode | undefined; readonly message: string };
}

/** A job without end tells that a write is done. */
export interface Acknowledgement {
  readonly acknowledged: number;
}

const start = JSON.parse(process.argv[2]!) as PeerStart;
if (start.module !== undefined) {
  const { engine } = createRequire(import.meta.url)(start.module) as { engine: Engine };
  substituteEngine(new URL(start.system).protocol, engine);
}

const containers = new Map<Face, AnyCont>();

async function cont(face: Face): Promise<AnyCont> {
  let container = containers.get(face);
  if (container === undefined) {
    container = await FACES[face].open(start);
    containers.set(face, container);
  }
  return container;
}

async function dict(face: Face, name: string): Promise<AnyDict<string>> {
  return (await cont(face)).getDict<string>(name, { valueEncoding: "utf8" });
}

async function array(face: Face, name: string): Promise<AnyArray> {
  return (await cont(face)).getArray(name, { dtype: "int32" });
}

/** Those of `items` for which `attempt` succeeds; DER_EXIST means that somebody else was first. */
async function won(items: readonly string[], attempt: (item: string) => unknown): Promise<string[]> {
  const mine: string[] = [];
  for (const item of items) {
    try {
      await attempt(item);
      mine.push(item);
    } catch (e) {
      if (!DaosError.is(e, "DER_EXIST")) throw e;
    }
  }
  return mine;
}

const jobs = {
  /** Both faces have the container open. */
  async ready(): Promise<void> {
    await cont("async");
    await cont("sync");
  },

  async get(face: Face, name: string, key: string): Promise<string | undefined> {
    return (await dict(face, name)).get(key);
  },

  async put(face: Face, name: string, key: string, value: string | null): Promise<void> {
    await (await dict(face, name)).put(key, value);
  },

  async bput(face: Face, name: string, record: Record<string, string | null>): Promise<void> {
    await (await dict(face, name)).bput(record);
  },

  async keys(face: Face, name: string): Promise<string[]> {
    return walked((await dict(face, name)).keys());
  },

  async exists(face: Face, name: string): Promise<boolean> {
    return (await cont(face)).has(name);
  },

  async destroy(face: Face, name: string): Promise<void> {
    await (await cont(face)).destroy(name);
  },

  /** Which of the names this process created. */
  async create(face: Face, names: readonly string[], init: Record<string, string> | null): Promise<string[]> {
    const container = await cont(face);
    return won(names, (name) => container.dict<string>(name, init, { valueEncoding: "utf8" }));
  },

  /** Which of the keys this process stored first. */
  async putAbsent(face: Face, name: string, keys: readonly string[], value: string): Promise<string[]> {
    const dd = await dict(face, name);
    return won(keys, (key) => dd.put(key, value, { if: "absent" }));
  },

  async getOrInsert(face: Face, name: string, keys: readonly string[], value: string): Promise<string[]> {
    const dd = await dict(face, name);
    const got: string[] = [];
    for (const key of keys) got.push(await dd.getOrInsert(key, value));
    return got;
  },

  async increment(face: Face, name: string, key: string, times: number): Promise<void> {
    const dd = await dict(face, name);
    for (let i = 0; i < times; i++) await dd.modify(key, (old) => String(Number(old ?? "0") + 1));
  },

  /** Which of the keys this process took out. */
  async pop(face: Face, name: string, keys: readonly string[]): Promise<string[]> {
    const dd = await dict(face, name);
    const mine: string[] = [];
    for (const key of keys) if ((await dd.pop(key)) !== undefined) mine.push(key);
    return mine;
  },

  /** Takes records until there are none. */
  async popitems(face: Face, name: string): Promise<string[]> {
    const dd = await dict(face, name);
    const mine: string[] = [];
    for (;;) {
      const item = await dd.popitem();
      if (item === undefined) return mine;
      mine.push(item[0]);
    }
  },

  /** Stores rising numbers under two keys, both in one batch. */
  async countInPairs(face: Face, name: string, rounds: number): Promise<void> {
    const dd = await dict(face, name);
    for (let i = 1; i <= rounds; i++) await dd.bput({ a: String(i), b: String(i) });
  },

  /** Stores until it is killed; tells of each write when it is acknowledged. */
  async storeForEver(face: Face, name: string): Promise<void> {
    const dd = await dict(face, name);
    for (let i = 0; ; i++) {
      await dd.put(String(i), `value ${i}`);
      process.send!({ acknowledged: i } satisfies Acknowledgement);
    }
  },

  /** Stores batches until it is killed; each is ten keys with one beginning. */
  async storeBatchesForEver(face: Face, name: string): Promise<void> {
    const dd = await dict(face, name);
    for (let i = 0; ; i++) {
      await dd.bput(Object.fromEntries(Array.from({ length: 10 }, (_, k) => [`${i}.${k}`, "x".repeat(2000)])));
      process.send!({ acknowledged: i } satisfies Acknowledgement);
    }
  },

  /** Creates dictionaries of twenty entries until it is killed; their names end with the number of the creation. */
  async createForEver(face: Face, beginning: string): Promise<void> {
    const container = await cont(face);
    const init = Object.fromEntries(Array.from({ length: 20 }, (_, k) => [`k${k}`, "x".repeat(2000)]));
    for (let i = 0; ; i++) {
      await container.dict<string>(`${beginning}-${i}`, init, { valueEncoding: "utf8" });
      process.send!({ acknowledged: i } satisfies Acknowledgement);
    }
  },

  /** Sets each `step`-th element of an array, one after the other, to its number. */
  async setElements(face: Face, name: string, first: number, step: number, size: number): Promise<void> {
    const da = await array(face, name);
    for (let i = first; i < size; i += step) await da.set([i], i + 1);
  },

  /** Appends pairs of rows of eight elements; each pair has a number of its own. */
  async appendRows(face: Face, name: string, numbers: readonly number[]): Promise<void> {
    const da = await array(face, name);
    for (const n of numbers) await da.append(ndarray("int32", [2, 8], new Int32Array(16).fill(n)));
  },

  /** Sets all of an array to rising numbers until it is killed. */
  async setForEver(face: Face, name: string): Promise<void> {
    const da = await array(face, name);
    for (let i = 0; ; i++) {
      await da.set(null, i);
      process.send!({ acknowledged: i } satisfies Acknowledgement);
    }
  },

  /** Stores without waiting for it and has nothing else to do: the process ends by itself, its handles open. */
  async storeAndLeave(name: string, keys: readonly string[]): Promise<void> {
    const dd = await dict("async", name);
    for (const key of keys) void dd.put(key, "stored");
    process.disconnect();
  },
};

/** A job's name. */
export type JobName = keyof typeof jobs;
/** A job's function. */
export type JobOf<N extends JobName> = (typeof jobs)[N];

process.on("message", async ({ id, job, args }: Question) => {
  let answer: Answer;
  try {
    answer = { id, result: await (jobs[job] as (...args: readonly unknown[]) => unknown)(...args) };
  } catch (e) {
    const message = e instanceof Error ? (e.stack ?? e.message) : String(e);
    answer = { id, error: { code: DaosError.is(e) ? e.code : undefined, message } };
  }
  if (process.connected) process.send!(answer);
});
