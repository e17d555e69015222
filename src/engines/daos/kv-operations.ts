/** What is done with a key-value object of DAOS, once for both faces: see `ffi/events.ts`. */
import { isAscii, isUtf8 } from "node:buffer";
import { decodeKey } from "../../dict/key.ts";
import type { Cond, Op } from "../../engine/contract.ts";
import { DaosError } from "../../errors.ts";
import { type Arena, addressOf } from "../../ffi/arena.ts";
import { DAOS, ERRNO, OFFSET, SIZE } from "../../ffi/daos-abi.ts";
import type { Launch, Operation, Slot } from "../../ffi/events.ts";
import type { LibDaos } from "../../ffi/libdaos.ts";
import { check } from "./daos-error.ts";
import { giveBackMemory, takeMemory } from "./spare-memory.ts";
import { transaction } from "./transaction.ts";

/** An open key-value object. */
export interface KvHandle {
  readonly lib: LibDaos;
  /** Of the container, for transactions. */
  readonly coh: number;
  readonly oh: number;
}

/** Offsets in a slot's memory. */
const AT = { size: 0, count: 16, iov: 24, sgl: 48, anchor: 64, key: 256, value: 2048 } as const;
const KEY_ROOM = AT.value - AT.key - 1;
const VALUE_ROOM = 4096;
/**
 * The memory for a value that is read, at first. With 4072 bytes or more, DAOS 2.4 sends even the smallest value by a transfer
 * of its own (`DAOS_BULK_LIMIT`, less what describes the memory), and not with the answer.
 */
const READ_ROOM = 4032;

/** No transaction: the call is one by itself. */
const NO_TX = 0;
const NO_FLAGS = 0;

/** The least memory that a key or value which does not fit a slot is given: memory of that size does not move. */
const LARGE_BYTES = 1024;

/** Puts a key where C can read it, and gives the address. */
function keyAddress({ scratch, kept }: Slot, key: Uint8Array): number {
  if (key.length <= KEY_ROOM) {
    scratch.bytes.set(key, AT.key);
    scratch.bytes[AT.key + key.length] = 0;
    return scratch.address + AT.key;
  }
  const copy = Buffer.allocUnsafeSlow(key.length + 1);
  copy.set(key);
  copy[key.length] = 0;
  kept.push(copy);
  return addressOf(copy);
}

/** Puts a value where C can read it, and gives the address. */
function valueAddress({ scratch, kept }: Slot, value: Uint8Array): number {
  if (value.length <= VALUE_ROOM) {
    scratch.bytes.set(value, AT.value);
    return scratch.address + AT.value;
  }
  const copy = Buffer.allocUnsafeSlow(value.length);
  copy.set(value);
  kept.push(copy);
  return addressOf(copy);
}

/** The value of the key, in memory of its own. */
export function* get(kv: KvHandle, slot: Slot, key: Uint8Array): Operation<Uint8Array | undefined> {
  return yield* getAt(kv, slot, keyAddress(slot, key), NO_TX);
}

/** The same for a key that is a C string already. */
function* getAt(kv: KvHandle, slot: Slot, key: number, th: number): Operation<Uint8Array | undefined> {
  const { lib, oh } = kv;
  const { scratch } = slot;
  scratch.setPointer(AT.size, READ_ROOM);
  const rc: number = yield (event) =>
    lib.kvGet(oh, th, NO_FLAGS, key, scratch.address + AT.size, scratch.address + AT.value, event);
  return rc === 0 ? valueRead(scratch) : yield* getLarge(kv, slot, key, th, rc);
}

/** A copy of the value that a call has put into the slot's memory; `undefined` for none. */
function valueRead(scratch: Arena): Uint8Array | undefined {
  const size = scratch.pointer(AT.size);
  return size === 0 ? undefined : scratch.plain.slice(AT.value, AT.value + size);
}

