/** Chunks of arrays: each is the data of one RADOS object, which is read and written in one operation. */
import type { ByteRange, ChunkRead } from "../../engine/contract.ts";
import type { Steps } from "../../engine/steps.ts";
import { Arena } from "../../ffi/arena.ts";
import { completions } from "../../ffi/completions.ts";
import { librados, type Pointer } from "../../ffi/librados.ts";
import { Pending, wait } from "../../ffi/pending.ts";
import type { Call } from "./call.ts";
import { WriteOperation } from "./operations.ts";
import { ERRNO, fromRados } from "./rados-error.ts";

const READ = "failed to read a chunk";
const WRITE = "failed to write a chunk";

/** What a chunk is taken for that is smaller, bytes. */
const LEAST_BYTES = 4096;
/** Blocks that are kept for later reads have this many bytes in all. */
const SPARE_BYTES = 64 * 1024 * 1024;

// Memory that chunks are read into: not the caller's, which he may transfer, and which goes with his thread.
const spares: Arena[] = [];
let spareBytes = 0;

function takeBlock(bytes: number): Arena {
  const at = spares.findIndex(({ size }) => size >= bytes && size <= 4 * Math.max(bytes, LEAST_BYTES));
  if (at === -1) return new Arena(Math.ceil(Math.max(bytes, LEAST_BYTES) / 8) * 8);
  const [block] = spares.splice(at, 1);
  spareBytes -= block!.size;
  return block!;
}

function giveBlock(block: Arena): void {
  spares.push(block);
  spareBytes += block.size;
  while (spareBytes > SPARE_BYTES) {
    const oldest = spares.shift()!;
    spareBytes -= oldest.size;
    oldest.free();
  }
}

/** A chunk as it is stored, and which of its versions it is. */
export interface Stored {
  readonly bytes: Uint8Array;
  readonly version: number;
}

/** Bytes that a read moves. */
export function sizeOfRead({ into }: ChunkRead): number {
  let bytes = 0;
  for (const { length } of into) bytes += length;
  return bytes;
}

/** Reads a part of a chunk into memory of the caller; `false`: no such chunk. */
export function* readPart(ioctx: Pointer, name: string, read: ChunkRead, call: Call): Steps<boolean> {
  const size = sizeOfRead(read);
  const block = takeBlock(size);
  try {
    const result = yield* wait(startRead(ioctx, name, block, size, read.offset, call));
    call.throwIfAborted();
    if (result === ERRNO.noEntry) return false;
    if (result < 0) throw fromRados(result, READ, name);
    if (result < size)
      throw fromRados(ERRNO.io, READ, name, `${name} ends ${size - result} bytes too early: it was cut short`);
    let at = 0;
    for (const target of read.into) {
      target.set(block.bytes.subarray(at, at + target.length));
      at += target.length;
    }
    return true;
  } finally {
    giveBlock(block);
  }
}

/**
 * Reads all of a chunk, of one moment, into memory of its own; `undefined`: no such chunk.
 *
 * @param room - how many bytes it probably has at most.
 */
export function* readWhole(ioctx: Pointer, name: string, room: number, call: Call): Steps<Stored | undefined> {
  for (let size = Math.max(room, LEAST_BYTES); ; ) {
    call.throwIfAborted();
    const block = takeBlock(size);
    try {
      const { result, bytes, version } = yield* wait(startReadHead(ioctx, name, block, size, call));
      call.throwIfAborted();
      if (result === ERRNO.noEntry) return undefined;
      if (result < 0) throw fromRados(result, READ, name);
      if (bytes <= size) {
        const content = Buffer.allocUnsafeSlow(bytes);
        content.set(block.bytes.subarray(0, bytes));
        return { bytes: content, version };
      }
      size = bytes;
    } finally {
      giveBlock(block);
    }
  }
}

/** What a chunk is like: its size and its version; `undefined`: no such chunk. */
export function* lookAt(ioctx: Pointer, name: string): Steps<{ bytes: number; version: number } | undefined> {
  const head = yield* wait(startReadHead(ioctx, name, undefined, 0, undefined));
  if (head.result === ERRNO.noEntry) return undefined;
  if (head.result < 0) throw fromRados(head.result, READ, name);
  return head;
}

