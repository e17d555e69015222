/**
 * Unified-namespace paths: a small JSON file that names a container, left where people look for their data. Its form is
 * in `docs/format.md`.
 */
import { lstatSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DaosError, type DerCode } from "../errors.ts";
import { isUuid } from "./label.ts";

const FORMAT = "tsdaos-path";
const VERSION = 1;

/** The container that a path names. */
export interface PathTarget {
  /** The system's URL. */
  readonly system: string;
  /** The pool's UUID: a label may be given to another one some day. */
  readonly pool: string;
  /** The container's UUID. */
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
 * The container that a unified-namespace file names, for calls that take pool and container.
 *
 * @throws DaosError DER_NONEXIST when there is no such file, DER_INVAL when it is something else, DER_NO_PERM,
 * DER_MISMATCH for a newer format.
 */
export function resolvePath(path: string | URL): PathTarget {
  return readPathFile(path, "failed to resolve path");
}

/** The container that the file names. DER_NONEXIST when there is none, DER_INVAL when it is something else. */
export function readPathFile(path: string | URL, context: string): PathTarget {
  // A number would be read as the descriptor of an open file.
  if (typeof path !== "string" && !(path instanceof URL))
    throw new TypeError(`a path is a string or a URL, not ${path === null ? "null" : typeof path}`);
  const file = path instanceof URL ? fileURLToPath(path) : path;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (e) {
    throw fromErrno(e, file, context);
  }
  const target = parse(text);
  if (
    target?.format !== FORMAT ||
    ![target.pool, target.container].every((u) => typeof u === "string" && isUuid(u)) ||
    typeof target.system !== "string"
  )
    throw new DaosError("DER_INVAL", context, { detail: `${file} is no file of a container's path` });
  if (target.version > VERSION)
    throw new DaosError("DER_MISMATCH", context, {
      detail: `${file} has format version ${target.version}, this tsdaos knows ${VERSION}; install a newer tsdaos`,
    });
  return { system: target.system, pool: target.pool, container: target.container };
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
