/** Opening the SQLite file of a container: is it ours, is it whole, is it of a version that we know. */
import { accessSync, constants, existsSync, lstatSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DaosError } from "../../errors.ts";
import { waitForLock } from "./lock.ts";
import { APPLICATION_ID, connectionSql, FORMAT_VERSION } from "./schema.ts";
import { fromFileSystem, fromSqlite } from "./sqlite-error.ts";

/** How a connection is opened. */
export interface ConnectionOptions {
  /** The container that the file must be of: at its path there may be another one by now. */
  readonly uuid: string;
  readonly mode: "RO" | "RW";
  /** What a resolved write survives: a power failure, or only the end of the process. */
  readonly durability: "power" | "process";
  /** How long to wait for a lock, milliseconds. */
  readonly timeoutMs: number;
}

const CONTEXT = "failed to open the container's file";

/**
 * A connection to the container's file.
 *
 * @throws DaosError DER_IO when the file is missing, cut short, or no database of ours; DER_MISMATCH for a newer format;
 * DER_NONEXIST when the container was destroyed; DER_NO_PERM; DER_BUSY when another process recovers the file for longer
 * than the timeout.
 */
export function openDatabase(file: string, options: ConnectionOptions): DatabaseSync {
  const bytes = checkFile(file, options.mode);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: options.mode === "RO", timeout: 0 });
    const opened = database;
    waitForLock(
      () => {
        opened.exec(connectionSql(options.durability));
        checkIsOurs(opened, file, bytes);
        checkContainer(opened, file, options.uuid);
      },
      options.timeoutMs,
      file,
    );
    return opened;
  } catch (e) {
    if (database?.isOpen) database.close();
    throw fromSqlite(e, CONTEXT, file);
  }
}

/** The size of the file, once it is known to be one that may be opened. */
function checkFile(file: string, mode: "RO" | "RW"): number {
  try {
    const found = lstatSync(file, { throwIfNoEntry: false });
    // SQLite would make a new, empty file in its place.
    if (found === undefined && existsSync(dirname(file)))
      throw new DaosError("DER_IO", CONTEXT, { detail: `${file} is missing; restore it from a backup` });
    if (found === undefined) throw gone(file);
    if (!found.isFile()) throw new DaosError("DER_IO", CONTEXT, { detail: `${file} is not a regular file` });
    // SQLite would open a file that may not be written for reading only, and say so at the first write.
    accessSync(file, mode === "RO" ? constants.R_OK : constants.R_OK | constants.W_OK);
    return found.size;
  } catch (e) {
    throw fromFileSystem(e, CONTEXT);
  }
}

function gone(file: string): DaosError<"DER_NONEXIST"> {
  return new DaosError("DER_NONEXIST", CONTEXT, { detail: `the container of ${file} was destroyed` });
}

function checkContainer(database: DatabaseSync, file: string, uuid: string): void {
  const row = database.prepare("SELECT value FROM meta WHERE name = 'uuid'").get();
  if (row?.value !== uuid) throw gone(file);
}

function checkIsOurs(database: DatabaseSync, file: string, bytes: number): void {
  const application = pragma(database, "application_id");
  const version = pragma(database, "user_version");
  if (application !== APPLICATION_ID)
    throw new DaosError("DER_IO", CONTEXT, {
      detail: `${file} is not the database of a tsdaos container, or it was cut short (application_id ${application})`,
    });
  if (version < 1)
    throw new DaosError("DER_IO", CONTEXT, { detail: `${file} is damaged: it has format version ${version}` });
  if (version > FORMAT_VERSION)
    throw new DaosError("DER_MISMATCH", CONTEXT, {
      detail: `${file} has format version ${version}, this tsdaos knows ${FORMAT_VERSION}; install a newer tsdaos`,
    });
  const expected = pragma(database, "page_count") * pragma(database, "page_size");
  // Looked at again after the journal: another process may just have moved its pages into the file.
  if (bytes < expected && !hasJournal(file) && statSync(file).size < expected)
    throw new DaosError("DER_IO", CONTEXT, {
      detail: `${file} was cut short: it has ${bytes} bytes where its header says ${expected}; restore it from a backup`,
    });
}

// While there is a journal, pages that the file lacks may be there.
function hasJournal(file: string): boolean {
  return (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

function pragma(database: DatabaseSync, name: string): number {
  return Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0] as number;
}
