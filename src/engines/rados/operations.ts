/** RADOS operations: several steps on one object that happen together, or not at all. */
import { Arena, addressOf, MOVES_BELOW_BYTES } from "../../ffi/arena.ts";
import { completions, type Operation } from "../../ffi/completions.ts";
import { COMPARE, CREATE, type Librados, librados, OPERATION, type Pointer } from "../../ffi/librados.ts";
import { Pending } from "../../ffi/pending.ts";
import { HEADER, parseBlobRef, type Stored } from "./format.ts";

/** The most entries of an omap that one read gets (`osd_max_omap_entries_per_request`). */
export const OMAP_PAGE = 1024;

// Memory that is used within one call of a function here: librados copies what it is given.
let scratch: Arena | undefined;

function scratchOf(size: number): Arena {
  if (scratch === undefined || scratch.size < size) {
    scratch?.free();
    scratch = new Arena(Math.max(65_536, 2 ** Math.ceil(Math.log2(size))));
  }
  return scratch;
}

/** Puts texts and bytes behind each other, with their addresses and lengths in front, as librados takes arrays. */
function marshal(keys: readonly string[], values: readonly Uint8Array[] | undefined): Arena {
  const n = keys.length;
  let size = n * 32;
  for (const key of keys) size += key.length;
  if (values !== undefined) for (const value of values) size += value.length;
  const arena = scratchOf(size + 8);
  const { address, bytes } = arena;
  let at = n * 32;
  for (let i = 0; i < n; i++) {
    const length = bytes.write(keys[i]!, at, "latin1");
    arena.setPointer(i * 8, address + at);
    arena.setPointer(n * 16 + i * 8, length);
    at += length;
  }
  if (values !== undefined)
    for (let i = 0; i < n; i++) {
      const value = values[i]!;
      bytes.set(value, at);
      arena.setPointer(n * 8 + i * 8, address + at);
      arena.setPointer(n * 24 + i * 8, value.length);
      at += value.length;
    }
  return arena;
}

/** Is told of the operations of a call, so that it can end them. */
export interface Watcher {
  begun(operation: Operation | undefined): void;
  ended(operation: Operation | undefined): void;
}

/** Writes that one object takes together. Guards come first; when one does not hold, the result is -ECANCELED. */
export class WriteOperation {
  readonly #lib: Librados = librados();
  readonly #op: Pointer = this.#lib.createWriteOp();

  /** The object is made; with `exclusive`, -EEXIST when it is there. */
  create(exclusive: boolean): this {
    this.#lib.writeOpCreate(this.#op, exclusive ? CREATE.exclusive : CREATE.idempotent, 0);
    return this;
  }

  /** Guard: -ENOENT when there is no such object. */
  assertExists(): this {
    this.#lib.writeOpAssertExists(this.#op);
    return this;
  }

  /** Guard: the object has that version, else -ERANGE or -EOVERFLOW; -ENOENT when there is no such object. */
  assertVersion(version: number): this {
    this.#lib.writeOpAssertVersion(this.#op, version);
    return this;
  }

  /** The object's data become these. */
  writeFull(data: Uint8Array): this {
    this.#lib.writeOpWriteFull(this.#op, lent(data), data.length);
    return this;
  }

  /** The object's data become these from byte `offset` on. */
  write(data: Uint8Array, offset: number): this {
    this.#lib.writeOpWrite(this.#op, lent(data), data.length, offset);
    return this;
  }

  /** Guard: `value` compares so to the object's xattr. */
  compareXattr(name: string, comparison: "eq" | "gt", value: string): this {
    const { address, bytes } = scratchOf(value.length);
    this.#lib.writeOpCmpxattr(this.#op, name, COMPARE[comparison], address, bytes.write(value, "latin1"));
    return this;
  }

  setXattr(name: string, value: string): this {
    const { address, bytes } = scratchOf(value.length);
    this.#lib.writeOpSetxattr(this.#op, name, address, bytes.write(value, "latin1"));
    return this;
  }

