/** The array object of the daos engine, in both twins. */
import type { ArrayStore, At, ChunkPage, ChunkRead, ChunkUpdate, ChunkWrite } from "../../engine/contract.ts";
import { DaosError } from "../../errors.ts";
import { DAOS, SIZE } from "../../ffi/daos-abi.ts";
import * as operations from "./array-operations.ts";
import type { Begin, ContainerCore, DaosObject } from "./container-core.ts";
import type { KvHandle } from "./kv-operations.ts";
import { oidText, typeOf } from "./oid.ts";

/** Keys that one call lists: the anchor of DAOS says where the next one goes on. */
const LIST_MAX = 4096;

/** What both twins are made of. */
abstract class DaosArray {
  readonly path: undefined;
  protected readonly core: ContainerCore;
  protected readonly object: DaosObject;
  // Chunks of one array have one size, or nearly: whoever guesses it right reads a chunk with one call.
  #guess = 0;

  constructor(core: ContainerCore, object: DaosObject) {
    if (typeOf(object.oid) !== DAOS.DAOS_OT_MULTI_HASHED)
      throw new DaosError("DER_MISMATCH", "failed to open the array", {
        detail: `object ${oidText(object.oid)} is an array of PyDAOS, which never had any elements; destroy it`,
      });
    this.core = core;
    this.object = object;
  }

  protected readable(o?: At): KvHandle {
    o?.signal?.throwIfAborted();
    this.core.checkOpen();
    return this.core.array(this.object);
  }

  protected writable(o?: At): KvHandle {
    o?.signal?.throwIfAborted();
    this.core.checkWritable();
    return this.core.array(this.object);
  }

  protected reading(handle: KvHandle, key: string): Begin<Uint8Array | undefined> {
    const learning = this.#learn.bind(this);
    return (slot) => learning(operations.readChunk(handle, slot, key, this.#guess));
  }

  protected updating(handle: KvHandle, update: ChunkUpdate): Begin<void> {
    return (slot) => operations.updateChunk(handle, slot, update, this.#guess);
  }

  *#learn(reading: ReturnType<typeof operations.readChunk>): ReturnType<typeof operations.readChunk> {
    const chunk = yield* reading;
    if (chunk !== undefined) this.#guess = Math.max(this.#guess, chunk.length);
    return chunk;
  }
}

/** Blocking. */
export class SyncDaosArray extends DaosArray implements ArrayStore<"sync"> {
  getMetadata(): Uint8Array | undefined {
    const handle = this.readable();
    return this.core.block(this.object, (slot) => operations.readMetadata(handle, slot));
  }

  setMetadata(bytes: Uint8Array, was: Uint8Array | undefined): boolean {
    const handle = this.writable();
    return this.core.block(this.object, (slot) => operations.writeMetadata(handle, slot, bytes, was));
  }

  readChunks(keys: readonly string[]): (Uint8Array | undefined)[] {
    const handle = this.readable();
    return this.core.blockMany(
      this.object,
      keys.map((key) => this.reading(handle, key)),
    );
  }

  readInto(reads: readonly ChunkRead[]): boolean[] {
    const handle = this.readable();
    return this.core.blockMany(
      this.object,
      reads.map((read) => (slot) => operations.readInto(handle, slot, read)),
    );
  }

  writeChunks(writes: readonly ChunkWrite[]): void {
    const handle = this.writable();
    this.core.blockMany(
      this.object,
      writes.map(
        ({ key, bytes }) =>
          (slot) =>
            operations.writeChunk(handle, slot, key, bytes),
      ),
    );
  }

  updateChunks(updates: readonly ChunkUpdate[]): void {
    const handle = this.writable();
    this.core.blockMany(
      this.object,
      updates.map((update) => this.updating(handle, update)),
    );
  }

  listChunks(after: string | undefined, limit: number): ChunkPage {
    const handle = this.readable();
    const anchor = anchorOf(after);
    return pageOf(
      this.core.block(this.object, (slot) => operations.listChunks(handle, slot, anchor, Math.min(limit, LIST_MAX))),
    );
  }
}

/**
 * Asynchronous. Calls about chunks answer when nothing of them is under way any more, also when they are aborted: the
 * caller's memory is DAOS's until then.
 */
export class AsyncDaosArray extends DaosArray implements ArrayStore<"async"> {
  async getMetadata(o?: At): Promise<Uint8Array | undefined> {
    const handle = this.readable(o);
    const turn = { key: operations.METADATA_KEY, writes: false };
    return this.core.run(this.object, turn, (slot) => operations.readMetadata(handle, slot), nothingToKeep, o);
  }

  async setMetadata(bytes: Uint8Array, was: Uint8Array | undefined, o?: At): Promise<boolean> {
    const handle = this.writable(o);
    const turn = { key: operations.METADATA_KEY, writes: true };
    const [to, from] = [Uint8Array.from(bytes), was && Uint8Array.from(was)];
    const begin: Begin<boolean> = (slot) => operations.writeMetadata(handle, slot, to, from);
    return this.core.run(this.object, turn, begin, nothingToKeep, o);
  }

  async readChunks(keys: readonly string[], o?: At): Promise<(Uint8Array | undefined)[]> {
    const handle = this.readable(o);
    return this.core.runEach(
      this.object,
      keys.map((key) => ({ key, writes: false, begin: this.reading(handle, key) })),
      o,
    );
  }

  async readInto(reads: readonly ChunkRead[], o?: At): Promise<boolean[]> {
    const handle = this.readable(o);
    return this.core.runEach(
      this.object,
      reads.map((read) => ({
        key: read.key,
        writes: false,
        begin: (slot) => operations.readInto(handle, slot, read),
      })),
      o,
    );
  }

  async writeChunks(writes: readonly ChunkWrite[], o?: At): Promise<void> {
    const handle = this.writable(o);
    await this.core.runEach(
      this.object,
      writes.map(({ key, bytes }) => ({
        key,
        writes: true,
        begin: (slot) => operations.writeChunk(handle, slot, key, bytes),
      })),
      o,
    );
  }

  async updateChunks(updates: readonly ChunkUpdate[], o?: At): Promise<void> {
    const handle = this.writable(o);
    await this.core.runEach(
      this.object,
      updates.map((update) => ({ key: update.key, writes: true, begin: this.updating(handle, update) })),
      o,
    );
  }

  async listChunks(after: string | undefined, limit: number, o?: At): Promise<ChunkPage> {
    const handle = this.readable(o);
    const anchor = anchorOf(after);
    const turn = { key: undefined, writes: false };
    return pageOf(
      await this.core.run(
        this.object,
        turn,
        (slot) => operations.listChunks(handle, slot, anchor, Math.min(limit, LIST_MAX)),
        nothingToKeep,
        o,
      ),
    );
  }
}

function nothingToKeep(): void {}

/** The `after` of a page is DAOS's anchor as text. */
function anchorOf(after: string | undefined): Uint8Array | undefined {
  if (after === undefined) return undefined;
  const anchor = Buffer.from(after, "base64");
  if (anchor.length !== SIZE.daos_anchor_t)
    throw new DaosError("DER_INVAL", "failed to list chunks", {
      detail: "a page of chunks goes on after the `next` of the page before it",
    });
  return anchor;
}

function pageOf({ keys, next }: { keys: readonly string[]; next: Uint8Array | undefined }): ChunkPage {
  return { keys, next: next === undefined ? undefined : Buffer.from(next).toString("base64") };
}
