/**
 * What is done with an array object of DAOS, once for both faces: see `ffi/events.ts`. Its form is in
 * `docs/format-daos.md`: each Zarr key is a distribution key with the attribute keys `size`, a single value, and `data`, an array of
 * bytes; `zarr.json` also has `format`. One update of DAOS, and one fetch, is of one moment, whatever it touches of one
 * distribution key; so a chunk is old or new, and a few ranges of it are written without a look at the rest.
 */
import type { ByteRange, ChunkRead, ChunkUpdate } from "../../engine/contract.ts";
import { DaosError } from "../../errors.ts";
import { addressOf } from "../../ffi/arena.ts";
import { DAOS, ERRNO, OFFSET, SIZE } from "../../ffi/daos-abi.ts";
import type { Operation, Slot } from "../../ffi/events.ts";
import { check } from "./daos-error.ts";
import { type KvHandle, listKeys } from "./kv-operations.ts";
import { transaction } from "./transaction.ts";

/** The key of the metadata document. */
export const METADATA_KEY = "zarr.json";
/** The version of the form that arrays are stored in. */
const FORMAT_VERSION = 1;
/**
 * The most bytes of a chunk. It is written by one update, and its memory is taken in one piece on a server.
 */
export const CHUNK_MAX_BYTES = 512 * 1024 * 1024;

const READ = "failed to read a chunk";
const WRITE = "failed to write a chunk";

const NO_TX = 0;
const NO_FLAGS = 0;

/** The most pieces of memory or ranges that are given to DAOS one by one; more of them go by way of one piece. */
const PIECES_MAX = 64;
/** Pieces of fewer bytes in all are copied: that takes less time than handing over their addresses. */
const SMALL_BYTES = 4096;
/** The least memory that C is given an address of: see {@link addressOf}. */
const LEAST_BYTES = 1024;

/** Offsets in a slot's memory. A transaction has its handle in the bytes 8 to 15. */
const AT = {
  dkey: 32,
  size: 64,
  format: 72,
  iods: 128,
  sgls: 320,
  iovs: 384,
  sizeName: 464,
  dataName: 472,
  formatName: 480,
  recxs: 512,
  pieces: 2048,
  key: 4096,
  small: 8192,
} as const;
const KEY_ROOM = AT.small - AT.key;

/** The attribute keys of a distribution key, and where the descriptors of each are. */
const SIZE_AKEY = { name: "size", at: AT.sizeName } as const;
const DATA_AKEY = { name: "data", at: AT.dataName } as const;
const FORMAT_AKEY = { name: "format", at: AT.formatName } as const;

/** Memory for C, at a place that does not move. */
type Memory = Uint8Array<ArrayBuffer>;

/** Fetches or updates one distribution key: the attribute keys are put into the slot's memory one after the other. */
class Request {
  readonly #slot: Slot;
  #count = 0;

  constructor(slot: Slot, key: string) {
    this.#slot = slot;
    const bytes = Buffer.from(key, "utf8");
    let address = slot.scratch.address + AT.key;
    if (bytes.length <= KEY_ROOM) slot.scratch.bytes.set(bytes, AT.key);
    else {
      const copy = Buffer.allocUnsafeSlow(bytes.length);
      copy.set(bytes);
      slot.kept.push(copy);
      address = addressOf(copy);
    }
    this.#iov(AT.dkey, address, bytes.length);
  }

  /** The address of the distribution key. */
  get dkey(): number {
    return this.#slot.scratch.address + AT.dkey;
  }

  get count(): number {
    return this.#count;
  }

  get iods(): number {
    return this.#slot.scratch.address + AT.iods;
  }

  get sgls(): number {
    return this.#slot.scratch.address + AT.sgls;
  }

  /** A single value of `bytes` bytes at offset `at` of the slot's memory. */
  single(akey: typeof SIZE_AKEY | typeof FORMAT_AKEY, at: number, bytes: number): void {
    const { scratch } = this.#slot;
    const iov = AT.iovs + this.#count * SIZE.d_iov_t;
    this.#iov(iov, scratch.address + at, bytes);
    this.#describe(akey, DAOS.DAOS_IOD_SINGLE, bytes, 1, 0, iov, 1);
  }