  /** Guard: what lies under the key compares so to `value`. A missing key compares as no bytes. */
  compareOmap(key: string, comparison: "eq" | "gt" | "lt", value: Uint8Array): this {
    const { address, bytes } = scratchOf(key.length + value.length);
    const length = bytes.write(key, "latin1");
    bytes.set(value, length);
    this.#lib.writeOpOmapCmp(this.#op, address, COMPARE[comparison], address + length, length, value.length, 0);
    return this;
  }

  setOmap(keys: readonly string[], values: readonly Uint8Array[]): this {
    const n = keys.length;
    const { address } = marshal(keys, values);
    this.#lib.writeOpOmapSet(this.#op, address, address + n * 8, address + n * 16, address + n * 24, n);
    return this;
  }

  removeOmap(keys: readonly string[]): this {
    const n = keys.length;
    const { address } = marshal(keys, undefined);
    this.#lib.writeOpOmapRemove(this.#op, address, address + n * 16, n);
    return this;
  }

  /** The object is removed. */
  remove(): this {
    this.#lib.writeOpRemove(this.#op);
    return this;
  }

  /** Sends it, once. Ends with 0 or a negative errno. */
  start(ioctx: Pointer, object: string, watcher?: Watcher): Pending<number> {
    const pending = new Pending<number>();
    const lib = this.#lib;
    const operation = completions().start(
      ioctx,
      (completion) => lib.aioWriteOperate(this.#op, ioctx, completion, object, 0, OPERATION.fullTry),
      (result) => {
        lib.releaseWriteOp(this.#op);
        watcher?.ended(operation);
        pending.resolve(result);
      },
    );
    watcher?.begun(operation);
    return pending;
  }
}

/** The address of bytes that C copies before anything else happens. */
function lent(data: Uint8Array): Pointer {
  if (data.length >= MOVES_BELOW_BYTES) return addressOf(data);
  const { address, bytes } = scratchOf(data.length);
  bytes.set(data);
  return address;
}

// What C writes while a read is under way: the iterator (8 bytes), the step's result (4), whether there is more (1).
const SLOT_BYTES = 16;
const SLOTS = 256;
const freeSlots: Slot[] = [];

interface Slot {
  readonly arena: Arena;
  readonly at: number;
}

function takeSlot(): Slot {
  if (freeSlots.length === 0) {
    const arena = new Arena(SLOT_BYTES * SLOTS);
    for (let i = 0; i < SLOTS; i++) freeSlots.push({ arena, at: i * SLOT_BYTES });
  }
  const slot = freeSlots.pop()!;
  slot.arena.bytes.fill(0, slot.at, slot.at + SLOT_BYTES);
  return slot;
}

/** The answer of one step of a read; filled when the operation has ended well. */
export class Found<T> {
  /** What was found, in order. */
  readonly entries: T[] = [];
  /** Of `lastKey`: the number of keys. */
  skipped = 0;
  /** Whether the object has more behind it. */
  more = false;
}

interface Step {
  readonly slot: Slot;
  /** Takes the answer out of C's memory. */
  readonly collect: () => void;
  readonly release: (iterator: Pointer) => void;
}

// Where `omapNext` writes its four answers, and where their bytes are copied to.
let cursor: Arena | undefined;

/** A record of an omap. */
export type OmapEntry = readonly [key: string, value: Stored];

/** Reads of one object that see it at the same moment. */
export class ReadOperation {
  readonly #lib: Librados = librados();
  readonly #op: Pointer = this.#lib.createReadOp();
  readonly #steps: Step[] = [];

  /** Guard: `value` compares so to the object's xattr. */
  compareXattr(name: string, comparison: "eq" | "gt", value: string): this {
    const { address, bytes } = scratchOf(value.length);
    this.#lib.readOpCmpxattr(this.#op, name, COMPARE[comparison], address, bytes.write(value, "latin1"));
    return this;
  }

  /** The records of these keys that are there. */
  byKeys(keys: readonly string[]): Found<OmapEntry> {
    const { found, iterator, result } = this.#step<OmapEntry>((at) => this.#entries(at, readStored));
    const { address } = marshal(keys, undefined);
    this.#lib.readOpOmapByKeys(this.#op, address, keys.length, address + keys.length * 16, iterator, result);
    return found;
  }

  /** The same as bytes, not read as what we store in dictionaries. */
  bytesByKeys(keys: readonly string[]): Found<readonly [string, Uint8Array]> {
    const { found, iterator, result } = this.#step<readonly [string, Uint8Array]>((at) => this.#entries(at, readBytes));
    const { address } = marshal(keys, undefined);
    this.#lib.readOpOmapByKeys(this.#op, address, keys.length, address + keys.length * 16, iterator, result);
    return found;
  }

  /** Keys behind `after`, in order. */
  keys(after: string, limit: number): Found<string> {
    const { found, slot, iterator, result } = this.#step<string>((at) => this.#keys(at));
    this.#lib.readOpOmapKeys(this.#op, utf8(after), limit, iterator, slot.arena.address + slot.at + 12, result);
    return found;
  }

  /** How many keys are behind `after`, up to `limit`; the last of them is the one entry. */
  lastKey(after: string, limit: number): Found<string> {
    const { found, slot, iterator, result } = this.#step<string>((at, answer) => {
      answer.skipped = this.#lib.omapSize(at);
      return this.#lastKey(at, answer.skipped);
    });
    this.#lib.readOpOmapKeys(this.#op, utf8(after), limit, iterator, slot.arena.address + slot.at + 12, result);
    return found;
  }

