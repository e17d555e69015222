/** Pools and containers, blocking. */
import type { CheckReport, ContainerInfo, ContainerStatus, PoolInfo, PoolStatus } from "../engine/contract.ts";
import { runSync } from "../engine/steps.ts";
import { syncSystem } from "../system.ts";
import type {
  CheckOptions,
  CreateContainerOptions,
  CreatePoolOptions,
  DestroyOptions,
  SystemCall,
} from "./administration.ts";
import * as administration from "./administration.ts";

/**
 * Creates a pool. On the local engine it is a directory, private to its owner unless `mode` says otherwise.
 *
 * @throws DaosError DER_EXIST when the label is taken, DER_INVAL for a bad label, DER_NO_PERM, DER_NOSYS where pools are
 * the administrator's (daos).
 */
export function createPool(label: string, o: CreatePoolOptions = {}): PoolInfo {
  return runSync(administration.createPool(() => syncSystem(o), label, o));
}

/** The pools that this user may use. */
export function listPools(o: SystemCall = {}): readonly PoolInfo[] {
  return runSync(administration.listPools(() => syncSystem(o), o));
}

/** A pool by label or UUID, with its sizes. DaosError DER_NONEXIST, DER_NO_PERM. */
export function queryPool(pool: string, o: SystemCall = {}): PoolStatus {
  return runSync(administration.queryPool(() => syncSystem(o), pool, o));
}

/**
 * Destroys a pool and frees its storage.
 *
 * @throws DaosError DER_BUSY when it has containers, unless `force`; DER_NONEXIST; DER_INVAL for a directory that tsdaos
 * did not make.
 */
export function destroyPool(pool: string, o: DestroyOptions = {}): void {
  runSync(administration.destroyPool(() => syncSystem(o), pool, o));
}

/**
 * Creates a container in a pool; without a label it is known by its UUID.
 *
 * @throws DaosError DER_EXIST when the label is taken (or `path` exists), DER_NONEXIST when there is no such pool,
 * DER_INVAL for a bad label or type, DER_NO_PERM, DER_NOSPACE.
 */
export function createContainer(
  pool: string,
  label?: string | undefined,
  o: CreateContainerOptions = {},
): ContainerInfo {
  return runSync(administration.createContainer(() => syncSystem(o), pool, label, o));
}

/** The containers of a pool. DaosError DER_NONEXIST, DER_NO_PERM. */
export function listContainers(pool: string, o: SystemCall = {}): readonly ContainerInfo[] {
  return runSync(administration.listContainers(() => syncSystem(o), pool, o));
}

/** A container by label or UUID, with its properties. DaosError DER_NONEXIST, DER_NO_PERM. */
export function queryContainer(pool: string, container: string, o: SystemCall = {}): ContainerStatus {
  return runSync(administration.queryContainer(() => syncSystem(o), pool, container, o));
}

/**
 * Destroys a container and all that is in it.
 *
 * @throws DaosError DER_BUSY when a process has it open, unless `force`; DER_NONEXIST; DER_INVAL for a directory that
 * tsdaos did not make.
 */
export function destroyContainer(pool: string, container: string, o: DestroyOptions = {}): void {
  runSync(administration.destroyContainer(() => syncSystem(o), pool, container, o));
}

/**
 * Looks a container over: integrity of the storage, counts against records, names against objects, orphans. With `repair`
 * it mends what can be mended without losing data.
 */
export function checkContainer(pool: string, container: string, o: CheckOptions = {}): CheckReport {
  return runSync(administration.checkContainer(() => syncSystem(o), pool, container, o));
}

/**
 * Copies a container into the new directory `target` while others go on writing: names and dictionaries as they are at one
 * moment, then array after array, each chunk as it is when its turn comes. DaosError DER_EXIST when `target` exists, DER_NOSYS
 * where the storage is not files (rados, daos).
 */
export function backupContainer(pool: string, container: string, target: string, o: SystemCall = {}): void {
  runSync(administration.backupContainer(() => syncSystem(o), pool, container, target, o));
}