  /** Ranges of the array of bytes, and the memory that they are read to or written from, in the same order. */
  data(ranges: readonly { readonly offset: number; readonly length: number }[], memory: readonly Memory[]): void {
    const { scratch, kept } = this.#slot;
    const { rx_idx, rx_nr } = OFFSET.daos_recx_t;
    for (const [i, { offset, length }] of ranges.entries()) {
      const at = AT.recxs + i * SIZE.daos_recx_t;
      scratch.setPointer(at + rx_idx, offset);
      scratch.setPointer(at + rx_nr, length);
    }
    for (const [i, piece] of memory.entries()) {
      kept.push(piece);
      this.#iov(AT.pieces + i * SIZE.d_iov_t, addressOf(piece), piece.length);
    }
    const recxs = scratch.address + AT.recxs;
    this.#describe(DATA_AKEY, DAOS.DAOS_IOD_ARRAY, 1, ranges.length, recxs, AT.pieces, memory.length);
  }

  /** What DAOS says to be the size of the records of an attribute key that was fetched; 0: there are none. */
  recordSize(i: number): number {
    return this.#slot.scratch.pointer(AT.iods + i * SIZE.daos_iod_t + OFFSET.daos_iod_t.iod_size);
  }

  #describe(
    akey: { readonly name: string; readonly at: number },
    type: number,
    size: number,
    records: number,
    recxs: number,
    iovs: number,
    pieces: number,
  ): void {
    const { scratch } = this.#slot;
    const { iod_name, iod_type, iod_size, iod_flags, iod_nr, iod_recxs } = OFFSET.daos_iod_t;
    scratch.bytes.write(akey.name, akey.at, "latin1");
    const iod = AT.iods + this.#count * SIZE.daos_iod_t;
    this.#iov(iod + iod_name, scratch.address + akey.at, akey.name.length);
    scratch.setUint32(iod + iod_type, type);
    scratch.setPointer(iod + iod_size, size);
    scratch.setPointer(iod + iod_flags, 0);
    scratch.setUint32(iod + iod_nr, records);
    scratch.setPointer(iod + iod_recxs, recxs);
    const sgl = AT.sgls + this.#count * SIZE.d_sg_list_t;
    scratch.setUint32(sgl + OFFSET.d_sg_list_t.sg_nr, pieces);
    scratch.setUint32(sgl + OFFSET.d_sg_list_t.sg_nr_out, 0);
    scratch.setPointer(sgl + OFFSET.d_sg_list_t.sg_iovs, scratch.address + iovs);
    this.#count++;
  }

  #iov(at: number, address: number, length: number): void {
    const { scratch } = this.#slot;
    const { iov_buf, iov_buf_len, iov_len } = OFFSET.d_iov_t;
    scratch.setPointer(at + iov_buf, address);
    scratch.setPointer(at + iov_buf_len, length);
    scratch.setPointer(at + iov_len, length);
  }
}

function* fetch({ lib, oh }: KvHandle, th: number, request: Request): Operation<void> {
  const { dkey, count, iods, sgls } = request;
  check(yield (event) => lib.objFetch(oh, th, NO_FLAGS, dkey, count, iods, sgls, 0, event), READ);
}

/** Gives the return code, for conditions that do not hold are told by it. */
function* update({ lib, oh }: KvHandle, th: number, flags: number, request: Request): Operation<number> {
  const { dkey, count, iods, sgls } = request;
  return yield (event) => lib.objUpdate(oh, th, flags, dkey, count, iods, sgls, event);
}

/** How many bytes the chunk has; `undefined`: there is no such chunk. */
export function* sizeOfChunk(handle: KvHandle, slot: Slot, key: string, th = NO_TX): Operation<number | undefined> {
  const request = new Request(slot, key);
  request.single(SIZE_AKEY, AT.size, 8);
  yield* fetch(handle, th, request);
  return request.recordSize(0) === 0 ? undefined : slot.scratch.pointer(AT.size);
}

/**
 * A whole chunk, in memory of its own.
 *
 * @param guess - how many bytes it may have: when it has more, it takes another look.
 */
export function* readChunk(
  handle: KvHandle,
  slot: Slot,
  key: string,
  guess: number,
  th = NO_TX,
): Operation<Uint8Array | undefined> {
  let room = guess;
  if (room === 0) {
    const size = yield* sizeOfChunk(handle, slot, key, th);
    if (size === undefined) return undefined;
    room = Math.min(size, CHUNK_MAX_BYTES);
  }
  for (;;) {
    const memory = Buffer.allocUnsafeSlow(Math.max(room, LEAST_BYTES));
    const request = new Request(slot, key);
    request.single(SIZE_AKEY, AT.size, 8);
    request.data([{ offset: 0, length: memory.length }], [memory]);
    if (key === METADATA_KEY) request.single(FORMAT_AKEY, AT.format, 4);
    yield* fetch(handle, th, request);
    if (request.recordSize(0) === 0) return undefined;
    if (key === METADATA_KEY) checkFormat(request.recordSize(2) === 0 ? undefined : slot.scratch.uint32(AT.format));
    const size = slot.scratch.pointer(AT.size);
    if (size > CHUNK_MAX_BYTES)
      throw new DaosError("DER_IO", READ, { detail: `${key} claims to have ${size} bytes: it is damaged` });
    if (size > memory.length) {
      room = size;
      continue;
    }
    if (size > 0) checkData(request, key);
    return memory.subarray(0, size);
  }
}

