/** Over how many RADOS objects a dictionary is spread, and which of them has a key. Pure. */
import { parseObjectClass } from "../../container/oclass.ts";
import { DaosError } from "../../errors.ts";

/** Shards of a dictionary of no object class. */
export const DEFAULT_SHARDS = 8;
/** Shards of `X`, "all targets". */
export const X_SHARDS = 64;
/** The most shards. */
export const MAX_SHARDS = 1024;
/** Keys for which one shard is meant; Ceph warns of twice as many. */
export const KEYS_PER_SHARD = 100_000;

/**
 * The number of shards of an object class: its redundancy groups. How many copies there are is the pool's business.
 *
 * @throws DaosError DER_INVAL for an unknown class and for more than {@link MAX_SHARDS}.
 */
export function shardsOf(oclass: string | undefined, context: string): number {
  if (oclass === undefined) return DEFAULT_SHARDS;
  const { groups = DEFAULT_SHARDS } = parseObjectClass(oclass, context);
  if (groups === Number.POSITIVE_INFINITY) return X_SHARDS;
  if (groups > MAX_SHARDS)
    throw new DaosError("DER_INVAL", context, { detail: `${oclass}: the most is ${MAX_SHARDS} shards` });
  return groups;
}

/** The shard of a key: FNV-1a of its bytes, its bits mixed by MurmurHash3's finalizer, modulo the number of shards. */
export function shardOf(key: string, shards: number): number {
  if (shards === 1) return 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % shards;
}
