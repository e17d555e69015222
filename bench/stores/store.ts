/** What the local suite does with every store, ours and the peers. */
import type { Answer } from "../harness.ts";

/** A record: a key of 16 characters and a value of 100 bytes. */
export type Entry = readonly [key: string, value: Buffer];

/**
 * A store under measurement. Methods that read answer with how many bytes of values they saw, so that a store that
 * reads nothing is found out; those that a store cannot do are left out.
 */
export interface Store {
  readonly name: string;
  /** What a write survives, and by which settings. */
  readonly durability: string;
  /** Stores many records, as fast as it can; not measured. */
  fill(entries: readonly Entry[]): Answer<void>;
  /** Looks up one key after the other. */
  get(keys: readonly string[]): Answer<number>;
  /** Looks up many keys in one call or one read transaction. */
  bget?(keys: readonly string[]): Answer<number>;
  /** Walks all keys and values. */
  iterate?(): Answer<number>;
  /** Stores many records in one durable transaction. */
  bput?(entries: readonly Entry[]): Answer<void>;
  /** Stores one record after the other, each durable before the next one begins. */
  put(entries: readonly Entry[]): Answer<void>;
  /** Stores records with `width` of them under way at any time. */
  inFlight?(entries: readonly Entry[], width: number): Promise<void>;
  close(): Answer<void>;
}

/** How a store is opened, in a directory of its own. */
export interface Opener {
  readonly name: string;
  /** Left out above this many records. */
  readonly most?: number;
  open(directory: string): Promise<Store>;
}

/** Runs `put` for each record, `width` of them at a time. */
export async function keepInFlight(
  entries: readonly Entry[],
  width: number,
  put: (key: string, value: Buffer) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let entry = entries[next++]; entry !== undefined; entry = entries[next++]) await put(entry[0], entry[1]);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

/** A peer's package, or why it cannot be used here. */
export async function load<T>(name: string): Promise<T> {
  try {
    return (await import(name)) as T;
  } catch (e) {
    throw new Error(`${name} cannot be loaded: ${(e as Error).message.split("\n")[0]}`, { cause: e });
  }
}
