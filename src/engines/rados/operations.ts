/** RADOS operations: several steps on one object that happen together, or not at all. */
import { Arena, addressOf, MOVES_BELOW_BYTES } from "../../ffi/arena.ts";
import { completions, type Operation } from "../../ffi/completions.ts";
import { COMPARE, CREATE, type Librados, librados, OPERATION, type Pointer } from "../../ffi/librados.ts";
import { Pending } from "../../ffi/pending.ts";
import { HEADER, isBlob, parseBlobRef, type Stored, storedBytes } from "./format.ts";

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

/** A text of C that stays where it is. */
interface Interned {
  readonly address: Pointer;
  readonly length: number;
}

const interned = new Map<string, Interned>();

/** One of few texts that are needed again and again; each takes memory for ever. */
function intern(text: string): Interned {
  let found = interned.get(text);
  if (found === undefined) {
    const { address, bytes } = new Arena(Math.ceil((text.length + 1) / 8) * 8);
    found = { address, length: bytes.write(`${text}\0`, "latin1") - 1 };
    interned.set(text, found);
  }
  return found;
}

/** The memory that {@link marshal} needs, bytes. */
function marshalledBytes(keys: readonly string[], values?: readonly Uint8Array[]): number {
  let size = keys.length * 33 + 8;
  for (const key of keys) size += key.length;
  if (values !== undefined) for (const value of values) size += value.length;
  return size;
}

/** Puts texts and bytes behind each other, with their addresses and lengths in front, as librados takes arrays. */
function marshal(
  keys: readonly string[],
  values?: readonly Uint8Array[],
  header?: number,
  arena = scratchOf(marshalledBytes(keys, values)),
): Arena {
  const n = keys.length;
  const before = header === undefined ? 0 : 1;
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
      arena.setPointer(n * 8 + i * 8, address + at);
      arena.setPointer(n * 24 + i * 8, value.length + before);
      if (header !== undefined) bytes[at++] = header;
      bytes.set(value, at);
      at += value.length;
    }
  return arena;
}

/** Records that are kept as librados takes them, until they are written. */
export class PackedRecords {
  readonly keys: readonly string[];
  readonly arena: Arena;

  constructor(keys: readonly string[], values: readonly Uint8Array[]) {
    this.keys = keys;
    this.arena = new Arena(Math.ceil(marshalledBytes(keys, values) / 8) * 8);
    marshal(keys, values, HEADER.inline, this.arena);
  }

  /** A copy of the value of one. */
  value(i: number): Uint8Array {
    const { arena } = this;
    const n = this.keys.length;
    const from = arena.pointer(n * 8 + i * 8) - arena.address;
    return arena.plain.slice(from + 1, from + arena.pointer(n * 24 + i * 8));
  }
}

/** Is told of the operations of a call, so that it can end them. */
export interface Watcher {
  begun(operation: Operation): void;
  ended(operation: Operation): void;
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
    const { address, length } = intern(value);
    this.#lib.writeOpCmpxattr(this.#op, intern(name).address, COMPARE[comparison], address, length);
    return this;
  }

  setXattr(name: string, value: string): this {
    const { address, length } = intern(value);
    this.#lib.writeOpSetxattr(this.#op, intern(name).address, address, length);
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
    return this.#set(keys, marshal(keys, values));
  }

  /** The same for values as dictionaries have them. */
  setRecords(records: readonly (readonly [key: string, stored: Stored])[]): this {
    const keys: string[] = [];
    const values: Uint8Array[] = [];
    for (const [key, stored] of records) {
      if (isBlob(stored)) this.setOmap([key], [storedBytes(stored)]);
      else {
        keys.push(key);
        values.push(stored);
      }
    }
    return keys.length === 0 ? this : this.#set(keys, marshal(keys, values, HEADER.inline));
  }

  setPacked({ keys, arena }: PackedRecords): this {
    return keys.length === 0 ? this : this.#set(keys, arena);
  }

  #set({ length: n }: readonly string[], { address }: Arena): this {
    this.#lib.writeOpOmapSet(this.#op, address, address + n * 8, address + n * 16, address + n * 24, n);
    return this;
  }

  removeOmap(keys: readonly string[]): this {
    const n = keys.length;
    const { address } = marshal(keys);
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
  entries: readonly T[] = [];
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

// Where `omapNext` writes its answers, four pointers and lengths for each entry; where their bytes are copied to.
let places: Arena | undefined;
let copies: Arena | undefined;

/** A record of an omap. */
export type OmapEntry = readonly [key: string, value: Stored];

/** Reads of one object that see it at the same moment. */
export class ReadOperation {
  readonly #lib: Librados = librados();
  readonly #op: Pointer = this.#lib.createReadOp();
  readonly #steps: Step[] = [];

  /** Guard: `value` compares so to the object's xattr. */
  compareXattr(name: string, comparison: "eq" | "gt", value: string): this {
    const { address, length } = intern(value);
    this.#lib.readOpCmpxattr(this.#op, intern(name).address, COMPARE[comparison], address, length);
    return this;
  }

  /** The records of these keys that are there. */
  byKeys(keys: readonly string[]): Found<OmapEntry> {
    const { found, iterator, result } = this.#step<OmapEntry>((at) => this.#entries(at, readStored, keys));
    const { address } = marshal(keys);
    this.#lib.readOpOmapByKeys(this.#op, address, keys.length, address + keys.length * 16, iterator, result);
    return found;
  }

  /** The same as bytes, not read as what we store in dictionaries. */
  bytesByKeys(keys: readonly string[]): Found<readonly [string, Uint8Array]> {
    const { found, iterator, result } = this.#step<readonly [string, Uint8Array]>((at) => this.#entries(at, readBytes));
    const { address } = marshal(keys);
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
      const out = placesOf(1);
      const entries: (readonly [string, string])[] = [];
      found.entries = entries;
      for (;;) {
        lib.xattrsNext(iterator, out.address + KEY, out.address + VALUE, out.address + VALUE_LENGTH);
        const name = out.pointer(KEY);
        if (name === 0) return;
        out.setPointer(KEY_LENGTH, lib.strlen(name));
        const [text] = texts(lib, out, 1, KEY, KEY_LENGTH);
        const [value] = texts(lib, out, 1, VALUE, VALUE_LENGTH);
        entries.push([text!, value!]);
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
      found.entries = read(arena.pointer(at), found);
      found.more = arena.bytes[at + 12] !== 0;
    };
    this.#steps.push({ slot, collect, release: this.#lib.omapEnd });
    return { found, slot, iterator: arena.address + at, result: arena.address + at + 8 };
  }

  #keys(iterator: Pointer): string[] {
    const n = this.#lib.omapSize(iterator);
    const out = this.#place(iterator, n);
    return texts(this.#lib, out, n, KEY, KEY_LENGTH);
  }

  #lastKey(iterator: Pointer, n: number): string[] {
    if (n === 0) return [];
    const out = placesOf(1);
    for (let i = 0; i < n; i++) this.#next(iterator, out.address);
    return texts(this.#lib, out, 1, KEY, KEY_LENGTH);
  }

  /** @param asked - the keys that were asked for: if all are there, their texts are known. */
  #entries<V>(
    iterator: Pointer,
    read: (bytes: Uint8Array, from: number, to: number) => V,
    asked?: readonly string[],
  ): (readonly [string, V])[] {
    const n = this.#lib.omapSize(iterator);
    const out = this.#place(iterator, n);
    const keys = n === asked?.length ? asked.toSorted() : texts(this.#lib, out, n, KEY, KEY_LENGTH);
    const { bytes, starts } = gather(this.#lib, out, n, VALUE, VALUE_LENGTH);
    return keys.map((key, i) => {
      const from = starts[i]!;
      return [key, read(bytes, from, from + out.pointer(i * PLACE_BYTES + VALUE_LENGTH))] as const;
    });
  }

  /** Where the next `n` entries are in librados' memory. */
  #place(iterator: Pointer, n: number): Arena {
    const out = placesOf(n);
    for (let i = 0; i < n; i++) this.#next(iterator, out.address + i * PLACE_BYTES);
    return out;
  }

  #next(iterator: Pointer, at: Pointer): void {
    this.#lib.omapNext(iterator, at + KEY, at + VALUE, at + KEY_LENGTH, at + VALUE_LENGTH);
  }
}