/** Goes on with a look that ended with `rc`, most often since the value does not fit the slot's memory. */
function* getLarge(kv: KvHandle, slot: Slot, key: number, th: number, rc: number): Operation<Uint8Array | undefined> {
  const { lib, oh } = kv;
  const { scratch } = slot;
  let ended = rc;
  // The size is known now, but the value may be replaced by a larger one before the next look.
  while (ended === -ERRNO.REC2BIG) {
    const value = Buffer.allocUnsafeSlow(Math.max(scratch.pointer(AT.size), LARGE_BYTES));
    const address = addressOf(value);
    scratch.setPointer(AT.size, value.length);
    ended = yield (event) => lib.kvGet(oh, th, NO_FLAGS, key, scratch.address + AT.size, address, event);
    if (ended !== 0) continue;
    const size = scratch.pointer(AT.size);
    if (size === 0) return undefined;
    return size === value.length ? value : Uint8Array.prototype.slice.call(value, 0, size);
  }
  check(ended, "failed to retrieve KV value");
  return undefined;
}

/** Whether the key is there. */
export function* has(kv: KvHandle, slot: Slot, key: Uint8Array): Operation<boolean> {
  return yield* hasAt(kv, slot, keyAddress(slot, key));
}

function* hasAt({ lib, oh }: KvHandle, { scratch }: Slot, key: number): Operation<boolean> {
  scratch.setPointer(AT.size, 0);
  check(
    yield (event) => lib.kvGet(oh, NO_TX, NO_FLAGS, key, scratch.address + AT.size, 0, event),
    "failed to retrieve KV value",
  );
  return scratch.pointer(AT.size) > 0;
}

/** Stores the value, or removes the key when it is empty. */
export function* put(
  kv: KvHandle,
  slot: Slot,
  key: Uint8Array,
  value: Uint8Array,
  cond: Cond | undefined,
): Operation<boolean> {
  const k = keyAddress(slot, key);
  if (typeof cond === "object") return yield* compareAndSet(kv, slot, k, value, cond.was);
  if (value.length === 0) {
    if (cond === "absent") return !(yield* hasAt(kv, slot, k));
    return (yield* removeAt(kv, k, cond === "present")) || cond === undefined;
  }
  const v = valueAddress(slot, value);
  const { lib, oh } = kv;
  const flags =
    cond === undefined ? NO_FLAGS : cond === "absent" ? DAOS.DAOS_COND_KEY_INSERT : DAOS.DAOS_COND_KEY_UPDATE;
  const rc: number = yield (event) => lib.kvPut(oh, NO_TX, flags, k, value.length, v, event);
  if (cond === "absent" && rc === -ERRNO.EXIST) return false;
  if (cond === "present" && rc === -ERRNO.NONEXIST) return false;
  check(rc, "failed to store KV value");
  return true;
}

/** Removes the key; `false` when it was not there. */
export function* remove(kv: KvHandle, slot: Slot, key: Uint8Array): Operation<boolean> {
  return yield* removeAt(kv, keyAddress(slot, key), true);
}

function* removeAt({ lib, oh }: KvHandle, key: number, mustExist: boolean): Operation<boolean> {
  const flags = mustExist ? DAOS.DAOS_COND_KEY_REMOVE : NO_FLAGS;
  const rc: number = yield (event) => lib.kvRemove(oh, NO_TX, flags, key, event);
  if (mustExist && rc === -ERRNO.NONEXIST) return false;
  check(rc, "failed to store KV value");
  return true;
}

/** Removes the key and gives its value, in a transaction. */
export function* take(kv: KvHandle, slot: Slot, key: Uint8Array): Operation<Uint8Array | undefined> {
  return yield* transaction(kv.lib, slot, kv.coh, function* (th) {
    const value = yield* removeIn(kv, slot, th, key);
    return { commit: value !== undefined, result: value };
  });
}

