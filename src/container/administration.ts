/** Pools and containers: checks and what goes beyond one call of the contract, once for both faces. */
import { resolve } from "node:path";
import type {
  CheckReport,
  ContainerInfo,
  ContainerStatus,
  ContainerType,
  Face,
  PoolInfo,
  PoolStatus,
  System,
} from "../engine/contract.ts";
import { type Steps, step } from "../engine/steps.ts";
import type { SystemOptions } from "../system.ts";
import { systemUrl } from "../system.ts";
import { parseContainerType } from "./container-type.ts";
import { checkLabel, checkLabelOrUuid } from "./label.ts";
import { refuseExistingPath, writePathFile } from "./path-file.ts";

/** Options of calls on a system. */
export interface SystemCall extends SystemOptions {
  /** Aborts the call. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `createPool`. */
export interface CreatePoolOptions extends SystemCall {
  /** Permission bits, such as `0o770` for a pool of a group; default `0o700`, its owner's alone. */
  readonly mode?: number | undefined;
}

/** Options of `destroyPool` and `destroyContainer`. */
export interface DestroyOptions extends SystemCall {
  /** Also when it is in use: a pool with containers, a container that is open. What was in it is gone. */
  readonly force?: boolean | undefined;
}

/** Options of `createContainer`. */
export interface CreateContainerOptions extends SystemCall {
  /** The layout; default `PYTHON`, the only one that `DCont` opens. */
  readonly type?: ContainerType | undefined;
  /** Where to leave a unified-namespace file that names the container; must not exist. */
  readonly path?: string | undefined;
  /** Properties, kept with the container. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

/** Options of `checkContainer`. */
export interface CheckOptions extends SystemCall {
  /** Also mend what can be mended. */
  readonly repair?: boolean | undefined;
}

/** Gives the system, when the arguments have passed their checks: nothing is touched before. */
export type OpenSystem<S extends Face> = () => System<S> | Promise<System<S>>;

export function* createPool(open: OpenSystem<Face>, label: string, o: CreatePoolOptions): Steps<PoolInfo> {
  checkLabel(label, "failed to create pool");
  const system = yield* step(open());
  return yield* step<PoolInfo>(system.createPool(label, o));
}

export function* listPools(open: OpenSystem<Face>, o: SystemCall): Steps<readonly PoolInfo[]> {
  const system = yield* step(open());
  return yield* step<readonly PoolInfo[]>(system.listPools(o));
}

export function* queryPool(open: OpenSystem<Face>, pool: string, o: SystemCall): Steps<PoolStatus> {
  checkLabelOrUuid(pool, "failed to query pool");
  const system = yield* step(open());
  return yield* step<PoolStatus>(system.queryPool(pool, o));
}

export function* destroyPool(open: OpenSystem<Face>, pool: string, o: DestroyOptions): Steps<void> {
  checkLabelOrUuid(pool, "failed to destroy pool");
  const system = yield* step(open());
  yield* step<void>(system.destroyPool(pool, { signal: o.signal, force: o.force === true }));
}

export function* createContainer(
  open: OpenSystem<Face>,
  pool: string,
  label: string | undefined,
  o: CreateContainerOptions,
): Steps<ContainerInfo> {
  const context = "failed to create container";
  checkLabelOrUuid(pool, context);
  if (label !== undefined) checkLabel(label, context);
  const type = parseContainerType(o.type ?? "PYTHON", context);
  for (const [property, value] of Object.entries(o.properties ?? {}))
    if (typeof value !== "string")
      throw new TypeError(`the value of the property ${JSON.stringify(property)} is text, not ${typeof value}`);
  const path = o.path === undefined ? undefined : resolve(o.path);
  if (path !== undefined) refuseExistingPath(path, context);
  const system = yield* step(open());
  const spec = { label, type, properties: { ...o.properties }, signal: o.signal };
  const info = yield* step<ContainerInfo>(system.createContainer(pool, spec));
  if (path === undefined) return info;
  try {
    writePathFile(path, { system: systemUrl(o), pool: info.poolUuid, container: info.uuid }, context);
  } catch (e) {
    yield* step<void>(system.destroyContainer(pool, info.uuid, { force: false }));
    throw e;
  }
  return info;
}

export function* listContainers(open: OpenSystem<Face>, pool: string, o: SystemCall): Steps<readonly ContainerInfo[]> {
  checkLabelOrUuid(pool, "failed to list containers");
  const system = yield* step(open());
  return yield* step<readonly ContainerInfo[]>(system.listContainers(pool, o));
}

export function* queryContainer(
  open: OpenSystem<Face>,
  pool: string,
  container: string,
  o: SystemCall,
): Steps<ContainerStatus> {
  checkBoth(pool, container, "failed to query container");
  const system = yield* step(open());
  return yield* step<ContainerStatus>(system.queryContainer(pool, container, o));
}

export function* destroyContainer(
  open: OpenSystem<Face>,
  pool: string,
  container: string,
  o: DestroyOptions,
): Steps<void> {
  checkBoth(pool, container, "failed to destroy container");
  const system = yield* step(open());
  yield* step<void>(system.destroyContainer(pool, container, { signal: o.signal, force: o.force === true }));
}

export function* checkContainer(
  open: OpenSystem<Face>,
  pool: string,
  container: string,
  o: CheckOptions,
): Steps<CheckReport> {
  checkBoth(pool, container, "failed to check container");
  const system = yield* step(open());
  return yield* step<CheckReport>(
    system.checkContainer(pool, container, { signal: o.signal, repair: o.repair === true }),
  );
}

export function* backupContainer(
  open: OpenSystem<Face>,
  pool: string,
  container: string,
  target: string,
  o: SystemCall,
): Steps<void> {
  checkBoth(pool, container, "failed to back up container");
  const system = yield* step(open());
  yield* step<void>(system.backupContainer(pool, container, resolve(target), o));
}

function checkBoth(pool: string, container: string, context: string): void {
  checkLabelOrUuid(pool, context);
  checkLabelOrUuid(container, context);
}
