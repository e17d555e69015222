/** Values too large to lie beside their key: objects of their own, in parts, written before the key that refers to them. */
import { randomBytes } from "node:crypto";
import type { Steps } from "../../engine/steps.ts";
import { DaosError } from "../../errors.ts";
import { Arena } from "../../ffi/arena.ts";
import { completions } from "../../ffi/completions.ts";
import { librados, type Pointer } from "../../ffi/librados.ts";
import { drive, Pending, wait, waitAll } from "../../ffi/pending.ts";
import type { ContainerCore } from "./container-core.ts";
import { type BlobRef, PART_BYTES, partName, partsOf } from "./format.ts";
import { ERRNO, fromRados } from "./rados-error.ts";

/** Parts of one value that are under way at a time, and of all values of this thread: their memory is bounded. */
const PARTS_OF_A_VALUE = 4;
const PARTS_IN_FLIGHT = 16;

// Memory that parts are read into: lent to one read after the other, made when first needed.
let made = 0;
const free: Arena[] = [];
const waiting: Pending<Arena>[] = [];

function takeBlock(): Pending<Arena> {
  const pending = new Pending<Arena>();
  const block = free.pop();
  if (block !== undefined) pending.resolve(block);
  else if (made < PARTS_IN_FLIGHT) {
    made++;
    pending.resolve(new Arena(PART_BYTES));
  } else waiting.push(pending);
  return pending;
}

function giveBlock(block: Arena): void {
  const next = waiting.shift();
  if (next !== undefined) next.resolve(block);
  else free.push(block);
}

/** Runs `work` for each part, some at a time; then throws the first error. */
function* eachPart(parts: number, work: (part: number) => Steps<void>): Steps<void> {
  let next = 0;
  function* lane(): Steps<void> {
    while (next < parts) yield* work(next++);
  }
  const lanes = Array.from({ length: Math.min(parts, PARTS_OF_A_VALUE) }, () => drive(lane()));
  yield* waitAll(lanes);
}

/**
 * Writes a value under a name that nobody had before. What was written is removed again when something fails, behind
 * the caller's back: a cluster that is silent would let him wait for a second timeout.
 */
export function* writeBlob(container: ContainerCore, oid: string, value: Uint8Array): Steps<BlobRef> {
  const { ioctx } = container;
  const blob: BlobRef = { id: randomBytes(12).toString("hex"), bytes: value.length };
  try {
    yield* eachPart(partsOf(blob), function* (part): Steps<void> {
      const bytes = value.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
      const name = partName(oid, blob.id, part);
      const block = yield* wait(takeBlock());
      try {
        block.bytes.set(bytes);
        const result = yield* wait(
          start(ioctx, (completion) => librados().aioWriteFull(ioctx, name, completion, block.address, bytes.length)),
        );
        if (result < 0) throw fromRados(result, "failed to write a large value", name);
      } finally {
        giveBlock(block);
      }
    });
  } catch (e) {
    container.inBackground(removeBlob(ioctx, oid, blob));
    throw e;
  }
  return blob;
}

/** Reads a value; `undefined` when it is gone: its key has another value by now, or none. */
export function* readBlob(ioctx: Pointer, oid: string, blob: BlobRef): Steps<Uint8Array | undefined> {
  const value = new Uint8Array(blob.bytes);
  let gone = false;
  yield* eachPart(partsOf(blob), function* (part): Steps<void> {
    if (gone) return;
    const from = part * PART_BYTES;
    const length = Math.min(PART_BYTES, blob.bytes - from);
    const name = partName(oid, blob.id, part);
    const block = yield* wait(takeBlock());
    try {
      const result = yield* wait(
        start(ioctx, (completion) => librados().aioRead(ioctx, name, completion, block.address, length, 0)),
      );
      if (result === ERRNO.noEntry) gone = true;
      else if (result < 0) throw fromRados(result, "failed to read a large value", name);
      else if (result < length)
        throw fromRados(-5, "failed to read a large value", name, `${name} has ${result} of ${length} bytes`);
      else value.set(block.bytes.subarray(0, length), from);
    } finally {
      giveBlock(block);
    }
  });
  return gone ? undefined : value;
}

/** A key refers to a value that is not there. */
export function damagedValue(): DaosError {
  return new DaosError("DER_IO", "a large value is damaged", { detail: "a part of it is missing" });
}

/**
 * Removes a value. Failures are swallowed: what is left is found by `checkContainer`. A cluster that does not answer is
 * not asked again for every part.
 */
export function* removeBlob(ioctx: Pointer, oid: string, blob: BlobRef): Steps<void> {
  let silent = false;
  yield* eachPart(partsOf(blob), function* (part): Steps<void> {
    if (silent) return;
    silent = (yield* wait(removeObject(ioctx, partName(oid, blob.id, part)))) === ERRNO.timedOut;
  });
}

/** Removes an object; ends with 0 or a negative errno. */
export function removeObject(ioctx: Pointer, name: string): Pending<number> {
  return start(ioctx, (completion) => librados().aioRemove(ioctx, name, completion));
}

function start(ioctx: Pointer, begin: (completion: Pointer) => number): Pending<number> {
  const pending = new Pending<number>();
  completions().start(ioctx, begin, (result) => pending.resolve(result));
  return pending;
}
