/** From a system's URL to its engine. Engines are loaded when first needed; the core depends on none of them. */
import { createRequire } from "node:module";
import { homedir } from "node:os";
import type { Engine, PlaceOfContainer, System, SystemAddress } from "./engine/contract.ts";
import { parseSystem } from "./system-url.ts";

/** Which system a call is about. */
export interface SystemOptions {
  /** The system's URL; default: the environment's `DAOS_SYSTEM`, else `~/.local/share/daos` on the local engine. */
  readonly system?: string | URL | undefined;
  /** How long to wait for a lock (then DER_BUSY) or for silent storage (then DER_TIMEDOUT), milliseconds; default 30,000. */
  readonly timeout?: number | undefined;
}

interface EngineModule {
  readonly engine: Engine;
}

// The same files serve from `src/*.ts` and, compiled, from `dist/*.js`.
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const MODULES: Readonly<Record<string, string>> = {
  "file:": `./engines/local/index.${extension}`,
  "rados:": `./engines/rados/index.${extension}`,
  "daos:": `./engines/daos/index.${extension}`,
};

const substitutes = new Map<string, Engine>();

/**
 * Has another engine serve the systems of a scheme, such as `"file:"`, in this process. For tests of engines: a wrapper
 * around one, or one that is not part of this package yet.
 */
export function substituteEngine(scheme: string, engine: Engine): void {
  substitutes.set(scheme, engine);
}

/** The async twin of the system that `options` names. */
export async function asyncSystem(options: SystemOptions): Promise<System<"async">> {
  const address = addressOf(options);
  const { protocol } = address.url;
  const engine = substitutes.get(protocol) ?? ((await import(MODULES[protocol]!)) as EngineModule).engine;
  return engine.system("async", address);
}

const require = createRequire(import.meta.url);

/** The blocking twin of the system that `options` names. */
export function syncSystem(options: SystemOptions): System<"sync"> {
  const address = addressOf(options);
  return engineOf(address).system("sync", address);
}

/** The engine that serves the system with this address. */
export function engineOf({ url }: Pick<SystemAddress, "url">): Engine {
  return substitutes.get(url.protocol) ?? (require(MODULES[url.protocol]!) as EngineModule).engine;
}

/** The URL of the system that `options` names, in full. */
export function systemUrl(options: SystemOptions): string {
  return addressOf(options).url.href;
}

/** A container of DAOS and the system that it is in. */
interface PlaceInSystem extends PlaceOfContainer {
  readonly system: string;
}

const DAOS_PATH = /^daos:\/\/([^/]+)\/([^/]+)\/?$/;

/**
 * The container that a path stands for in DAOS's own words: `daos://pool/container`, or a directory or file of DAOS's
 * unified namespace; `undefined` for one that stands for none.
 *
 * @throws DaosError DER_NOSYS when that cannot be told, for a library of DAOS is missing.
 */
export function resolveDaosPath(path: string): PlaceInSystem | undefined {
  const { DAOS_SYSTEM } = process.env;
  const system = DAOS_SYSTEM?.startsWith("daos:") ? DAOS_SYSTEM : "daos:";
  const [, pool, container] = DAOS_PATH.exec(path) ?? [];
  if (pool !== undefined && container !== undefined) return { system, pool, container };
  if (path.startsWith("daos:")) return undefined;
  const place = engineOf({ url: new URL(system) }).resolvePath?.(path);
  return place && { system, ...place };
}

function addressOf({ system, timeout }: SystemOptions): SystemAddress {
  return parseSystem(system, process.env, homeDirectory(), timeout);
}

/** The user's home directory; the root, where nobody writes by accident, for a user who has none. */
function homeDirectory(): string {
  try {
    return homedir();
  } catch {
    return "/";
  }
}
