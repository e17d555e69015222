/** Opening a container, once for both faces. */
import type { Container, Face, System } from "../engine/contract.ts";
import { type Steps, step } from "../engine/steps.ts";
import { DaosError } from "../errors.ts";
import type { SystemOptions } from "../system.ts";
import { checkLabelOrUuid } from "./label.ts";
import { CONTEXT } from "./objects.ts";
import { readPathFile } from "./path-file.ts";

/** Options of opening a container. */
export interface OpenOptions extends SystemOptions {
  /** Aborts the call. */
  readonly signal?: AbortSignal | undefined;
  /** `"RW"`, the default, or `"RO"`: nothing can be written. */
  readonly mode?: "RO" | "RW" | undefined;
  /** Create the pool and the container when they are missing: for a short start. */
  readonly create?: boolean | undefined;
}

/** Opening by a unified-namespace path, as `daos cont create --path` leaves it. */
export interface OpenPathOptions extends OpenOptions {
  /** The file that names system, pool and container. */
  readonly path: string | URL;
}

/** An open container and the names it was opened by. */
export interface Opened<S extends Face> {
  readonly container: Container<S>;
  readonly pool: string;
  /** The container as it was named: label or UUID. */
  readonly name: string;
  readonly mode: "RO" | "RW";
}

/** Arguments of the two forms of opening, put straight. */
export interface OpenArguments {
  readonly pool: string;
  readonly name: string;
  readonly options: OpenOptions;
}

/** Reads the arguments of `open(pool, container, options)` and of `open({ path })`. */
export function openArguments(
  poolOrOptions: string | OpenPathOptions,
  container: string | undefined,
  options: OpenOptions | undefined,
): OpenArguments {
  if (typeof poolOrOptions !== "object" || poolOrOptions === null)
    return { pool: poolOrOptions, name: container as string, options: options ?? {} };
  const { path, ...rest } = poolOrOptions;
  if (path === undefined) throw new TypeError("a container is opened by pool and container, or by { path }");
  const target = readPathFile(path, CONTEXT.open);
  return { pool: target.pool, name: target.container, options: { ...rest, system: rest.system ?? target.system } };
}

/** Opens; `system` is called when the arguments have passed their checks. */
export function* openContainer<S extends Face>(
  { pool, name, options }: OpenArguments,
  system: () => System<S> | Promise<System<S>>,
): Steps<Opened<S>> {
  checkLabelOrUuid(pool, CONTEXT.open);
  checkLabelOrUuid(name, CONTEXT.open);
  const mode = options.mode ?? "RW";
  checkMode(mode);
  const opened = yield* step(system());
  if (options.create === true) yield* createMissing(opened, pool, name, options.signal);
  const container = (yield* step(opened.openContainer(pool, name, { mode, signal: options.signal }))) as Container<S>;
  return { container, pool, name, mode };
}

function* createMissing(
  system: System<Face>,
  pool: string,
  name: string,
  signal: AbortSignal | undefined,
): Steps<void> {
  const containers = yield* unless("DER_NONEXIST", () => system.listContainers(pool, { signal }));
  if (containers?.some(({ label, uuid }) => label === name || uuid === name)) return;
  // Whoever loses a race against another creator finds the thing there, as wanted.
  if (containers === undefined) yield* unless("DER_EXIST", () => system.createPool(pool, { signal }));
  yield* unless("DER_EXIST", () =>
    system.createContainer(pool, { label: name, type: "PYTHON", properties: {}, signal }),
  );
}

function* unless<T>(code: "DER_NONEXIST" | "DER_EXIST", call: () => T | Promise<T>): Steps<T | undefined> {
  try {
    return yield* step(call());
  } catch (e) {
    if (!DaosError.is(e, code)) throw e;
    return undefined;
  }
}

function checkMode(mode: unknown): asserts mode is "RO" | "RW" {
  if (mode !== "RO" && mode !== "RW") throw new TypeError(`mode is "RO" or "RW", not ${String(mode)}`);
}