/** The value of a key, which the transaction removes. */
export function* removeIn(kv: KvHandle, slot: Slot, th: number, key: Uint8Array): Operation<Uint8Array | undefined> {
  const k = keyAddress(slot, key);
  const value = yield* getAt(kv, slot, k, th);
  if (value !== undefined)
    check(yield (event) => kv.lib.kvRemove(kv.oh, th, NO_FLAGS, k, event), "failed to store KV value");
  return value;
}

function* compareAndSet(kv: KvHandle, slot: Slot, key: number, value: Uint8Array, was: Uint8Array): Operation<boolean> {
  const { lib, coh, oh } = kv;
  // Of their own: the slot's memory for values is where the old value is read.
  const wanted = Buffer.from(was);
  const copy = Buffer.allocUnsafeSlow(Math.max(value.length, LARGE_BYTES));
  copy.set(value);
  slot.kept.push(copy);
  const size = value.length;
  const v = addressOf(copy);
  return yield* transaction(lib, slot, coh, function* (th) {
    const found = yield* getAt(kv, slot, key, th);
    if (found === undefined || !wanted.equals(found)) return { commit: false, result: false };
    if (size === 0) check(yield (event) => lib.kvRemove(oh, th, NO_FLAGS, key, event), "failed to store KV value");
    else check(yield (event) => lib.kvPut(oh, th, NO_FLAGS, key, size, v, event), "failed to store KV value");
    return { commit: true, result: true };
  });
}

/** Removes every key at one moment: the object's content is punched, the object stays. */
export function* clear({ lib, oh }: KvHandle): Operation<void> {
  check(yield (event) => lib.kvDestroy(oh, NO_TX, event), "failed to clear");
}

/** A page of keys. */
export interface KeyPage<K extends Uint8Array | string = Uint8Array> {
  readonly keys: readonly K[];
  /** DAOS's anchor, where the next page goes on; `undefined` at the end. */
  readonly next: Uint8Array | undefined;
}

/** Room for keys in a listing call at first; it grows when a key does not fit. */
const LIST_BYTES = 256 * 1024;
/** Keys that are counted with one call. */
const COUNT_KEYS = 8192;
const COUNT_BYTES = 512 * 1024;

/** Which keys a listing is of: those of a key-value object, or the distribution keys of any other. */
type Lister = "kvList" | "objListKeys";

/** Up to `limit` keys, after the anchor `after`. */
export function* listKeys(
  handle: KvHandle,
  slot: Slot,
  after: Uint8Array | undefined,
  limit: number,
  lister: Lister = "kvList",
): Operation<KeyPage> {
  startAt(slot.scratch, after);
  const room = new ListRoom(limit, LIST_BYTES);
  const count = yield* listCall(handle, slot, room, lister);
  const keys: Uint8Array[] = [];
  for (let i = 0, at = 0; i < count; i++) {
    const length = room.keyLength(i);
    // The page's memory is its own: keys can be parts of it.
    keys.push(room.bytes.subarray(at, at + length));
    at += length;
  }
  return { keys, next: anchorOf(slot.scratch) };
}

/** The same with the keys as text, at less than half the cost. DER_INVAL when one of them is not UTF-8. */
export function* listTextKeys(
  handle: KvHandle,
  slot: Slot,
  after: Uint8Array | undefined,
  limit: number,
): Operation<KeyPage<string>> {
  startAt(slot.scratch, after);
  const room = new ListRoom(limit, LIST_BYTES);
  const count = yield* listCall(handle, slot, room, "kvList");
  let length = 0;
  for (let i = 0; i < count; i++) length += room.keyLength(i);
  const isPlain = isAscii(room.bytes.subarray(0, length));
  const keys: string[] = [];
  for (let i = 0, at = 0; i < count; i++) {
    const end = at + room.keyLength(i);
    keys.push(isPlain ? room.bytes.toString("latin1", at, end) : textOf(room.bytes.subarray(at, end)));
    at = end;
  }
  return { keys, next: anchorOf(slot.scratch) };
}

