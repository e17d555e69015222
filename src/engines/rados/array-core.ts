/**
 * One array as this process sees it. Its chunks are objects that RADOS changes one at a time, which know nothing of the
 * array's end. So a write that may have made a chunk looks, after that, whether the array is still there, and if it is not,
 * removes what it has made; everything else looks at the same time. What is yet to be made is in the index before, which is
 * sealed before an array is destroyed: what the destroyer does not see there cannot be made any more, but by those who look.
 */
import type { ChunkPage, ChunkRead, ChunkUpdate, ChunkWrite } from "../../engine/contract.ts";
import type { Steps } from "../../engine/steps.ts";
import { DaosError } from "../../errors.ts";
import { drive, wait, waitAll } from "../../ffi/pending.ts";
import { removeObject } from "./blobs.ts";
import type { Call } from "./call.ts";
import { ChunkIndex } from "./chunk-index.ts";
import {
  exchange,
  lookAt,
  make,
  patch,
  readPart,
  readWhole,
  remove,
  replace,
  type Stored,
  sizeOfRead,
} from "./chunks.ts";
import { chunkName, META_KEY, metaName, STORED_CHUNK_MAX_BYTES, ZARR_KEY } from "./format.ts";
import { throughGate } from "./gate.ts";
import { destroyed, type ObjectCore } from "./object-core.ts";
import { ReadOperation, WriteOperation } from "./operations.ts";
import { ERRNO, fromRados } from "./rados-error.ts";

const NOTHING = new Uint8Array(0);
/** What a chunk is taken for, as long as none was read, bytes. */
const USUAL_BYTES = 64 * 1024;

/** See above. */
export class ArrayCore {
  readonly #object: ObjectCore;
  readonly #index: ChunkIndex;
  /** The most bytes that a chunk had which was read whole. */
  #room = USUAL_BYTES;

  constructor(object: ObjectCore) {
    this.#object = object;
    this.#index = new ChunkIndex(object);
  }