/** Replaces a chunk, or makes it. */
export function* replace(ioctx: Pointer, name: string, bytes: Uint8Array, call: Call): Steps<void> {
  yield* send(ioctx, name, new WriteOperation().writeFull(bytes), call, []);
}

/** Removes a chunk, if it is there. */
export function* remove(ioctx: Pointer, name: string, call: Call): Steps<void> {
  yield* send(ioctx, name, new WriteOperation().remove(), call, [ERRNO.noEntry]);
}

/** Makes a chunk; `false`: it is there. */
export function* make(ioctx: Pointer, name: string, bytes: Uint8Array, call: Call): Steps<boolean> {
  return (yield* send(ioctx, name, new WriteOperation().create(true).writeFull(bytes), call, [ERRNO.exists])) === 0;
}

/** Writes parts of a chunk, in one step; `false`: no such chunk. */
export function* patch(ioctx: Pointer, name: string, ranges: readonly ByteRange[], call: Call): Steps<boolean> {
  const op = new WriteOperation().assertExists();
  for (const { offset, bytes } of ranges) op.write(bytes, offset);
  return (yield* send(ioctx, name, op, call, [ERRNO.noEntry])) === 0;
}

/** Replaces a chunk, or removes it (`null`), if it still has that version. */
export function* exchange(
  ioctx: Pointer,
  name: string,
  version: number,
  bytes: Uint8Array | null,
  call: Call | undefined,
): Steps<boolean> {
  const op = new WriteOperation().assertVersion(version);
  if (bytes === null) op.remove();
  else op.writeFull(bytes);
  return (yield* send(ioctx, name, op, call, [ERRNO.noEntry, ERRNO.range, ERRNO.overflow])) === 0;
}

/** Sends a write. Ends with 0, or with one of the errors that are `expected`. */
function* send(
  ioctx: Pointer,
  name: string,
  op: WriteOperation,
  call: Call | undefined,
  expected: readonly number[],
): Steps<number> {
  const result = yield* wait(op.start(ioctx, name, call));
  call?.throwIfAborted();
  if (result >= 0) return 0;
  if (!expected.includes(result)) throw fromRados(result, WRITE, name);
  return result;
}

function startRead(
  ioctx: Pointer,
  name: string,
  block: Arena,
  bytes: number,
  offset: number,
  call: Call,
): Pending<number> {
  const pending = new Pending<number>();
  const operation = completions().start(
    ioctx,
    (completion) => librados().aioRead(ioctx, name, completion, block.address, bytes, offset),
    (result) => {
      call.ended(operation);
      pending.resolve(result);
    },
  );
  call.begun(operation);
  return pending;
}

interface Head {
  /** 0, or a negative errno. */
  readonly result: number;
  /** How many bytes the chunk has. */
  readonly bytes: number;
  readonly version: number;
}

// Where C writes the size, the time, two results and the length of a read.
const HEAD_BYTES = 40;
const heads: Arena[] = [];

/** Reads at most `room` bytes of a chunk, and looks how many it has, both at the same moment. */
function startReadHead(
  ioctx: Pointer,
  name: string,
  block: Arena | undefined,
  room: number,
  call: Call | undefined,
): Pending<Head> {
  const pending = new Pending<Head>();
  const lib = librados();
  const out = heads.pop() ?? new Arena(HEAD_BYTES);
  const op = lib.createReadOp();
  const { address } = out;
  lib.readOpStat(op, address, address + 8, address + 16);
  if (block !== undefined) lib.readOpRead(op, 0, room, block.address, address + 24, address + 32);
  const operation = completions().start(
    ioctx,
    (completion) => lib.aioReadOperate(op, ioctx, completion, name, 0),
    (result, completion) => {
      const version = result < 0 ? 0 : Number(lib.objectVersion(completion));
      lib.releaseReadOp(op);
      const bytes = result < 0 ? 0 : out.pointer(0);
      heads.push(out);
      call?.ended(operation);
      pending.resolve({ result, bytes, version });
    },
  );
  call?.begun(operation);
  return pending;
}