/** Reads a part of a chunk into the caller's memory; `false`: there is no such chunk. */
export function* readInto(handle: KvHandle, slot: Slot, { key, offset, into }: ChunkRead): Operation<boolean> {
  const pieces = into.filter(({ length }) => length > 0);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const direct = length > SMALL_BYTES && pieces.length <= PIECES_MAX ? pieces.map(inPlace) : undefined;
  const memory = direct?.every((piece) => piece !== undefined)
    ? (direct as Memory[])
    : [Buffer.allocUnsafeSlow(Math.max(length, LEAST_BYTES)).subarray(0, length)];
  const request = new Request(slot, key);
  request.single(SIZE_AKEY, AT.size, 8);
  if (length > 0) request.data([{ offset, length }], memory);
  yield* fetch(handle, NO_TX, request);
  if (request.recordSize(0) === 0) return false;
  const size = slot.scratch.pointer(AT.size);
  if (size < offset + length)
    throw new DaosError("DER_IO", READ, { detail: `${key} was cut short: it ends at byte ${size}` });
  if (length > 0) checkData(request, key);
  if (memory !== direct) {
    let at = 0;
    for (const piece of pieces) {
      piece.set(memory[0]!.subarray(at, at + piece.length));
      at += piece.length;
    }
  }
  return true;
}

/** DER_IO when the bytes are not there, although their number is. */
function checkData(request: Request, key: string): void {
  if (request.recordSize(1) !== 1)
    throw new DaosError("DER_IO", READ, { detail: `${key} has a size and no bytes: it is damaged` });
}

/** Replaces or removes a chunk. */
export function* writeChunk(handle: KvHandle, slot: Slot, key: string, bytes: Uint8Array | null): Operation<void> {
  if (bytes === null) yield* removeChunk(handle, slot, key, NO_TX);
  else check(yield* put(handle, slot, key, bytes, NO_TX, NO_FLAGS), WRITE);
}

function* put(
  handle: KvHandle,
  slot: Slot,
  key: string,
  bytes: Uint8Array,
  th: number,
  flags: number,
): Operation<number> {
  if (bytes.length > CHUNK_MAX_BYTES)
    throw new DaosError("DER_REC2BIG", WRITE, {
      detail: `${key} has ${bytes.length} bytes, on DAOS a chunk has at most ${CHUNK_MAX_BYTES}; make the chunks smaller`,
    });
  const request = new Request(slot, key);
  slot.scratch.setPointer(AT.size, bytes.length);
  request.single(SIZE_AKEY, AT.size, 8);
  if (bytes.length > 0) request.data([{ offset: 0, length: bytes.length }], [inPlace(bytes) ?? copied(bytes)]);
  if (key === METADATA_KEY) {
    slot.scratch.setUint32(AT.format, FORMAT_VERSION);
    request.single(FORMAT_AKEY, AT.format, 4);
  }
  return yield* update(handle, th, flags, request);
}

function* removeChunk({ lib, oh }: KvHandle, slot: Slot, key: string, th: number): Operation<void> {
  const { dkey } = new Request(slot, key);
  const rc: number = yield (event) => lib.objPunchKeys(oh, th, NO_FLAGS, 1, dkey, event);
  // There was no such chunk.
  if (rc !== -ERRNO.NONEXIST) check(rc, WRITE);
}

/**
 * Changes a chunk in part: ranges of a chunk that is there by one update, anything else by a transaction.
 *
 * @param guess - as for {@link readChunk}.
 */
export function* updateChunk(
  handle: KvHandle,
  slot: Slot,
  { key, apply, ranges }: ChunkUpdate,
  guess: number,
): Operation<void> {
  if (ranges !== undefined && ranges.length > 0 && (yield* patch(handle, slot, key, ranges))) return;
  yield* transaction(handle.lib, slot, handle.coh, function* (th) {
    const old = yield* readChunk(handle, slot, key, guess, th);
    const bytes = apply(old);
    if (bytes !== null) check(yield* put(handle, slot, key, bytes, th, NO_FLAGS), WRITE);
    else if (old !== undefined) yield* removeChunk(handle, slot, key, th);
    return { commit: bytes !== null || old !== undefined, result: undefined };
  });
}

