/**
 * What travels to the writer thread and back. Operations on records are packed into one transferable buffer, in the
 * order of the calls: ten thousand small objects would block the event loop while they are cloned. The rare operations
 * on names go as plain messages.
 */
import type { Cond, ListQuery, ObjectRef, ObjectSpec, Op } from "../../engine/contract.ts";
import type { ErrorRecord } from "./thread-error.ts";

/** What a packed operation does. */
export const Code = {
  put: 0,
  putAbsent: 1,
  putPresent: 2,
  putWas: 3,
  remove: 4,
  take: 5,
  get: 6,
  has: 7,
} as const;
/** One of the values of {@link Code}. */
export type Code = (typeof Code)[keyof typeof Code];

/** Operations in a buffer. */
export interface PackMessage {
  readonly type: "pack";
  readonly count: number;
  /** `count` operations, one after the other: see {@link Packer}. */
  readonly bytes: Uint8Array;
}

/** A batch on one object: one operation, many records. */
export interface BatchMessage {
  readonly type: "batch";
  readonly count: 1;
  readonly object: number;
  /** Records, one after the other: see {@link packBatch}. */
  readonly bytes: Uint8Array;
}

/** An operation that is rare enough to be cloned as it is. */
export type Call =
  | { readonly verb: "create"; readonly name: string | null; readonly spec: ObjectSpec }
  | { readonly verb: "link"; readonly name: string; readonly object: ObjectRef }
  | { readonly verb: "discard"; readonly object: ObjectRef }
  | { readonly verb: "destroy"; readonly name: string }
  | { readonly verb: "lookup"; readonly name: string }
  | { readonly verb: "names"; readonly after: string; readonly limit: number }
  | { readonly verb: "clear"; readonly object: number }
  | { readonly verb: "count"; readonly object: number }
  | { readonly verb: "list" | "listText"; readonly object: number; readonly query: ListQuery }
  | { readonly verb: "getMany"; readonly object: number; readonly keys: readonly Uint8Array[] };

/** One call. */
export interface CallMessage {
  readonly type: "call";
  readonly count: 1;
  readonly call: Call;
}

/** Work for the thread. */
export type Work = PackMessage | BatchMessage | CallMessage;

/** To the thread: work, with the time at which it was sent (see {@link clock}), or the request to close the file and end. */
export type Request = (Work & { readonly sent: number }) | { readonly type: "close" };

/** Milliseconds on a clock that all threads of a process share and that nobody sets. */
export function clock(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * From the thread: the answers to the next operations, in the order of their calls; sent after their commit. The usual
 * one, that so many operations answer `true`, is that number: it is on the way of every single put.
 */
export type Reply = number | Answers;

/** Answers of which some are not `true`. */
export interface Answers {
  readonly results: readonly unknown[];
  /** Failures by their index among the `results`. */
  readonly errors: readonly (readonly [index: number, error: ErrorRecord])[];
}

/** A packed operation, taken out. The arrays are views into the message. */
export interface PackedOp {
  readonly code: Code;
  readonly object: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly was: Uint8Array;
}

// code: 1 byte, one unused, object: 6 bytes, then the lengths of key, value and `was`: 4 bytes each; then their bytes.
const HEADER_BYTES = 20;
const FIRST_PACK_BYTES = 2048;
const EMPTY = new Uint8Array(0);
const NO_BYTES: Buffer<ArrayBuffer> = Buffer.alloc(0);

/** Packs operations into a growing buffer. */
export class Packer {
  #bytes: Buffer<ArrayBuffer> = NO_BYTES;
  #length = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get length(): number {
    return this.#length;
  }

  /** Packs one; what cannot be packed throws and leaves the others as they are. */
  add(code: Code, object: number, key: Uint8Array, value: Uint8Array = EMPTY, was: Uint8Array = EMPTY): void {
    const end = this.#length + HEADER_BYTES + key.length + value.length + was.length;
    this.#reserve(end);
    let at = this.#length;
    const bytes = this.#bytes;
    bytes[at] = code;
    bytes.writeUIntLE(object, at + 2, 6);
    bytes.writeUInt32LE(key.length, at + 8);
    bytes.writeUInt32LE(value.length, at + 12);
    bytes.writeUInt32LE(was.length, at + 16);
    at += HEADER_BYTES;
    bytes.set(key, at);
    bytes.set(value, at + key.length);
    bytes.set(was, at + key.length + value.length);
    this.#length = end;
    this.#count++;
  }

  /** The message with everything packed so far; the packer starts anew. */
  take(): PackMessage & { readonly bytes: Uint8Array<ArrayBuffer> } {
    const message = { type: "pack" as const, count: this.#count, bytes: this.#bytes.subarray(0, this.#length) };
    this.#bytes = NO_BYTES;
    this.#length = 0;
    this.#count = 0;
    return message;
  }

  #reserve(needed: number): void {
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, FIRST_PACK_BYTES, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** The operations of a pack, in order. */
export function* unpack(message: PackMessage): Generator<PackedOp> {
  const bytes = Buffer.from(message.bytes.buffer, message.bytes.byteOffset, message.bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const code = bytes[at] as Code;
    const object = bytes.readUIntLE(at + 2, 6);
    const key = at + HEADER_BYTES;
    const value = key + bytes.readUInt32LE(at + 8);
    const was = value + bytes.readUInt32LE(at + 12);
    const end = was + bytes.readUInt32LE(at + 16);
    yield {
      code,
      object,
      key: bytes.subarray(key, value),
      value: bytes.subarray(value, was),
      was: bytes.subarray(was, end),
    };
    at = end;
  }
}

/** The code of a `put` under `cond`. */
export function putCode(cond: Cond | undefined): Code {
  if (cond === undefined) return Code.put;
  if (typeof cond === "object") return Code.putWas;
  return cond === "absent" ? Code.putAbsent : Code.putPresent;
}

/** The condition of a packed `put`. */
export function condOf(op: PackedOp): Cond | undefined {
  switch (op.code) {
    case Code.putAbsent:
      return "absent";
    case Code.putPresent:
      return "present";
    case Code.putWas:
      return { was: op.was };
    default:
      return undefined;
  }
}

/** Packs the records of a batch: lengths of key and value, 4 bytes each, then their bytes. No value: removed. */
export function packBatch(ops: readonly Op[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const [key, value] of ops) length += 8 + key.length + (value?.length ?? 0);
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const [key, value] of ops) {
    bytes.writeUInt32LE(key.length, at);
    bytes.writeUInt32LE(value?.length ?? 0, at + 4);
    bytes.set(key, at + 8);
    at += 8 + key.length;
    if (value === null) continue;
    bytes.set(value, at);
    at += value.length;
  }
  return bytes;
}

/** The records of a packed batch. */
export function* unpackBatch(message: BatchMessage): Generator<Op> {
  const bytes = Buffer.from(message.bytes.buffer, message.bytes.byteOffset, message.bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const key = at + 8;
    const value = key + bytes.readUInt32LE(at);
    const end = value + bytes.readUInt32LE(at + 4);
    yield [bytes.subarray(key, value), bytes.subarray(value, end)];
    at = end;
  }
}