/** The text of a listed key. DER_INVAL for one that is not UTF-8: another text in its place would name another record. */
export function textOf(key: Uint8Array): string {
  if (isUtf8(key)) return decodeKey(key);
  throw new DaosError("DER_INVAL", "failed to enumerate Dictionary", {
    detail: "a key is not UTF-8, so it has no text; it is to be read and removed by its bytes, with PyDAOS",
  });
}

/** How many keys there are. */
export function* count(kv: KvHandle, slot: Slot): Operation<number> {
  startAt(slot.scratch, undefined);
  const room = new ListRoom(COUNT_KEYS, COUNT_BYTES);
  let total = 0;
  do total += yield* listCall(kv, slot, room, "kvList");
  while (anchorOf(slot.scratch) !== undefined);
  return total;
}

/** Memory that a listing call fills. */
class ListRoom {
  readonly descriptors: Buffer<ArrayBuffer>;
  bytes: Buffer<ArrayBuffer>;

  constructor(keys: number, bytes: number) {
    this.descriptors = Buffer.allocUnsafeSlow(Math.max(keys * SIZE.daos_key_desc_t, LARGE_BYTES));
    this.bytes = Buffer.allocUnsafeSlow(bytes);
    this.keys = keys;
  }

  readonly keys: number;

  keyLength(i: number): number {
    return this.descriptors.readUInt32LE(i * SIZE.daos_key_desc_t + OFFSET.daos_key_desc_t.kd_key_len);
  }
}

/** One call, repeated with more room while a key does not fit; gives how many keys it has found. */
function* listCall({ lib, oh }: KvHandle, { scratch }: Slot, room: ListRoom, lister: Lister): Operation<number> {
  const { address } = scratch;
  const descriptors = addressOf(room.descriptors);
  for (;;) {
    scratch.setUint32(AT.count, room.keys);
    scratch.setPointer(AT.iov + OFFSET.d_iov_t.iov_buf, addressOf(room.bytes));
    scratch.setPointer(AT.iov + OFFSET.d_iov_t.iov_buf_len, room.bytes.length);
    scratch.setPointer(AT.iov + OFFSET.d_iov_t.iov_len, room.bytes.length);
    scratch.setUint32(AT.sgl + OFFSET.d_sg_list_t.sg_nr, 1);
    scratch.setUint32(AT.sgl + OFFSET.d_sg_list_t.sg_nr_out, 0);
    scratch.setPointer(AT.sgl + OFFSET.d_sg_list_t.sg_iovs, address + AT.iov);
    const rc: number = yield (event) =>
      lib[lister](oh, NO_TX, address + AT.count, descriptors, address + AT.sgl, address + AT.anchor, event);
    if (rc !== -ERRNO.KEY2BIG) {
      check(rc, "failed to enumerate Dictionary");
      return scratch.uint32(AT.count);
    }
    room.bytes = Buffer.allocUnsafeSlow(Math.max(2 * room.bytes.length, room.keyLength(0)));
  }
}

function startAt(scratch: Arena, after: Uint8Array | undefined): void {
  const anchor = scratch.bytes.subarray(AT.anchor, AT.anchor + SIZE.daos_anchor_t);
  if (after === undefined) anchor.fill(0);
  else anchor.set(after);
}

function anchorOf(scratch: Arena): Uint8Array | undefined {
  const type = scratch.bytes.readUInt16LE(AT.anchor + OFFSET.daos_anchor_t.da_type);
  if (type === DAOS.DAOS_ANCHOR_TYPE_EOF) return undefined;
  return Uint8Array.prototype.slice.call(scratch.bytes, AT.anchor, AT.anchor + SIZE.daos_anchor_t);
}

/** The key as text, one character a byte: different bytes make different texts. */
export function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
}

/** Records, packed where C can read them. */
export class PackedRecords {
  /** They are valid as long as this object is there. */
  readonly records: readonly PackedRecord[];
  // Holds the memory that the records are in.
  readonly #memory: Buffer<ArrayBuffer>[] = [];
  /** Large values that still are the caller's. */
  readonly #callers = new Map<PackedRecord, Uint8Array>();
  /** Copies of large values. */
  readonly #copies = new Map<PackedRecord, Buffer<ArrayBuffer>>();

