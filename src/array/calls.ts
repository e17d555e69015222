/**
 * The order of asynchronous calls on arrays: what one program calls takes effect in the order of its calls, awaited or not.
 * Reads of an array wait for the writes that were called before them, writes for reads and writes; nothing else waits.
 */
import { DaosError } from "../errors.ts";

interface Entry {
  write: Promise<unknown> | undefined;
  readonly reads: Set<Promise<unknown>>;
}

/** The calls on the arrays of one container. */
export class ArrayCalls {
  readonly #entries = new Map<string, Entry>();
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  /** Runs `work`, which reads and writes the arrays with these ids, when its turn has come. */
  run<T>(reads: Iterable<string>, writes: Iterable<string>, work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new DaosError("DER_NO_HDL", "the container is closed"));
    const [reading, writing] = [this.#entriesOf(reads), this.#entriesOf(writes)];
    const before = new Set<Promise<unknown>>();
    for (const [, { write }] of reading) if (write !== undefined) before.add(write);
    for (const [, entry] of writing) {
      if (entry.write !== undefined) before.add(entry.write);
      for (const read of entry.reads) before.add(read);
    }
    const promise = before.size === 0 ? work() : Promise.allSettled(before).then(work);
    for (const [, { reads: under }] of reading) under.add(promise);
    for (const [, entry] of writing) entry.write = promise;
    this.#underWay.add(promise);
    const ended = (): void => {
      this.#underWay.delete(promise);
      for (const [oid, entry] of [...reading, ...writing]) {
        entry.reads.delete(promise);
        if (entry.write === promise) entry.write = undefined;
        if (entry.write === undefined && entry.reads.size === 0) this.#entries.delete(oid);
      }
    };
    promise.then(ended, ended);
    return promise;
  }

  /** Refuses further calls with DER_NO_HDL; what it gives resolves when everything that was called has ended, if anything is. */
  close(): Promise<unknown> | undefined {
    this.#closed = true;
    return this.#underWay.size === 0 ? undefined : Promise.allSettled([...this.#underWay]);
  }

  #entriesOf(oids: Iterable<string>): [string, Entry][] {
    return Array.from(oids, (oid) => {
      let entry = this.#entries.get(oid);
      if (entry === undefined) {
        entry = { write: undefined, reads: new Set() };
        this.#entries.set(oid, entry);
      }
      return [oid, entry];
    });
  }
}

/** The calls on arrays of several containers: each has its turn when it has one in all of them. */
export class JointCalls extends ArrayCalls {
  readonly #members: readonly ArrayCalls[];

  constructor(members: readonly ArrayCalls[]) {
    super();
    this.#members = members;
  }

  override run<T>(reads: Iterable<string>, writes: Iterable<string>, work: () => Promise<T>): Promise<T> {
    const [reading, writing] = [[...reads], [...writes]];
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    // Asked for all at once, in the order of the program: no two calls can wait for each other.
    const turns = this.#members.map(
      (member) =>
        new Promise<void>((resolve, reject) => {
          member
            .run(reading, writing, () => {
              resolve();
              return ended;
            })
            .catch(reject);
        }),
    );
    const result = Promise.all(turns).then(work);
    result.then(
      () => end(),
      () => end(),
    );
    return result;
  }
}
