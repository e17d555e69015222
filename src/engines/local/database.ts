/** Opening the SQLite file of a container: is it ours, is it whole, is it of a version that we know. */
import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { DaosError } from "../../errors.ts";
import { waitForLock } from "./lock.ts";
import { APPLICATION_ID, connectionSql, FORMAT_VERSION } from "./schema.ts";
import { fromFileSystem, fromSqlite } from "./sqlite-error.ts";

/** How a connection is opened. */
export interface ConnectionOptions {
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
 * DER_NO_PERM; DER_BUSY when another process recovers the file for longer than the timeout.
 */
export function openDatabase(file: string, options: ConnectionOptions): DatabaseSync {
  let bytes: number;
  try {
    bytes = statSync(file).size;
  } catch (e) {
    // SQLite would make a new, empty file in its place.
    if ((e as NodeJS.ErrnoException).code === "ENOENT")
      throw new DaosError("DER_IO", CONTEXT, { cause: e, detail: `${file} is missing` });
    throw fromFileSystem(e, CONTEXT);
  }
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: options.mode === "RO", timeout: 0 });
    const opened = database;
    waitForLock(
      () => {
        opened.exec(connectionSql(options.durability));
        checkIsOurs(opened, file, bytes);
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

function checkIsOurs(database: DatabaseSync, file: string, bytes: number): void {
  const application = pragma(database, "application_id");
  const version = pragma(database, "user_version");
  if (application !== APPLICATION_ID)
    throw new DaosError("DER_IO", CONTEXT, {
      detail: `${file} is not the database of a tsdaos container, or it was cut short (application_id ${application})`,
    });
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
