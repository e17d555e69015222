/** The key-value object of the daos engine, in both twins. */
import type { At, Cond, Kv, ListQuery, Op, Page } from "../../engine/contract.ts";
import type { Begin, ContainerCore, DaosObject } from "./container-core.ts";
import * as operations from "./kv-operations.ts";
import { keyText, PackedRecords, transactionsOf } from "./kv-operations.ts";

/** Keys that one call lists, or looks up: the anchor of DAOS says where the next list goes on. */
const KEYS_OF_A_CALL = 8192;

const NOTHING = new Uint8Array(0);

/** Blocking. */
export class SyncKv implements Kv<"sync"> {
  readonly keysOfACall = KEYS_OF_A_CALL;
  readonly #core: ContainerCore;
  readonly #object: DaosObject;

  constructor(core: ContainerCore, object: DaosObject) {
    this.#core = core;
    this.#object = object;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const kv = this.#readable();
    return this.#core.block(this.#object, (slot) => operations.get(kv, slot, key));
  }

  getMany(keys: readonly Uint8Array[]): (Uint8Array | undefined)[] {
    const lookup = new operations.Lookup(this.#readable(), keys, undefined);
    try {
      this.#core.blockMany(this.#object, takingPart(lookup, this.#core));
    } catch (e) {
      lookup.stop();
      throw e;
    }
    return lookup.values;
  }

  has(key: Uint8Array): boolean {
    const kv = this.#readable();
    return this.#core.block(this.#object, (slot) => operations.has(kv, slot, key));
  }

  put(key: Uint8Array, value: Uint8Array, cond?: Cond): boolean {
    const kv = this.#writable();
    return this.#core.block(this.#object, (slot) => operations.put(kv, slot, key, value, cond));
  }

  take(key: Uint8Array): Uint8Array | undefined {
    const kv = this.#writable();
    return this.#core.block(this.#object, (slot) => operations.take(kv, slot, key));
  }

  remove(key: Uint8Array): boolean {
    const kv = this.#writable();
    return this.#core.block(this.#object, (slot) => operations.remove(kv, slot, key));
  }

  batch(ops: readonly Op[]): void {
    const kv = this.#writable();
    const packed = new PackedRecords(ops, true);
    this.#core.blockMany(this.#object, putting(kv, packed));
  }

  list(q: ListQuery): Page {
    const kv = this.#readable();
    const { keys, next } = this.#core.block(this.#object, (slot) =>
      operations.listKeys(kv, slot, q.after, Math.min(q.limit, KEYS_OF_A_CALL)),
    );
    return { entries: q.keysOnly === true ? keys.map(keyOnly) : entriesOf(keys, this.getMany(keys)), next };
  }

  listText(q: ListQuery): Page<string> {
    if (q.keysOnly !== true) return withTextKeys(this.list(q));
    const kv = this.#readable();
    const { keys, next } = this.#core.block(this.#object, (slot) =>
      operations.listTextKeys(kv, slot, q.after, Math.min(q.limit, KEYS_OF_A_CALL)),
    );
    return { entries: keys.map(keyOnly), next };
  }

  count(): number {
    const kv = this.#readable();
    return this.#core.block(this.#object, (slot) => operations.count(kv, slot));
  }

  clear(): void {
    const kv = this.#writable();
    this.#core.block(this.#object, () => operations.clear(kv));
  }

  #readable(): operations.KvHandle {
    this.#core.checkOpen();
    return this.#core.kv(this.#object);
  }

  #writable(): operations.KvHandle {
    this.#core.checkWritable();
    return this.#core.kv(this.#object);
  }
}

/** Asynchronous. */
export class AsyncKv implements Kv<"async"> {
  readonly keysOfACall = KEYS_OF_A_CALL;
  readonly #core: ContainerCore;
  readonly #object: DaosObject;

  constructor(core: ContainerCore, object: DaosObject) {
    this.#core = core;
    this.#object = object;
  }

  async get(key: Uint8Array, o?: At): Promise<Uint8Array | undefined> {
    const kv = this.#readable(o);
    return this.#keyed(key, false, o, (k) => (slot) => operations.get(kv, slot, k));
  }

  async getMany(keys: readonly Uint8Array[], o?: At): Promise<(Uint8Array | undefined)[]> {
    return this.#getMany(keys, o);
  }

  async has(key: Uint8Array, o?: At): Promise<boolean> {
    const kv = this.#readable(o);
    return this.#keyed(key, false, o, (k) => (slot) => operations.has(kv, slot, k));
  }

  async put(key: Uint8Array, value: Uint8Array, cond?: Cond, o?: At): Promise<boolean> {
    const kv = this.#writable(o);
    let v = value;
    let c = cond;
    const keep = (): void => {
      v = Uint8Array.from(v);
      if (typeof c === "object") c = { was: Uint8Array.from(c.was) };
    };
    return this.#keyed(key, true, o, (k) => (slot) => operations.put(kv, slot, k, v, c), keep);
  }

