/** One operation on one key of a dictionary, from its call to its end. */
import type { Cond } from "../../engine/contract.ts";
import type { Steps } from "../../engine/steps.ts";
import { Pending } from "../../ffi/pending.ts";
import { writeBlob } from "./blobs.ts";
import type { ContainerCore } from "./container-core.ts";
import { INLINE_MAX_BYTES, isBlob, type Stored } from "./format.ts";
import type { Turn } from "./key-locks.ts";
import type { Span } from "./object-core.ts";

/**
 * What is wanted of the key, and what it ends with: `get` and `take` with the value or `undefined`, `has` and `remove`
 * with whether it was there, `put` with whether its condition held.
 */
export type Verb = "get" | "has" | "put" | "take" | "remove";

/** Who is told how a request ended. */
export interface Outcome {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** See above. */
export class Request implements Turn {
  readonly key: string;
  readonly verb: Verb;
  readonly isWrite: boolean;
  /** Of a `put`: what the key gets, or `undefined` to remove it. */
  stored: Stored | undefined;
  readonly condition: Cond | undefined;
  /** The object's book-keeping; of a request that is a part of a call on many keys, that call's. */
  span: Span | undefined;
  /** What it goes on with when its turn has come. */
  next: { begin(request: Request): void } | undefined;
  /** Of a `take`: the value that is being taken. */
  taken: Uint8Array | undefined;
  hasEnded = false;
  readonly #outcome: Outcome;
  /** Of those that have joined it. */
  #others: Outcome[] | undefined;

  /** @param value - of a `put`, in memory that is the engine's; `undefined` removes. */
  constructor(verb: Verb, key: string, outcome: Outcome, value?: Uint8Array, condition?: Cond) {
    this.verb = verb;
    this.key = key;
    this.isWrite = verb !== "get" && verb !== "has";
    this.stored = value;
    this.condition = condition;
    this.#outcome = outcome;
  }

  /** A write that neither asks nor tells what was there before. */
  get isBlind(): boolean {
    return this.verb === "put" && this.condition === undefined;
  }

  /** Whether its value is yet to be written to objects of its own. */
  get isLarge(): boolean {
    return this.stored instanceof Uint8Array && this.stored.length > INLINE_MAX_BYTES;
  }

  /** The bytes that it moves to the cluster. */
  get bytes(): number {
    return this.key.length + (this.stored instanceof Uint8Array ? this.stored.length : 0);
  }

  granted(): void {
    this.next!.begin(this);
  }

  /** A blind write takes the place of one that waits right before it: both end when it has landed. */
  join(before: Request | undefined): boolean {
    if (before === undefined || !before.isBlind || !this.isBlind || before.isLarge || this.isLarge) return false;
    before.stored = this.stored;
    before.#others ??= [];
    before.#others.push(this.#outcome);
    return true;
  }

  /** Writes the large value. */
  *writeLarge(container: ContainerCore, oid: string): Steps<void> {
    this.stored = yield* writeBlob(container, oid, this.stored as Uint8Array);
  }

  end(result: unknown): void {
    this.hasEnded = true;
    this.#outcome.resolve(result);
    if (this.#others !== undefined) for (const other of this.#others) other.resolve(result);
  }

  fail(error: unknown): void {
    this.hasEnded = true;
    this.#outcome.reject(error);
    if (this.#others !== undefined) for (const other of this.#others) other.reject(error);
  }

  /** Whether a value that was there before, and may have objects of its own, has to be known to carry it out. */
  get needsOld(): boolean {
    const { condition } = this;
    return (
      this.verb === "take" ||
      (this.stored !== undefined && isBlob(this.stored)) ||
      (typeof condition === "object" && condition.was.length > INLINE_MAX_BYTES)
    );
  }
}

/** The end of many things: when the last has ended, or failed. */
export class Joint implements Outcome {
  readonly ended = new Pending<void>();
  #left = 1;
  #failed: { readonly error: unknown } | undefined;

  /** That of the first one that has failed. */
  get error(): unknown {
    return this.#failed?.error;
  }

  /** One more than the one that it begins with. */
  add(): void {
    this.#left++;
  }

  resolve(_result?: unknown): void {
    if (--this.#left > 0) return;
    if (this.#failed === undefined) this.ended.resolve();
    else this.ended.reject(this.#failed.error);
  }

  reject(error: unknown): void {
    this.#failed ??= { error };
    this.resolve();
  }

  /** One of them has ended so. */
  end(pending: Pending<unknown>): void {
    try {
      pending.result();
    } catch (e) {
      this.reject(e);
      return;
    }
    this.resolve();
  }
}

/** A copy of a value that the engine keeps; `undefined` for what removes. */
export function own(value: Uint8Array | null): Uint8Array | undefined {
  return value === null || value.length === 0 ? undefined : new Uint8Array(value);
}
