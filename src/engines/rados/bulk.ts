/** Many records, or keys: those of one shard travel together, as one operation. */
import type { Steps } from "../../engine/steps.ts";
import { DaosError } from "../../errors.ts";
import { completions } from "../../ffi/completions.ts";
import { drive, type Pending, waitAll } from "../../ffi/pending.ts";
import { PackedRecords, type WriteOperation } from "./operations.ts";
import { type Joint, type Outcome, Request } from "./request.ts";
import { shardOf } from "./shards.ts";

/** From so many records, or bytes, on it is sent. */
const RECORDS = 500;
const BYTES = 1024 * 1024;

/** So many keys are read by one operation. */
const KEYS = 320;

/** Records of one shard that are written by one operation. It refers to the caller's memory until it is packed. */
export class Bulk {
  #keys: string[] = [];
  #values: Uint8Array[] = [];
  readonly #removed: string[] = [];
  #bytes = 0;
  #packed: PackedRecords | undefined;
  readonly #outcome: Joint;

  /** @param outcome - told when it was written. */
  constructor(outcome: Joint) {
    this.#outcome = outcome;
  }

  /** Adds a record, or, without a value, a key to remove. Whether it is full now. */
  add(key: string, value: Uint8Array | null | undefined): boolean {
    if (value === null || value === undefined || value.length === 0) this.#removed.push(key);
    else {
      this.#keys.push(key);
      this.#values.push(value);
      this.#bytes += value.length;
    }
    this.#bytes += key.length;
    return this.#keys.length + this.#removed.length >= RECORDS || this.#bytes >= BYTES;
  }

  /** Makes it independent of the caller's memory. */
  pack(): void {
    this.#packed = new PackedRecords(this.#keys, this.#values);
    this.#keys = [];
    this.#values = [];
  }

  /** Adds what it does to an operation. */
  addTo(op: WriteOperation): void {
    op.setPacked(this.#packed!);
    if (this.#removed.length > 0) op.removeOmap(this.#removed);
  }

  /** The same as single writes. */
  requests(outcome: Outcome): Request[] {
    const packed = this.#packed!;
    return [
      ...packed.keys.map((key, i) => new Request("put", key, outcome, packed.value(i))),
      ...this.#removed.map((key) => new Request("put", key, outcome)),
    ];
  }

  /** Whether its call has failed because the cluster does not answer: to send it would only take as long once more. */
  get isVain(): boolean {
    return DaosError.is(this.#outcome.error, "DER_TIMEDOUT");
  }

  /** It is not sent. */
  drop(): void {
    this.#packed!.arena.free();
    this.#outcome.reject(this.#outcome.error);
  }

  /** It was written, or not. */
  end(written: Pending<void>): void {
    this.#packed!.arena.free();
    this.#outcome.end(written);
  }
}

/** The bulks of a call, one after the other for each shard. */
export class Bulks {
  readonly #outcome: Joint;
  readonly #send: (shard: number, bulk: Bulk) => void;
  readonly #gathering: (Bulk | undefined)[];

  /** @param send - sends what is full, while the next records are looked at. */
  constructor(shards: number, outcome: Joint, send: (shard: number, bulk: Bulk) => void) {
    this.#outcome = outcome;
    this.#send = send;
    this.#gathering = new Array<Bulk | undefined>(shards).fill(undefined);
  }

  add(key: string, value: Uint8Array | null | undefined): void {
    const shard = shardOf(key, this.#gathering.length);
    let bulk = this.#gathering[shard];
    if (bulk === undefined) {
      bulk = new Bulk(this.#outcome);
      this.#gathering[shard] = bulk;
      this.#outcome.add();
    }
    if (!bulk.add(key, value)) return;
    this.#gathering[shard] = undefined;
    this.#send(shard, bulk);
  }

  /** Sends the rest. */
  close(): void {
    for (const [shard, bulk] of this.#gathering.entries()) if (bulk !== undefined) this.#send(shard, bulk);
    this.#outcome.resolve();
  }
}

/** Reads of a call on many keys. */
export class Reads {
  readonly #read: (shard: number, keys: readonly string[]) => Steps<void>;
  readonly #gathering: string[][];
  readonly #underWay: Pending<void>[] = [];

  /** @param read - reads what is enough for an operation, while the next keys are looked at. */
  constructor(shards: number, read: (shard: number, keys: readonly string[]) => Steps<void>) {
    this.#read = read;
    this.#gathering = Array.from({ length: shards }, () => []);
  }

  add(key: string): void {
    const shard = shardOf(key, this.#gathering.length);
    if (this.#gathering[shard]!.push(key) === KEYS) this.#send(shard);
  }

  /** Sends the rest, and waits for all. */
  *ended(): Steps<void> {
    completions().together(() => {
      for (const [shard, keys] of this.#gathering.entries()) if (keys.length > 0) this.#send(shard);
    });
    yield* waitAll(this.#underWay);
  }

  #send(shard: number): void {
    this.#underWay.push(drive(this.#read(shard, this.#gathering[shard]!)));
    this.#gathering[shard] = [];
  }
}
