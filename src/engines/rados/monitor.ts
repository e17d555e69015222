/** Ceph's pools, asked of the monitors. */
import { createHash, randomUUID } from "node:crypto";
import type { Face } from "../../engine/contract.ts";
import type { Steps } from "../../engine/steps.ts";
import { DaosError } from "../../errors.ts";
import { Arena } from "../../ffi/arena.ts";
import type { Cluster } from "../../ffi/cluster.ts";
import { librados, type Pointer } from "../../ffi/librados.ts";
import { blockingCall, wait } from "../../ffi/pending.ts";
import { APPLICATION, CREATED_KEY } from "./format.ts";
import { ERRNO, fromRados } from "./rados-error.ts";

/** A Ceph pool with our tag. */
export interface CephPool {
  readonly id: number;
  readonly label: string;
  readonly uuid: string;
  /** We made it, and nobody else has tagged it: it may be deleted. */
  readonly isOurs: boolean;
}

interface PoolDetail {
  readonly pool_id: number;
  readonly pool_name: string;
  readonly application_metadata: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

interface DiskFree {
  readonly pools: readonly {
    readonly id: number;
    readonly stats: { readonly stored?: number; readonly bytes_used: number; readonly max_avail: number };
  }[];
}

/** Answers of a monitor end with a NUL now and then. */
const TRAILING_NUL = /\0+$/;

/** The pools that carry our tag. */
export function* taggedPools(face: Face, cluster: Cluster): Steps<CephPool[]> {
  const details = yield* allPools(face, cluster);
  return details.filter(isTagged).map(({ pool_id: id, pool_name: label, application_metadata: applications }) => ({
    id,
    label,
    uuid: poolUuid(cluster.fsid, id),
    isOurs: Object.keys(applications).length === 1 && applications[APPLICATION]![CREATED_KEY] === "1",
  }));
}

function* allPools(face: Face, cluster: Cluster): Steps<PoolDetail[]> {
  return (yield* command(face, cluster, { prefix: "osd pool ls", detail: "detail" })) as PoolDetail[];
}

function isTagged({ application_metadata: applications }: PoolDetail): boolean {
  return Object.hasOwn(applications, APPLICATION);
}

/**
 * Makes a pool and tags it. DER_EXIST when Ceph has a pool of that name, whoever's it is.
 *
 * Ceph's monitors answer "done" to the creation of a pool that exists. So the pool is made and tagged under a name that
 * nobody else uses, and renamed at last: that fails when the name is taken, and nobody else's pool ever gets our mark.
 */
export function* createCephPool(face: Face, cluster: Cluster, label: string): Steps<CephPool> {
  const context = "failed to create pool";
  yield* refuseTaken(face, cluster, label, context);
  const name = `${APPLICATION}-new-${randomUUID()}`;
  const created = yield* wait(blockingCall(face, librados().poolCreate, cluster.handle, name));
  if (created < 0) throw fromRados(created, context, label);
  const pool = { pool: name, app: APPLICATION };
  try {
    yield* command(face, cluster, { prefix: "osd pool application enable", ...pool });
    yield* command(face, cluster, { prefix: "osd pool application set", ...pool, key: CREATED_KEY, value: "1" });
    yield* command(face, cluster, { prefix: "osd pool rename", srcpool: name, destpool: label });
  } catch (e) {
    yield* wait(blockingCall(face, librados().poolDelete, cluster.handle, name));
    if (DaosError.is(e, "DER_EXIST")) yield* refuseTaken(face, cluster, label, context);
    throw e;
  }
  const made = (yield* taggedPools(face, cluster)).find((tagged) => tagged.label === label);
  if (made === undefined) throw new DaosError("DER_NONEXIST", context, { detail: `${label} was deleted meanwhile` });
  return made;
}

/** DER_EXIST when Ceph has a pool of that name; with the way to use it when it is not one of ours. */
function* refuseTaken(face: Face, cluster: Cluster, label: string, context: string): Steps<void> {
  const taken = (yield* allPools(face, cluster)).find((pool) => pool.pool_name === label);
  if (taken === undefined) return;
  const adoption = `ceph osd pool application enable ${label} ${APPLICATION}`;
  const detail = isTagged(taken) ? undefined : `Ceph has a pool ${label}; if it is to be used: ${adoption}`;
  throw new DaosError("DER_EXIST", context, { detail });
}

/** Deletes a pool that is ours; takes the tag off one that was adopted. */
export function* destroyCephPool(face: Face, cluster: Cluster, { label, isOurs }: CephPool): Steps<void> {
  const context = "failed to destroy pool";
  if (!isOurs) {
    yield* command(face, cluster, {
      prefix: "osd pool application disable",
      pool: label,
      app: APPLICATION,
      yes_i_really_mean_it: true,
    });
    return;
  }
  const deleted = yield* wait(blockingCall(face, librados().poolDelete, cluster.handle, label));
  if (deleted === ERRNO.perm)
    throw fromRados(deleted, context, label, "the monitors allow it only with mon_allow_pool_delete = true");
  if (deleted < 0 && deleted !== ERRNO.noEntry) throw fromRados(deleted, context, label);
}

/** Bytes of a pool: in all, and free. Zeros when the cluster has no manager daemon to count them. */
export function* poolBytes(face: Face, cluster: Cluster, id: number): Steps<{ total: number; free: number }> {
  const { pools } = (yield* command(face, cluster, { prefix: "df" })) as DiskFree;
  const stats = pools.find((pool) => pool.id === id)?.stats;
  if (stats === undefined) return { total: 0, free: 0 };
  return { total: (stats.stored ?? stats.bytes_used) + stats.max_avail, free: stats.max_avail };
}

/** A handle of a pool and one of its namespaces; to be destroyed by the caller. */
export function* openPool(face: Face, cluster: Cluster, pool: number, namespace: string): Steps<Pointer> {
  const out = new Arena(8);
  try {
    const lib = librados();
    const result = yield* wait(blockingCall(face, lib.ioctxCreate2, cluster.handle, pool, out.address));
    if (result < 0) throw fromRados(result, "failed to connect to pool", String(pool));
    const ioctx = out.pointer(0);
    lib.setNamespace(ioctx, namespace);
    return ioctx;
  } finally {
    out.free();
  }
}

/** Ids of Ceph pools are never used again in a cluster, so a name-based UUID needs no place to be kept. */
function poolUuid(fsid: string, id: number): string {
  const hash = createHash("sha256").update(`tsdaos pool ${fsid} ${id}`).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x80;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  return hash.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Sends a command to the monitors and reads its answer. */
function* command(face: Face, cluster: Cluster, request: Readonly<Record<string, unknown>>): Steps<unknown> {
  const lib = librados();
  const text = Buffer.from(`${JSON.stringify({ ...request, format: "json" })}\0`);
  // 40 bytes: where the answers come, and the address of the text behind them.
  const arena = new Arena(40 + Math.ceil(text.length / 8) * 8);
  try {
    arena.bytes.fill(0, 0, 40);
    arena.setPointer(32, arena.address + 40);
    arena.bytes.set(text, 40);
    const { address: at } = arena;
    const result = yield* wait(
      blockingCall(face, lib.monCommand, cluster.handle, at + 32, 1, null, 0, at, at + 8, at + 16, at + 24),
    );
    const answer = takeText(arena, 0);
    const status = takeText(arena, 16);
    if (result < 0) throw fromRados(result, `failed: ${request.prefix}`, String(request.prefix), status || undefined);
    return answer === "" ? undefined : JSON.parse(answer);
  } finally {
    arena.free();
  }
}

function takeText(arena: Arena, at: number): string {
  const address = arena.pointer(at);
  if (address === 0) return "";
  const lib = librados();
  const length = arena.pointer(at + 8);
  const copy = new Arena(Math.max(8, Math.ceil(length / 8) * 8));
  lib.memcpy(copy.address, address, length);
  const text = copy.bytes.toString("utf8", 0, length).replace(TRAILING_NUL, "");
  copy.free();
  lib.bufferFree(address);
  return text;
}
