/**
 * Which chunks an array may have: their keys are in the omap of its shards, like the keys of a dictionary. A key comes there
 * before its chunk is made and stays until the array is destroyed; so whoever removes a chunk needs to agree with nobody.
 */
import type { Steps } from "../../engine/steps.ts";
import { drive, wait, waitAll } from "../../ffi/pending.ts";
import { removeObject } from "./blobs.ts";
import type { ContainerCore } from "./container-core.ts";
import { chunkName, SHARD_STATE, STATE, storedBytes } from "./format.ts";
import type { ObjectCore } from "./object-core.ts";
import { OMAP_PAGE, ReadOperation, WriteOperation } from "./operations.ts";
import { ERRNO, fromRados } from "./rados-error.ts";
import { shardOf } from "./shards.ts";

/** What lies under a key of the index. */
const PRESENT = storedBytes(new Uint8Array(0));
/** Keys that are remembered. */
const REMEMBERED = 100_000;
/** Keys that one operation adds. */
const KEYS_OF_ADDITION = 1000;

/** The index of one array as this process sees it. */
export class ChunkIndex {
  readonly #object: ObjectCore;
  /** Keys that are surely in it. */
  readonly #known = new Set<string>();

  constructor(object: ObjectCore) {
    this.#object = object;
  }

  /** Puts keys into the index. DER_NONEXIST when the array was destroyed. */
  *add(keys: readonly string[]): Steps<void> {
    const unknown = keys.filter((key) => !this.#known.has(key));
    if (unknown.length === 0) return;
    const { shards } = (yield* this.#object.view()).meta;
    const additions: Steps<void>[] = [];
    for (const [shard, some] of Map.groupBy(unknown, (key) => shardOf(key, shards)))
      for (let from = 0; from < some.length; from += KEYS_OF_ADDITION)
        additions.push(this.#addTo(shard, some.slice(from, from + KEYS_OF_ADDITION)));
    yield* waitAll(additions.map(drive));
    if (this.#known.size + unknown.length > REMEMBERED) this.#known.clear();
    for (const key of unknown) this.#known.add(key);
  }

  /** Keys behind `after`, at most `limit`, in the order of shards and in each of the keys; none: there are no more. */
  *page(after: string | undefined, limit: number): Steps<readonly string[]> {
    const { shards } = (yield* this.#object.view()).meta;
    let behind = after ?? "";
    for (let shard = after === undefined ? 0 : shardOf(after, shards); shard < shards; shard++, behind = "") {
      const from = behind;
      const { answer } = yield* this.#object.read(shard, (op) => op.keys(from, Math.min(limit, OMAP_PAGE)));
      if (answer.entries.length > 0) return answer.entries;
    }
    return [];
  }

  *#addTo(shard: number, keys: readonly string[]): Steps<void> {
    for (;;) {
      const view = yield* this.#object.view();
      const name = this.#object.shardName(view, shard);
      const op = new WriteOperation().compareXattr(STATE, "eq", SHARD_STATE.plain);
      op.setOmap(
        keys,
        keys.map(() => PRESENT),
      );
      const result = yield* wait(op.start(this.#object.container.ioctx, name));
      if (result >= 0) return;
      if (result !== ERRNO.cancelled && result !== ERRNO.noEntry)
        throw fromRados(result, "failed to write a chunk", name);
      yield* this.#object.refresh(view);
    }
  }
}

/** Removes the chunks of a destroyed array that a sealed shard names, then the shard. Ends with 0 or a negative errno. */
export function* purgeChunks({ ioctx }: ContainerCore, oid: string, name: string): Steps<number> {
  for (let after = "", more = true; more; ) {
    const op = new ReadOperation();
    const page = op.keys(after, OMAP_PAGE);
    const read = yield* wait(op.start(ioctx, name));
    if (read < 0) return read;
    const results = yield* waitAll(page.entries.map((key) => removeObject(ioctx, chunkName(oid, key))));
    // A cluster that does not answer is not asked again for every page: `checkContainer` finds what is left.
    if (results.includes(ERRNO.timedOut)) return ERRNO.timedOut;
    more = page.more && page.entries.length > 0;
    after = page.entries.at(-1) ?? after;
  }
  return yield* wait(removeObject(ioctx, name));
}