  /** The metadata document. */
  *metadata(): Steps<Uint8Array | undefined> {
    const name = metaName(this.#object.oid);
    for (;;) {
      const view = yield* this.#object.view();
      const op = new ReadOperation();
      const found = op.bytesByKeys([META_KEY, ZARR_KEY]);
      const result = yield* wait(op.start(this.#ioctx, name));
      if (result < 0 && result !== ERRNO.noEntry) throw fromRados(result, "failed to read the metadata", name);
      const values = new Map(found.entries);
      const own = values.get(META_KEY);
      if (own !== undefined && Buffer.compare(own, view.raw) === 0) return values.get(ZARR_KEY);
      yield* this.#object.assertLive();
    }
  }

  /** Replaces the metadata document if it is `was`; `false`: it is not. */
  *setMetadata(bytes: Uint8Array, was: Uint8Array | undefined): Steps<boolean> {
    const name = metaName(this.#object.oid);
    for (;;) {
      const view = yield* this.#object.view();
      const op = new WriteOperation()
        .assertExists()
        .compareOmap(META_KEY, "eq", view.raw)
        .compareOmap(ZARR_KEY, "eq", was ?? NOTHING)
        .setOmap([ZARR_KEY], [bytes]);
      const result = yield* wait(op.start(this.#ioctx, name));
      if (result >= 0) return true;
      if (result !== ERRNO.cancelled && result !== ERRNO.noEntry)
        throw fromRados(result, "failed to change the metadata", name);
      yield* this.#object.assertLive();
      const now = yield* this.metadata();
      if (Buffer.compare(now ?? NOTHING, was ?? NOTHING) !== 0) return false;
    }
  }

  /** Whole chunks. */
  *readChunks(keys: readonly string[], call: Call): Steps<(Uint8Array | undefined)[]> {
    return yield* this.#reading(
      this.#each(
        keys,
        () => this.#room,
        (key) => this.#read(key, call),
        call,
      ),
      (stored) => stored?.bytes,
    );
  }

  /** Parts of chunks, into the caller's memory. */
  *readInto(reads: readonly ChunkRead[], call: Call): Steps<boolean[]> {
    return yield* this.#reading(
      this.#each(reads, sizeOfRead, (read) => readPart(this.#ioctx, this.#name(read.key), read, call), call),
      (found) => found,
    );
  }

  /** Replaces and removes whole chunks. */
  *writeChunks(writes: readonly ChunkWrite[], call: Call): Steps<void> {
    for (const { bytes } of writes) if (bytes !== null) checkSize(bytes);
    const made = writes.filter(({ bytes }) => bytes !== null).map(({ key }) => key);
    yield* this.#index.add(made);
    const work = this.#each(
      writes,
      ({ bytes }) => bytes?.length ?? 0,
      ({ key, bytes }) =>
        bytes === null
          ? remove(this.#ioctx, this.#name(key), call)
          : replace(this.#ioctx, this.#name(key), bytes, call),
      call,
    );
    yield* this.#writing(work, made);
  }

  /** Changes chunks in part. */
  *updateChunks(updates: readonly ChunkUpdate[], call: Call): Steps<void> {
    const made: string[] = [];
    const work = this.#each(
      updates,
      () => this.#room,
      (update) => this.#update(update, made, call),
      call,
    );
    yield* this.#writing(work, made);
  }

  /** A page of the keys of chunks that are there. */
  *list(after: string | undefined, limit: number): Steps<ChunkPage> {
    const keys: string[] = [];
    const sizes: number[] = [];
    for (let behind = after; ; ) {
      const page = yield* this.#index.page(behind, limit - keys.length);
      if (page.length === 0) return { keys, sizes, next: undefined };
      const there = yield* waitAll(
        page.map((key) => drive(throughGate(0, () => lookAt(this.#ioctx, this.#name(key))))),
      );
      page.forEach((key, i) => {
        const found = there[i];
        if (found === undefined) return;
        keys.push(key);
        sizes.push(found.bytes);
      });
      behind = page.at(-1);
      if (keys.length === limit) return { keys, sizes, next: behind };
    }
  }

  get #ioctx(): number {
    return this.#object.container.ioctx;
  }

  #name(key: string): string {
    return chunkName(this.#object.oid, key);
  }

  *#read(key: string, call: Call): Steps<Stored | undefined> {
    const stored = yield* readWhole(this.#ioctx, this.#name(key), this.#room, call);
    if (stored !== undefined && stored.bytes.length > this.#room) this.#room = stored.bytes.length;
    return stored;
  }

  *#update({ key, apply, ranges = [] }: ChunkUpdate, made: string[], call: Call): Steps<void> {
    const name = this.#name(key);
    if (ranges.length > 0 && (yield* patch(this.#ioctx, name, ranges, call))) return;
    for (;;) {
      call.throwIfAborted();
      const old = yield* this.#read(key, call);
      const version = old?.version;
      const bytes = apply(old?.bytes);
      if (bytes !== null) checkSize(bytes);
      if (version !== undefined) {
        if (yield* exchange(this.#ioctx, name, version, bytes, call)) return;
      } else if (bytes === null) {
        return;
      } else {
        yield* this.#index.add([key]);
        call.throwIfAborted();
        made.push(key);
        if (yield* make(this.#ioctx, name, bytes, call)) return;
      }
    }
  }

  /** Works on each item, as many at a time as there is room for; after a failure none is begun. */
  *#each<T, U>(items: readonly T[], bytesOf: (item: T) => number, work: (item: T) => Steps<U>, call: Call): Steps<U[]> {
    let failed = false;
    function* one(item: T): Steps<U | undefined> {
      if (failed) return undefined;
      try {
        call.throwIfAborted();
        return yield* work(item);
      } catch (e) {
        failed = true;
        throw e;
      }
    }
    // What was not begun has no result; but then there is an error, which is thrown here.
    return (yield* waitAll(items.map((item) => drive(throughGate(bytesOf(item), () => one(item)))))) as U[];
  }

  /** A read. That a chunk is not there means something only if the array is, after that. */
  *#reading<T, U>(work: Steps<T[]>, answer: (found: T) => U): Steps<U[]> {
    const [found] = (yield* waitAll<unknown>([drive(work), drive(this.#object.assertLive())])) as [T[], unknown];
    const answers = found.map(answer);
    if (answers.some((one) => one === undefined || one === false)) yield* this.#object.assertLive();
    return answers;
  }

  /** A write. What it has `made` is removed again when the array is gone. */
  *#writing(work: Steps<unknown>, made: readonly string[]): Steps<void> {
    try {
      yield* waitAll<unknown>([drive(work), drive(this.#object.assertLive())]);
    } catch (e) {
      // Nobody waits for it: a cluster that is silent would be so for one more timeout.
      if (made.length > 0) this.#object.container.inBackground(this.#removeIfGone(made));
      throw e;
    }
    if (made.length > 0 && (yield* this.#removeIfGone(made))) throw destroyed();
  }

  *#removeIfGone(made: readonly string[]): Steps<boolean> {
    try {
      yield* this.#object.assertLive();
      return false;
    } catch (e) {
      if (!DaosError.is(e, "DER_NONEXIST")) throw e;
      yield* waitAll(made.map((key) => removeObject(this.#ioctx, this.#name(key))));
      return true;
    }
  }
}

function checkSize(bytes: Uint8Array): void {
  if (bytes.length > STORED_CHUNK_MAX_BYTES)
    throw new DaosError("DER_REC2BIG", "failed to write a chunk", {
      detail: `it has ${bytes.length} bytes as it is stored, the most is ${STORED_CHUNK_MAX_BYTES}; make chunks smaller`,
    });
}
