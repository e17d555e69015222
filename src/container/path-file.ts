/**
 * Unified-namespace paths: a small JSON file that names a container, left where people look for their data. Its form is
 * in `docs/format.md`. DAOS's own paths are read, too.
 */
import { lstatSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DaosError, type DerCode, inContext } from "../errors.ts";
import { resolveDaosPath } from "../system.ts";
import { isUuid } from "./label.ts";

/** Paths in DAOS's own words, such as `daos://tank/neo`. */
const DAOS_PROTOCOL = "daos:";
const FORMAT = "tsdaos-path";
const VERSION = 1;

/** The container that a path names. */
export interface PathTarget {
  /** The system's URL. */
  readonly system: string;
  /** The pool's UUID: a label may be given to another one some day. A path such as `daos://tank/neo` may have labels. */
  readonly pool: string;
  /** The container's UUID, or its label likewise. */
  readonly container: string;
}

/** Throws DER_EXIST when something is already there. */
export function refuseExistingPath(path: string, context: string): void {
  if (exists(path, context)) throw new DaosError("DER_EXIST", context, { detail: `${path} exists` });
}

/** Writes the file, which must be new. */
export function writePathFile(path: string, target: PathTarget, context: string): void {
  try {
    writeFileSync(path, `${JSON.stringify({ format: FORMAT, version: VERSION, ...target }, undefined, 2)}\n`, {
      flag: "wx",
    });
  } catch (e) {
    throw fromErrno(e, path, context);
  }
}

/**
 * The container that a unified-namespace path names, for calls that take pool and container: a file that `daos cont create
 * --path` has left, a path of DAOS's own unified namespace (through libduns), or text such as `daos://tank/neo`.
 *
 * @throws DaosError DER_NONEXIST when there is no such file, DER_INVAL when it is something else, DER_NO_PERM,
 * DER_MISMATCH for a newer format.
 */
export function resolvePath(path: string | URL): PathTarget {
  return readPathFile(path, "failed to resolve path");
}

/**
 * The container that the file names, or a path in DAOS's own words. DER_NONEXIST when there is none, DER_INVAL when it is
 * something else.
 */
export function readPathFile(path: string | URL, context: string): PathTarget {
  // A number would be read as the descriptor of an open file.
  if (typeof path !== "string" && !(path instanceof URL))
    throw new TypeError(`a path is a string or a URL, not ${path === null ? "null" : typeof path}`);
  const file = path instanceof URL && path.protocol !== DAOS_PROTOCOL ? fileURLToPath(path) : String(path);
  if (file.startsWith(DAOS_PROTOCOL)) return readDaosPath(file, context);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === "EISDIR") return readDaosPath(file, context);
    throw fromErrno(e, file, context);
  }
  const target = parse(text);
  if (target?.format !== FORMAT) return readDaosPath(file, context);
  if (
    ![target.pool, target.container].every((u) => typeof u === "string" && isUuid(u)) ||
    typeof target.system !== "string"
  )
    throw new DaosError("DER_INVAL", context, { detail: `${file} does not name a container: it was changed` });
  if (target.version > VERSION)
    throw new DaosError("DER_MISMATCH", context, {
      detail: `${file} has format version ${target.version}, this tsdaos knows ${VERSION}; install a newer tsdaos`,
    });
  return { system: target.system, pool: target.pool, container: target.container };
}

/** DER_INVAL for a path that is none of DAOS's either. */
function readDaosPath(path: string, context: string): PathTarget {
  let why = "nor a path of DAOS's unified namespace";
  let cause: unknown;
  try {
    const target = resolveDaosPath(path);
    if (target !== undefined) return target;
  } catch (e) {
    if (!DaosError.is(e, "DER_NOSYS")) throw DaosError.is(e) ? inContext(context, e) : e;
    why = `and whether it is a path of DAOS's unified namespace cannot be told: ${e.context}; ${e.detail}`;
    cause = e;
  }
  throw new DaosError("DER_INVAL", context, { cause, detail: `${path} is no file of a container's path, ${why}` });
}

function exists(path: string, context: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (e) {
    throw fromErrno(e, path, context);
  }
}

function parse(text: string): (PathTarget & { readonly format: unknown; readonly version: number }) | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fromErrno(e: unknown, path: string, context: string): unknown {
  const codes: Readonly<Record<string, DerCode>> = {
    ENOENT: "DER_NONEXIST",
    EEXIST: "DER_EXIST",
    EACCES: "DER_NO_PERM",
    EPERM: "DER_NO_PERM",
    EROFS: "DER_NO_PERM",
    ENOSPC: "DER_NOSPACE",
    EISDIR: "DER_INVAL",
    ENOTDIR: "DER_INVAL",
    ENAMETOOLONG: "DER_INVAL",
    ELOOP: "DER_INVAL",
  };
  const code = (e as NodeJS.ErrnoException).code;
  return new DaosError(codes[code ?? ""] ?? "DER_IO", context, {
    cause: e,
    detail: `${path}: ${(e as Error).message}`,
  });
}
