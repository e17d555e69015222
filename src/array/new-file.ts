/** Files and directories that appear complete or not at all: made under another name beside the place, flushed, renamed. */
import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, lstatSync, openSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DaosError, type DerCode } from "../errors.ts";

const CODES: Readonly<Record<string, DerCode>> = {
  EACCES: "DER_NO_PERM",
  EPERM: "DER_NO_PERM",
  EROFS: "DER_NO_PERM",
  ENOENT: "DER_NONEXIST",
  EEXIST: "DER_EXIST",
  ENOTEMPTY: "DER_EXIST",
  ENOSPC: "DER_NOSPACE",
  EDQUOT: "DER_NOSPACE",
  ENOTDIR: "DER_INVAL",
  EISDIR: "DER_INVAL",
  ENAMETOOLONG: "DER_INVAL",
};

/** The error of the user's files in DAOS's codes; what is none of the file system is returned as it is. */
export function fromFiles(e: unknown, context: string): unknown {
  if (DaosError.is(e) || typeof (e as NodeJS.ErrnoException | null)?.syscall !== "string") return e;
  const { code, path, message } = e as NodeJS.ErrnoException;
  return new DaosError(CODES[code ?? ""] ?? "DER_IO", context, {
    cause: e,
    detail: path === undefined ? message : `${path}: ${message}`,
  });
}

/** Something new at `path`, made at `making`. */
export class NewFile {
  /** Where it is made. */
  readonly making: string;
  readonly #path: string;
  readonly #overwrite: boolean;

  /**
   * @param replaces - whether a directory that is there may be replaced: one of somebody's files must not go.
   * @throws DaosError DER_EXIST when something is there already, unless it may be overwritten.
   */
  constructor(path: string, overwrite: boolean | undefined, replaces: (directory: string) => boolean) {
    if (typeof path !== "string" || path === "") throw new TypeError("a path is a text that is not empty");
    this.#path = path;
    this.#overwrite = overwrite === true;
    if (!this.#overwrite && lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw this.#exists();
    if (isDirectory(path) && !replaces(path))
      throw new DaosError("DER_EXIST", "failed to make a file", {
        detail: `${path} is a directory of other things, and is not replaced`,
      });
    this.making = join(dirname(path), `.${basename(path)}~${randomUUID()}`);
  }

  /** It is complete and flushed: puts it in place. */
  commit(): void {
    if (!this.#overwrite && lstatSync(this.#path, { throwIfNoEntry: false }) !== undefined) throw this.#exists();
    if (this.#overwrite) this.#removeDirectory();
    renameSync(this.making, this.#path);
    flush(dirname(this.#path));
  }

  /** It is not to be. */
  discard(): void {
    rmSync(this.making, { recursive: true, force: true });
  }

  // A directory that is not empty cannot be replaced by renaming.
  #removeDirectory(): void {
    if (!isDirectory(this.#path)) return;
    const old = `${this.making}-old`;
    renameSync(this.#path, old);
    rmSync(old, { recursive: true, force: true });
  }

  #exists(): DaosError<"DER_EXIST"> {
    return new DaosError("DER_EXIST", "failed to make a file", {
      detail: `${this.#path} exists; overwrite: true replaces it`,
    });
  }
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Flushes a file or a directory. */
export function flush(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