/** Writes ranges of a chunk; `false`: there is no such chunk, or it is too short, and nothing was changed. */
function* patch(handle: KvHandle, slot: Slot, key: string, ranges: readonly ByteRange[]): Operation<boolean> {
  const parts = ranges.filter(({ bytes }) => bytes.length > 0);
  const end = parts.reduce((last, { offset, bytes }) => Math.max(last, offset + bytes.length), 0);
  if (parts.length === 0 || parts.length > PIECES_MAX) return false;
  // Nobody makes chunks of another size of the same array, so the size still holds afterwards; that the chunk is still
  // there, DAOS looks after.
  const size = yield* sizeOfChunk(handle, slot, key);
  if (size === undefined || size < end) return false;
  const request = new Request(slot, key);
  request.data(
    parts.map(({ offset, bytes }) => ({ offset, length: bytes.length })),
    parts.map(({ bytes }) => inPlace(bytes) ?? copied(bytes)),
  );
  const rc = yield* update(handle, NO_TX, DAOS.DAOS_COND_DKEY_UPDATE, request);
  if (rc === -ERRNO.NONEXIST) return false;
  check(rc, WRITE);
  return true;
}

/** Room for most documents. */
const DOCUMENT_BYTES = 4096;

/** The metadata document. DER_MISMATCH for an array of a newer form. */
export function readMetadata(handle: KvHandle, slot: Slot, th = NO_TX): Operation<Uint8Array | undefined> {
  return readChunk(handle, slot, METADATA_KEY, DOCUMENT_BYTES, th);
}

function checkFormat(version: number | undefined): void {
  const context = "failed to open the array";
  if (version === undefined)
    throw new DaosError("DER_IO", context, { detail: "its metadata document has no version: it is damaged" });
  if (version > FORMAT_VERSION)
    throw new DaosError("DER_MISMATCH", context, {
      detail: `its form is version ${version}, this tsdaos knows ${FORMAT_VERSION}; install a newer tsdaos`,
    });
}

/** Replaces the document if it is exactly `was`. */
export function* writeMetadata(
  handle: KvHandle,
  slot: Slot,
  bytes: Uint8Array,
  was: Uint8Array | undefined,
): Operation<boolean> {
  if (was === undefined) {
    const rc = yield* put(handle, slot, METADATA_KEY, bytes, NO_TX, DAOS.DAOS_COND_DKEY_INSERT);
    if (rc === -ERRNO.EXIST) return false;
    check(rc, WRITE);
    return true;
  }
  return yield* transaction(handle.lib, slot, handle.coh, function* (th) {
    const now = yield* readMetadata(handle, slot, th);
    if (now === undefined || Buffer.compare(now, was) !== 0) return { commit: false, result: false };
    check(yield* put(handle, slot, METADATA_KEY, bytes, th, NO_FLAGS), WRITE);
    return { commit: true, result: true };
  });
}

/** A page of the keys of chunks; `next` is DAOS's anchor. */
export function* listChunks(
  handle: KvHandle,
  slot: Slot,
  after: Uint8Array | undefined,
  limit: number,
): Operation<{ readonly keys: readonly string[]; readonly next: Uint8Array | undefined }> {
  const { keys, next } = yield* listKeys(handle, slot, after, limit, "objListKeys");
  return { keys: keys.map((key) => Buffer.from(key).toString("utf8")).filter((key) => key !== METADATA_KEY), next };
}

/** Whether the object has nothing in it. */
export function* isEmpty(handle: KvHandle, slot: Slot): Operation<boolean> {
  let after: Uint8Array | undefined;
  do {
    const page = yield* listKeys(handle, slot, after, 1, "objListKeys");
    if (page.keys.length > 0) return false;
    after = page.next;
  } while (after !== undefined);
  return true;
}

/** The same memory, where C can use it; `undefined` for memory that is shared with other threads. */
function inPlace(bytes: Uint8Array): Memory | undefined {
  // To ask for `buffer` takes the bytes of a small array out of V8's heap, where they could be moved.
  const { buffer, byteOffset, length } = bytes;
  return buffer instanceof ArrayBuffer ? Buffer.from(buffer, byteOffset, length) : undefined;
}

function copied(bytes: Uint8Array): Memory {
  const copy = Buffer.allocUnsafeSlow(Math.max(bytes.length, LEAST_BYTES)).subarray(0, bytes.length);
  copy.set(bytes);
  return copy;
}