  /**
   * Of two records with one key the last one counts.
   *
   * @param borrow - large values stay where they are: the caller does not change them as long as this object is used.
   *   Else they are copied by {@link keep}, each before it is used: so the first is on its way while the next is copied.
   */
  constructor(ops: readonly Op[], borrow: boolean) {
    const last = new Map<string, Op>();
    for (const op of ops) last.set(keyText(op[0]), op);
    let length = 0;
    for (const [key, value] of last.values()) length += key.length + 1 + inlineSize(value);
    const packed = Buffer.allocUnsafeSlow(Math.max(length, LARGE_BYTES));
    this.#memory.push(packed);
    const base = addressOf(packed);
    const records: PackedRecord[] = [];
    let at = 0;
    for (const [key, value] of last.values()) {
      const size = value?.length ?? 0;
      const k = base + at;
      packed.set(key, at);
      at += key.length + 1;
      packed[at - 1] = 0;
      if (value !== null && size > INLINE_BYTES) {
        const record: PackedRecord = [k, 0, size, key.length];
        records.push(record);
        this.#callers.set(record, value);
        if (borrow && value.buffer instanceof ArrayBuffer) {
          const borrowed = Buffer.from(value.buffer, value.byteOffset, size);
          this.#memory.push(borrowed);
          this.#callers.delete(record);
          record[1] = addressOf(borrowed);
        }
        continue;
      }
      if (value !== null) packed.set(value, at);
      records.push([k, base + at, size, key.length]);
      at += size;
    }
    this.records = records;
  }

  /** Copies the value of a record, if it is large and was not copied before. */
  keep(record: PackedRecord): void {
    const value = this.#callers.get(record);
    if (value === undefined) return;
    const copy = takeMemory(value.length);
    copy.set(value);
    this.#callers.delete(record);
    this.#copies.set(record, copy);
    record[1] = addressOf(copy);
  }

  /** The record was written: the copy of its value is not needed any more. */
  release(record: PackedRecord): void {
    const copy = this.#copies.get(record);
    if (copy === undefined) return;
    this.#copies.delete(record);
    giveBackMemory(copy);
  }

