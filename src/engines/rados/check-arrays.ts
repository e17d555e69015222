/** The arrays' part of `checkContainer`: is the metadata there, are chunks whole and inside the shape, does the index name them. */
import { DTYPES } from "../../array/dtype.ts";
import { chunkCoordinates } from "../../array/grid.ts";
import { type ArrayMetadata, parseMetadata } from "../../array/metadata.ts";
import { sizeOf } from "../../array/ndarray.ts";
import type { Finding } from "../../engine/contract.ts";
import type { Steps } from "../../engine/steps.ts";
import { DaosError } from "../../errors.ts";
import { drive, wait, waitAll } from "../../ffi/pending.ts";
import { ChunkIndex } from "./chunk-index.ts";
import { exchange, lookAt } from "./chunks.ts";
import type { ContainerCore } from "./container-core.ts";
import { chunkName, type Meta, metaName, SHARD_STATE, STATE, shardName, ZARR_KEY } from "./format.ts";
import { throughGate } from "./gate.ts";
import { OMAP_PAGE, ReadOperation, WriteOperation } from "./operations.ts";
import { ERRNO, fromRados } from "./rados-error.ts";

const CONTEXT = "failed to check container";

/** An array that is to be looked at. */
export interface ArrayUnderCheck {
  readonly core: ContainerCore;
  readonly oid: string;
  readonly meta: Meta;
  /** How the findings call it. */
  readonly what: string;
  readonly repair: boolean;
  /** The keys of the chunks that lie in the container. */
  readonly chunks: readonly string[];
}

/** What is wrong with an array; and with `repair`, mends what can be mended without losing anything. */
export function* checkArray(array: ArrayUnderCheck): Steps<Finding[]> {
  try {
    const findings = [...(yield* checkIndex(array)), ...(yield* checkChunks(array))];
    yield* array.core.object(array.oid).assertLive();
    return findings;
  } catch (e) {
    // Nothing is wrong with what was destroyed meanwhile.
    if (DaosError.is(e, "DER_NONEXIST")) return [];
    throw e;
  }
}

/** A key comes into the index before its chunk is made, and chunks were listed before: what is missing there is lost. */
function* checkIndex({ core, oid, meta, what, repair, chunks }: ArrayUnderCheck): Steps<Finding[]> {
  const findings: Finding[] = [];
  const indexed = new Set<string>();
  for (let shard = 0; shard < meta.shards; shard++) {
    if (yield* readShard(core, shardName(oid, meta.generation, shard), indexed)) continue;
    yield* core.object(oid).assertLive();
    if (repair) yield* makeShard(core, shardName(oid, meta.generation, shard));
    findings.push({ message: `shard ${shard} of the index of ${what} is missing`, repaired: repair });
  }
  const lost = chunks.filter((key) => !indexed.has(key));
  if (lost.length > 0) {
    if (repair) yield* new ChunkIndex(core.object(oid)).add(lost);
    const message = `the index of ${what} does not have ${lost.length} of its chunks, such as ${lost[0]}`;
    findings.push({ message, repaired: repair });
  }
  return findings;
}

function* checkChunks(array: ArrayUnderCheck): Steps<Finding[]> {
  const { core, oid, what, repair, chunks } = array;
  let meta: ArrayMetadata;
  try {
    const document = yield* readDocument(array);
    if (document === undefined) return [{ message: `${what} has no metadata`, repaired: false }];
    meta = parseMetadata(document);
  } catch (e) {
    return [{ message: `${what} cannot be opened: ${(e as Error).message}`, repaired: false }];
  }
  const bytes = meta.compressions.length > 0 ? undefined : sizeOf(meta.chunks) * DTYPES[meta.dtype].bytes;
  const ndim = meta.shape.length;
  function* look(key: string): Steps<Finding[]> {
    const name = chunkName(oid, key);
    const at = chunkCoordinates(key, ndim);
    if (at === undefined)
      return [{ message: `${what} has an object that is no chunk of it: ${name}`, repaired: false }];
    const found = yield* lookAt(core.ioctx, name);
    if (found === undefined) return [];
    const findings: Finding[] = [];
    if (bytes !== undefined && found.bytes !== bytes) {
      const message = `chunk ${key} of ${what} has ${found.bytes} bytes where ${bytes} are expected: it was cut short or changed`;
      findings.push({ message, repaired: false });
    }
    // What was cut off by a resize that was interrupted would be back when the array grows again. It may have grown since.
    const now = isBeyond(at, meta) ? yield* readDocument(array) : undefined;
    if (now !== undefined && isBeyond(at, parseMetadata(now))) {
      const removed = repair && (yield* exchange(core.ioctx, name, found.version, null, undefined));
      findings.push({ message: `chunk ${key} of ${what} lies beyond its shape`, repaired: removed });
    }
    return findings;
  }
  const looks = chunks.map((key) => drive(throughGate(0, () => look(key))));
  return (yield* waitAll(looks)).flat();
}

function isBeyond(at: readonly number[], { shape, chunks }: ArrayMetadata): boolean {
  return at.some((c, axis) => c * chunks[axis]! >= shape[axis]!);
}

function* readDocument({ core, oid }: ArrayUnderCheck): Steps<Uint8Array | undefined> {
  const op = new ReadOperation();
  const found = op.bytesByKeys([ZARR_KEY]);
  const result = yield* wait(op.start(core.ioctx, metaName(oid)));
  if (result < 0 && result !== ERRNO.noEntry) throw fromRados(result, CONTEXT, metaName(oid));
  return found.entries[0]?.[1];
}

/** Adds a shard's keys to `keys`; `false`: there is no such shard. */
function* readShard(core: ContainerCore, name: string, keys: Set<string>): Steps<boolean> {
  for (let after = "", more = true; more; ) {
    const op = new ReadOperation();
    const page = op.keys(after, OMAP_PAGE);
    const result = yield* wait(op.start(core.ioctx, name));
    if (result === ERRNO.noEntry) return false;
    if (result < 0) throw fromRados(result, CONTEXT, name);
    for (const key of page.entries) keys.add(key);
    more = page.more && page.entries.length > 0;
    after = page.entries.at(-1) ?? after;
  }
  return true;
}

function* makeShard(core: ContainerCore, name: string): Steps<void> {
  const op = new WriteOperation().create(true).setXattr(STATE, SHARD_STATE.plain);
  const result = yield* wait(op.start(core.ioctx, name));
  if (result < 0 && result !== ERRNO.exists) throw fromRados(result, CONTEXT, name);
}
