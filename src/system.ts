/** From a system's URL to its engine. Engines are loaded when first needed; the core depends on none of them. */
import { createRequire } from "node:module";
import { homedir } from "node:os";
import type { Engine, System, SystemAddress } from "./engine/contract.ts";
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
};

/** The async twin of the system that `options` names. */
export async function asyncSystem(options: SystemOptions): Promise<System<"async">> {
  const address = addressOf(options);
  const { engine } = (await import(MODULES[address.url.protocol]!)) as EngineModule;
  return engine.system("async", address);
}

const require = createRequire(import.meta.url);

/** The blocking twin of the system that `options` names. */
export function syncSystem(options: SystemOptions): System<"sync"> {
  const address = addressOf(options);
  const { engine } = require(MODULES[address.url.protocol]!) as EngineModule;
  return engine.system("sync", address);
}

/** The URL of the system that `options` names, in full. */
export function systemUrl(options: SystemOptions): string {
  return addressOf(options).url.href;
}

function addressOf({ system, timeout }: SystemOptions): SystemAddress {
  return parseSystem(system, process.env, homedir(), timeout);
}