  /** The same for all records: to be called before the caller goes on. */
  keepAll(): void {
    for (const record of [...this.#callers.keys()]) this.keep(record);
  }
}

/** The address of a record's key, of its value, the value's size, 0 to remove the key, and the key's size. */
export type PackedRecord = [key: number, value: number, size: number, keySize: number];

/** The most records of one transaction; DAOS refuses 65,535 (`DTX_SUB_WRITE_MAX` in `obj_tx.c`). */
const TX_RECORDS = 60_000;
/** The most bytes of one transaction: enough for any batch of small records, and no strain on a server's memory. */
const TX_BYTES = 64 * 1024 * 1024;
/**
 * Values above this size travel apart from a transaction, and libdaos 2.4 miscounts the room for the references to many
 * of them: it aborts the process (`Input buffer size ... is too small`). So they are put each by itself.
 */
const INLINE_BYTES = 4096;

function inlineSize(value: Uint8Array | null): number {
  return value === null || value.length > INLINE_BYTES ? 0 : value.length;
}

/** Records in as few groups as DAOS can take, each to be written at one moment; most often it is one. */
export function transactionsOf(records: readonly PackedRecord[]): readonly (readonly PackedRecord[])[] {
  const all: PackedRecord[][] = [];
  let open: PackedRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const [, , size, keySize] = record;
    if (size > INLINE_BYTES) {
      all.push([record]);
      continue;
    }
    if (open.length === TX_RECORDS || bytes + keySize + size > TX_BYTES) {
      all.push(open);
      open = [];
      bytes = 0;
    }
    open.push(record);
    bytes += keySize + size;
  }
  if (open.length > 0) all.push(open);
  return all;
}

/** Records that are handed to libdaos in one go; then others have a turn. */
const PUT_AT_ONCE = 512;

/** Writes the records in one transaction; a single one needs none. */
export function* putAll(
  kv: KvHandle,
  slot: Slot,
  packed: PackedRecords,
  records: readonly PackedRecord[],
): Operation<void> {
  const { lib, coh } = kv;
  slot.kept.push(packed);
  if (records.length === 1) {
    const record = records[0]!;
    packed.keep(record);
    const rc: number = yield putRecord(kv, NO_TX, record);
    packed.release(record);
    check(rc, "failed to store KV value");
    return;
  }
  yield* transaction(lib, slot, coh, function* (th) {
    for (const [i, record] of records.entries()) {
      const launch = putRecord(kv, th, record);
      // Inside a transaction this makes no call to the servers, so there is nothing to wait for.
      check((i + 1) % PUT_AT_ONCE === 0 ? yield launch : launch(0), "failed to store KV value");
    }
    return { commit: true, result: undefined };
  });
}

function putRecord({ lib, oh }: KvHandle, th: number, [key, value, size]: PackedRecord): Launch {
  return size === 0
    ? (event) => lib.kvRemove(oh, th, NO_FLAGS, key, event)
    : (event) => lib.kvPut(oh, th, NO_FLAGS, key, size, value, event);
}

/** Keys, packed where C can read them. */
export class PackedKeys {
  readonly #bytes: Buffer<ArrayBuffer>;
  readonly #offsets: number[] = [];
  readonly #base: number;

  constructor(keys: readonly Uint8Array[]) {
    let length = 0;
    for (const key of keys) length += key.length + 1;
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(length, LARGE_BYTES));
    this.#base = addressOf(this.#bytes);
    let at = 0;
    for (const key of keys) {
      this.#offsets.push(at);
      this.#bytes.set(key, at);
      at += key.length;
      this.#bytes[at++] = 0;
    }
  }

  /** The address of a key, a C string; valid as long as this object is there. */
  address(i: number): number {
    return this.#base + this.#offsets[i]!;
  }
}

/**
 * Keys that are looked up together. Any number of operations take part, each with one key after the other: that costs far less
 * than an operation for each key.
 */
export class Lookup {
  /** What was found, in the order of the keys. */
  readonly values: (Uint8Array | undefined)[];
  readonly #kv: KvHandle;
  readonly #keys: PackedKeys;
  readonly #signal: AbortSignal | undefined;
  #next = 0;

  constructor(kv: KvHandle, keys: readonly Uint8Array[], signal: AbortSignal | undefined) {
    this.#kv = kv;
    this.#keys = new PackedKeys(keys);
    this.#signal = signal;
    this.values = new Array<Uint8Array | undefined>(keys.length);
  }

  /** Looks up keys that nobody has taken, until none is left. */
  *takePart(slot: Slot): Operation<void> {
    const { lib, oh } = this.#kv;
    const { scratch, kept } = slot;
    kept.push(this.#keys);
    const size = scratch.address + AT.size;
    const value = scratch.address + AT.value;
    let key = 0;
    const launch: Launch = (event) => lib.kvGet(oh, NO_TX, NO_FLAGS, key, size, value, event);
    try {
      while (this.#next < this.values.length) {
        this.#signal?.throwIfAborted();
        const i = this.#next++;
        key = this.#keys.address(i);
        scratch.setPointer(AT.size, READ_ROOM);
        const rc: number = yield launch;
        this.values[i] = rc === 0 ? valueRead(scratch) : yield* getLarge(this.#kv, slot, key, NO_TX, rc);
      }
    } catch (e) {
      this.stop();
      throw e;
    }
  }

  /** No further key is looked up: nobody waits for the answer any more. */
  stop(): void {
    this.#next = this.values.length;
  }
}