  /** Records behind `after`, in order. */
  records(after: string, limit: number): Found<OmapEntry> {
    const { found, slot, iterator, result } = this.#step<OmapEntry>((at) => this.#entries(at, readStored));
    this.#lib.readOpOmapValues(this.#op, utf8(after), "", limit, iterator, slot.arena.address + slot.at + 12, result);
    return found;
  }

  /** The same as bytes. */
  bytesBehind(after: string, limit: number): Found<readonly [string, Uint8Array]> {
    const { found, slot, iterator, result } = this.#step<readonly [string, Uint8Array]>((at) =>
      this.#entries(at, readBytes),
    );
    this.#lib.readOpOmapValues(this.#op, utf8(after), "", limit, iterator, slot.arena.address + slot.at + 12, result);
    return found;
  }

  /** The object's xattrs. */
  xattrs(): Found<readonly [name: string, value: string]> {
    const slot = takeSlot();
    const found = new Found<readonly [string, string]>();
    const lib = this.#lib;
    lib.readOpGetxattrs(this.#op, slot.arena.address + slot.at, slot.arena.address + slot.at + 8);
    const collect = (): void => {
      const iterator = slot.arena.pointer(slot.at);
      const out = cursorOf(0);
      for (;;) {
        lib.xattrsNext(iterator, out.address, out.address + 8, out.address + 16);
        const name = out.pointer(0);
        if (name === 0) return;
        const nameText = this.#copy(name, lib.strlen(name));
        found.entries.push([nameText, this.#copy(out.pointer(8), out.pointer(16))]);
      }
    };
    this.#steps.push({ slot, collect, release: lib.xattrsEnd });
    return found;
  }

  /** Sends it, once. Ends with 0 and more or a negative errno; then the answers are there. */
  start(ioctx: Pointer, object: string): Pending<number> {
    const pending = new Pending<number>();
    const lib = this.#lib;
    completions().start(
      ioctx,
      (completion) => lib.aioReadOperate(this.#op, ioctx, completion, object, 0),
      (result) => {
        for (const { slot, collect, release } of this.#steps) {
          if (result >= 0) collect();
          const iterator = slot.arena.pointer(slot.at);
          if (iterator !== 0) release(iterator);
          freeSlots.push(slot);
        }
        lib.releaseReadOp(this.#op);
        pending.resolve(result);
      },
    );
    return pending;
  }

  #step<T>(read: (iterator: Pointer, found: Found<T>) => T[]): {
    found: Found<T>;
    slot: Slot;
    iterator: Pointer;
    result: Pointer;
  } {
    const slot = takeSlot();
    const found = new Found<T>();
    const { arena, at } = slot;
    const collect = (): void => {
      // Not by spreading: a page may have more entries than a call may have arguments.
      for (const entry of read(arena.pointer(at), found)) found.entries.push(entry);
      found.more = arena.bytes[at + 12] !== 0;
    };
    this.#steps.push({ slot, collect, release: this.#lib.omapEnd });
    return { found, slot, iterator: arena.address + at, result: arena.address + at + 8 };
  }

  #keys(iterator: Pointer): string[] {
    const lib = this.#lib;
    const n = lib.omapSize(iterator);
    const keys = new Array<string>(n);
    for (let i = 0; i < n; i++) {
      const out = cursorOf(0);
      lib.omapNext(iterator, out.address, out.address + 8, out.address + 16, out.address + 24);
      keys[i] = this.#copy(out.pointer(0), out.pointer(16));
    }
    return keys;
  }

  #lastKey(iterator: Pointer, n: number): string[] {
    if (n === 0) return [];
    const out = cursorOf(0);
    for (let i = 0; i < n; i++)
      this.#lib.omapNext(iterator, out.address, out.address + 8, out.address + 16, out.address + 24);
    return [this.#copy(out.pointer(0), out.pointer(16))];
  }

  #entries<V>(iterator: Pointer, read: (bytes: Buffer, from: number, to: number) => V): (readonly [string, V])[] {
    const lib = this.#lib;
    const n = lib.omapSize(iterator);
    const entries = new Array<readonly [string, V]>(n);
    for (let i = 0; i < n; i++) {
      const head = cursorOf(0);
      lib.omapNext(iterator, head.address, head.address + 8, head.address + 16, head.address + 24);
      const value = head.pointer(8);
      const length = head.pointer(24);
      const key = this.#copy(head.pointer(0), head.pointer(16));
      const out = cursorOf(length);
      lib.memcpy(out.address + CURSOR_BYTES, value, length);
      entries[i] = [key, read(out.bytes, CURSOR_BYTES, CURSOR_BYTES + length)];
    }
    return entries;
  }

  #copy(from: Pointer, length: number): string {
    const out = cursorOf(length);
    this.#lib.memcpy(out.address + CURSOR_BYTES, from, length);
    return out.bytes.toString("latin1", CURSOR_BYTES, CURSOR_BYTES + length);
  }
}

const CURSOR_BYTES = 32;

// Growing it loses what `omapNext` wrote: that is to be read before.
function cursorOf(extra: number): Arena {
  if (cursor === undefined || cursor.size < CURSOR_BYTES + extra) {
    cursor?.free();
    cursor = new Arena(Math.max(131_072, 2 ** Math.ceil(Math.log2(CURSOR_BYTES + extra))));
  }
  return cursor;
}

function readStored(bytes: Buffer, from: number, to: number): Stored {
  if (bytes[from] === HEADER.blob) return parseBlobRef(bytes.toString("latin1", from + 1, to));
  return readBytes(bytes, from + 1, to);
}

// Memory of its own, as long as it needs to be: it becomes the caller's.
function readBytes(bytes: Buffer, from: number, to: number): Uint8Array {
  const copy = new Uint8Array(to - from);
  copy.set(bytes.subarray(from, to));
  return copy;
}

// koffi passes text as UTF-8; a key is valid UTF-8, held one character a byte.
function utf8(key: string): string {
  return Buffer.from(key, "latin1").toString();
}
