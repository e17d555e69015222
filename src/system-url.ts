/** System URLs, taken apart: pure, no I/O. A system is where pools live; its URL's scheme chooses the engine. */
import { isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { SystemAddress } from "./engine/contract.ts";
import { DaosError } from "./errors.ts";

/** How long a call waits for a lock or for silent storage when nobody says otherwise, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 30_000;

/** The query parameters that each scheme knows; `timeout` is common to all. */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  "file:": ["timeout", "durability"],
  "rados:": ["timeout", "id", "keyring"],
  "daos:": ["timeout", "inFlight"],
};

/** The part of the environment that names a system. */
export interface SystemEnvironment {
  readonly DAOS_SYSTEM?: string | undefined;
  readonly XDG_DATA_HOME?: string | undefined;
}

/**
 * The address that `system` names; without it the one of `DAOS_SYSTEM`; without that `$XDG_DATA_HOME/daos` on the local
 * engine, `~/.local/share/daos` by default.
 *
 * @param system - a URL: `file:///dir`, `rados:///etc/ceph/ceph.conf?id=admin`, `daos:` or `daos://system-name`.
 * @param environment - the environment variables.
 * @param home - the user's home directory.
 * @param timeout - overrides the URL's `timeout` parameter, milliseconds.
 * @throws DaosError DER_INVAL for a URL that no engine knows, an unknown parameter, or a bad timeout.
 */
export function parseSystem(
  system: string | URL | undefined,
  environment: SystemEnvironment,
  home: string,
  timeout?: number,
): SystemAddress {
  const given = system ?? (environment.DAOS_SYSTEM || undefined);
  const url = given === undefined ? defaultSystem(environment, home) : parseUrl(given);
  const known = PARAMETERS[url.protocol];
  if (known === undefined)
    throw invalid(url.href, `unknown scheme "${url.protocol}", known are ${Object.keys(PARAMETERS).join(" ")}`);
  // Its path would end before it, at another directory than the one that was meant.
  if (url.href.includes("#")) throw invalid(url.href, "it has a fragment; in a path, write %23 for #");
  for (const key of url.searchParams.keys())
    if (!known.includes(key)) throw invalid(url.href, `unknown parameter "${key}", known are ${known.join(", ")}`);
  return { url, timeout: checkTimeout(timeout ?? numberOf(url.searchParams.get("timeout")), url.href) };
}

function parseUrl(system: string | URL): URL {
  if (system instanceof URL) return system;
  if (typeof system !== "string") throw new TypeError(`system is a URL or its text, not ${typeof system}`);
  // `new URL` would quietly make an absolute path of these, and so another directory than the one that was meant.
  if (/^file:(?!\/\/)/i.test(system))
    throw invalid(system, "write file:// and an absolute path, as in file:///data/daos");
  if (!URL.canParse(system)) throw invalid(system, "it is not a URL such as file:///data/daos");
  return new URL(system);
}

function defaultSystem(environment: SystemEnvironment, home: string): URL {
  const xdg = environment.XDG_DATA_HOME;
  // The XDG base directory specification: a path that is not absolute is to be ignored.
  const data = xdg && isAbsolute(xdg) ? xdg : join(home, ".local", "share");
  return pathToFileURL(join(data, "daos"));
}

function numberOf(text: string | null): number | undefined {
  return text === null ? undefined : text.trim() === "" ? Number.NaN : Number(text);
}

function checkTimeout(timeout: number | undefined, system: string): number {
  if (timeout === undefined) return DEFAULT_TIMEOUT_MS;
  if (!(timeout >= 0)) throw invalid(system, `timeout is a number of milliseconds, not ${timeout}`);
  return timeout;
}

function invalid(system: string, detail: string): DaosError<"DER_INVAL"> {
  return new DaosError("DER_INVAL", "failed to find the system", {
    detail: `system ${JSON.stringify(system)}: ${detail}`,
  });
}