  async take(key: Uint8Array, o?: At): Promise<Uint8Array | undefined> {
    const kv = this.#writable(o);
    return this.#keyed(key, true, o, (k) => (slot) => operations.take(kv, slot, k));
  }

  async remove(key: Uint8Array, o?: At): Promise<boolean> {
    const kv = this.#writable(o);
    return this.#keyed(key, true, o, (k) => (slot) => operations.remove(kv, slot, k));
  }

  async batch(ops: readonly Op[], o?: At): Promise<void> {
    const kv = this.#writable(o);
    const packed = new PackedRecords(ops, false);
    const done = this.#core.runMany(this.#object, { key: undefined, writes: true }, putting(kv, packed), o);
    packed.keepAll();
    await done;
  }

  async list(q: ListQuery, o?: At): Promise<Page> {
    const kv = this.#readable(o);
    const after = q.after === undefined ? undefined : Uint8Array.from(q.after);
    const begin: Begin<operations.KeyPage> = (slot) =>
      operations.listKeys(kv, slot, after, Math.min(q.limit, KEYS_OF_A_CALL));
    const { keys, next } = await this.#whole(false, o, begin);
    return { entries: q.keysOnly === true ? keys.map(keyOnly) : entriesOf(keys, await this.#getMany(keys, o)), next };
  }

  async listText(q: ListQuery, o?: At): Promise<Page<string>> {
    if (q.keysOnly !== true) return withTextKeys(await this.list(q, o));
    const kv = this.#readable(o);
    const after = q.after === undefined ? undefined : Uint8Array.from(q.after);
    const begin: Begin<operations.KeyPage<string>> = (slot) =>
      operations.listTextKeys(kv, slot, after, Math.min(q.limit, KEYS_OF_A_CALL));
    const { keys, next } = await this.#whole(false, o, begin);
    return { entries: keys.map(keyOnly), next };
  }

  async count(o?: At): Promise<number> {
    const kv = this.#readable(o);
    return this.#whole(false, o, (slot) => operations.count(kv, slot));
  }

  async clear(o?: At): Promise<void> {
    const kv = this.#writable(o);
    await this.#whole(true, o, () => operations.clear(kv));
  }

  async #getMany(keys: readonly Uint8Array[], o: At | undefined): Promise<(Uint8Array | undefined)[]> {
    const lookup = new operations.Lookup(this.#readable(o), keys, o?.signal);
    try {
      await this.#core.runMany(this.#object, { key: undefined, writes: false }, takingPart(lookup, this.#core), o);
    } catch (e) {
      lookup.stop();
      throw e;
    }
    return lookup.values;
  }

  #keyed<T>(
    key: Uint8Array,
    writes: boolean,
    o: At | undefined,
    begin: (key: Uint8Array) => Begin<T>,
    keep?: () => void,
  ): Promise<T> {
    let k = key;
    return this.#core.run(
      this.#object,
      { key: keyText(key), writes },
      (slot) => begin(k)(slot),
      () => {
        k = Uint8Array.from(k);
        keep?.();
      },
      o,
    );
  }

  #whole<T>(writes: boolean, o: At | undefined, begin: Begin<T>): Promise<T> {
    return this.#core.run(this.#object, { key: undefined, writes }, begin, () => {}, o);
  }

  #readable(o: At | undefined): operations.KvHandle {
    o?.signal?.throwIfAborted();
    this.#core.checkOpen();
    return this.#core.kv(this.#object);
  }

  #writable(o: At | undefined): operations.KvHandle {
    o?.signal?.throwIfAborted();
    this.#core.checkWritable();
    return this.#core.kv(this.#object);
  }
}

function putting(kv: operations.KvHandle, packed: PackedRecords): Begin<void>[] {
  return transactionsOf(packed.records).map(
    (records): Begin<void> =>
      (slot) =>
        operations.putAll(kv, slot, packed, records),
  );
}

/** As many operations as may be under way at a time. */
function takingPart(lookup: operations.Lookup, { inFlight }: ContainerCore): Begin<void>[] {
  const begin: Begin<void> = (slot) => lookup.takePart(slot);
  return new Array<Begin<void>>(Math.min(inFlight, lookup.values.length)).fill(begin);
}

function keyOnly<K extends Uint8Array | string>(key: K): readonly [K, Uint8Array] {
  return [key, NOTHING];
}

function withTextKeys({ entries, next }: Page): Page<string> {
  return { entries: entries.map(([key, value]) => [operations.textOf(key), value]), next };
}

/** The records; without those that were removed between the two looks. */
function entriesOf(
  keys: readonly Uint8Array[],
  values: readonly (Uint8Array | undefined)[],
): (readonly [Uint8Array, Uint8Array])[] {
  const entries: (readonly [Uint8Array, Uint8Array])[] = [];
  for (const [i, key] of keys.entries()) {
    const value = values[i];
    if (value !== undefined) entries.push([key, value]);
  }
  return entries;
}