const PLACE_BYTES = 32;
const KEY = 0;
const VALUE = 8;
const KEY_LENGTH = 16;
const VALUE_LENGTH = 24;

function placesOf(entries: number): Arena {
  if (places === undefined || places.size < entries * PLACE_BYTES) {
    places?.free();
    places = new Arena(Math.max(OMAP_PAGE, 2 ** Math.ceil(Math.log2(entries))) * PLACE_BYTES);
  }
  return places;
}

function copiesOf(size: number): Arena {
  if (copies === undefined || copies.size < size) {
    copies?.free();
    copies = new Arena(Math.max(131_072, 2 ** Math.ceil(Math.log2(size))));
  }
  return copies;
}

/** Bytes this near to each other are copied together with what is between them; less than the 4096 bytes of a page. */
const COPIED_TOGETHER = 512;

/** What was copied, and where in it each of the pieces begins; valid until the next call. */
interface Gathered {
  readonly bytes: Uint8Array;
  readonly starts: readonly number[];
}

/**
 * Copies `n` pieces of librados' memory to where JavaScript sees them. Most of them lie one after the other: they are copied
 * in runs, for one call of memcpy each would be most of the work. What lies between two of them may be anything, but it is
 * readable memory: the gap is shorter than a page, so every page that it touches has a piece.
 */
function gather(lib: Librados, out: Arena, n: number, pointer: number, length: number): Gathered {
  const runs: [from: Pointer, to: Pointer, at: number][] = [];
  const starts = new Array<number>(n);
  let size = 0;
  let from = 0;
  let to = 0;
  for (let i = 0; i < n; i++) {
    const piece = out.pointer(i * PLACE_BYTES + pointer);
    if (i === 0 || piece < to || piece - to > COPIED_TOGETHER) {
      if (i > 0) runs.push([from, to, size]);
      size += to - from;
      from = piece;
    }
    starts[i] = size + piece - from;
    to = piece + out.pointer(i * PLACE_BYTES + length);
  }
  runs.push([from, to, size]);
  size += to - from;
  const copy = copiesOf(size);
  for (const [first, last, at] of runs) lib.memcpy(copy.address + at, first, last - first);
  return { bytes: copy.plain, starts };
}

/** Pieces of memory as text, one character a byte. */
function texts(lib: Librados, out: Arena, n: number, pointer: number, length: number): string[] {
  const { starts } = gather(lib, out, n, pointer, length);
  const bytes = copiesOf(0).bytes;
  return starts.map((from, i) => bytes.toString("latin1", from, from + out.pointer(i * PLACE_BYTES + length)));
}

function readStored(bytes: Uint8Array, from: number, to: number): Stored {
  if (bytes[from] === HEADER.blob) return parseBlobRef(String.fromCharCode(...bytes.subarray(from + 1, to)));
  return readBytes(bytes, from + 1, to);
}

// Memory of its own, as long as it needs to be: it becomes the caller's.
function readBytes(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return bytes.slice(from, to);
}

// koffi passes text as UTF-8; a key is valid UTF-8, held one character a byte.
function utf8(key: string): string {
  return Buffer.from(key, "latin1").toString();
}
