/** SQLite's and the file system's errors, told in DAOS's codes. */
import { accessSync, closeSync, constants, openSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { DaosError, type DerCode } from "../../errors.ts";

/** SQLite's primary result codes that matter here (https://www.sqlite.org/rescode.html). */
const SQLITE: Readonly<Record<number, DerCode>> = {
  1: "DER_IO", // ERROR: our statements are sound, so a table or column is missing
  3: "DER_NO_PERM", // PERM
  5: "DER_BUSY", // BUSY
  6: "DER_BUSY", // LOCKED
  7: "DER_NOMEM", // NOMEM
  10: "DER_IO", // IOERR
  11: "DER_IO", // CORRUPT
  13: "DER_NOSPACE", // FULL
  18: "DER_REC2BIG", // TOOBIG
  23: "DER_NO_PERM", // AUTH
  26: "DER_IO", // NOTADB
};
/** ERROR, CORRUPT and NOTADB. */
const DAMAGED: ReadonlySet<number> = new Set([1, 11, 26]);
const READONLY = 8;
const IOERR = 10;
const CANTOPEN = 14;

/** Errors of the file system by their `code`. */
const FILE_SYSTEM: Readonly<Record<string, DerCode>> = {
  EACCES: "DER_NO_PERM",
  EPERM: "DER_NO_PERM",
  EROFS: "DER_NO_PERM",
  ENOENT: "DER_NONEXIST",
  EEXIST: "DER_EXIST",
  ENOSPC: "DER_NOSPACE",
  EDQUOT: "DER_NOSPACE",
  ENOTDIR: "DER_INVAL",
  ENAMETOOLONG: "DER_INVAL",
  ELOOP: "DER_INVAL",
  EMFILE: "DER_NOMEM",
  ENFILE: "DER_NOMEM",
  ENOMEM: "DER_NOMEM",
};

interface SqliteError extends Error {
  readonly errcode: number;
  readonly errstr: string;
}

function isSqliteError(e: unknown): e is SqliteError {
  return e instanceof Error && (e as { code?: unknown }).code === "ERR_SQLITE_ERROR";
}

/** Whether `e` says that someone else holds the lock: worth another try. */
export function isBusy(e: unknown): boolean {
  return isSqliteError(e) && ((e.errcode & 0xff) === 5 || (e.errcode & 0xff) === 6);
}

/**
 * The DaosError for an error that SQLite raised on `file`; what is not SQLite's is returned as it is.
 *
 * @param context - what was being done.
 */
export function fromSqlite(e: unknown, context: string, file: string): unknown {
  if (!isSqliteError(e)) return e;
  const primary = e.errcode & 0xff;
  if (primary === CANTOPEN || primary === READONLY) return refused(e, context, file);
  const code = primary === IOERR && isFull(file) ? "DER_NOSPACE" : (SQLITE[primary] ?? "DER_MISC");
  const detail = DAMAGED.has(primary)
    ? `${file} is damaged, or was cut short (${e.message}); restore it from a backup`
    : `${file}: ${e.message}`;
  return new DaosError(code, context, { cause: e, detail });
}

/**
 * SQLite does not say which of its files it could not open or write, nor why: look. But never by opening the file: to
 * close it again would drop the locks that SQLite holds on it in this process.
 */
function refused(e: SqliteError, context: string, file: string): DaosError {
  try {
    accessSync(file, constants.R_OK);
    checkDescriptors(dirname(file));
  } catch (why) {
    return fromFileSystem(why, context) as DaosError;
  }
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch {
    return new DaosError("DER_NO_PERM", context, {
      cause: e,
      detail: `${file}: its directory cannot be written, and even reading needs that, for SQLite's journal (-wal, -shm); ask the owner of the pool`,
    });
  }
  const code = (e.errcode & 0xff) === READONLY ? "DER_NO_PERM" : isFull(file) ? "DER_NOSPACE" : "DER_IO";
  return new DaosError(code, context, { cause: e, detail: `${file}: ${e.message}` });
}

/** The DaosError for an error of the file system; anything else is returned as it is. */
export function fromFileSystem(e: unknown, context: string): unknown {
  if (!(e instanceof Error) || DaosError.is(e) || typeof (e as NodeJS.ErrnoException).syscall !== "string") return e;
  const { code, path, message } = e as NodeJS.ErrnoException;
  return new DaosError(FILE_SYSTEM[code ?? ""] ?? "DER_IO", context, {
    cause: e,
    detail: path === undefined ? message : `${path}: ${message}`,
  });
}

/** Throws EMFILE unless the process may open as many files as SQLite needs for one: it, its journal, its shared memory. */
function checkDescriptors(directory: string): void {
  const opened: number[] = [];
  try {
    for (let i = 0; i < 4; i++) opened.push(openSync(directory, "r"));
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

// SQLite says IOERR, not FULL, when the shared-memory file or a flush finds the disk full.
function isFull(file: string): boolean {
  try {
    return statfsSync(file).bavail === 0;
  } catch {
    return false;
  }
}
