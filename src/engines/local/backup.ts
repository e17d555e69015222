/** Copying a container while others use it. */
import { closeSync, constants, copyFileSync, fdatasyncSync, mkdirSync, openSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ARRAYS_DIRECTORY, isMissing, METADATA_FILE } from "./array-files.ts";
import { exists, syncDirectory } from "./directory.ts";
import { oidOf, prepare } from "./reader.ts";

/** Copies the database, as it is at one moment, into the new file `target`. */
export function copyDatabase(database: DatabaseSync, target: string): void {
  database.prepare("VACUUM INTO ?").run(target);
  const copy = new DatabaseSync(target);
  copy.exec("PRAGMA journal_mode = WAL");
  copy.close();
}

/**
 * Copies the arrays of the container into its copy, whose database is there already. Each chunk is one that the array has
 * had while it was copied; an array that is destroyed meanwhile leaves the copy, too.
 *
 * @param container - the container's directory.
 * @param target - the copy's directory.
 * @param databaseFile - the copy's database.
 */
export function copyArrays(container: string, target: string, databaseFile: string): void {
  const copy = new DatabaseSync(databaseFile);
  try {
    const ids = prepare(copy, "SELECT id FROM objects WHERE kind = 'array'").all() as unknown as [number][];
    if (ids.length > 0) mkdirSync(join(target, ARRAYS_DIRECTORY));
    for (const [id] of ids) {
      const path = join(ARRAYS_DIRECTORY, oidOf(id));
      copyTree(join(container, path), join(target, path));
      if (exists(join(container, path))) continue;
      rmSync(join(target, path), { recursive: true });
      copy.prepare("DELETE FROM objects WHERE id = ?").run(id);
    }
    if (ids.length > 0) syncDirectory(join(target, ARRAYS_DIRECTORY));
  } finally {
    copy.close();
  }
}

/** Copies what is there; what others remove meanwhile is not. */
function copyTree(from: string, to: string): void {
  mkdirSync(to);
  const entries = ifThere(() => readdirSync(from, { withFileTypes: true })) ?? [];
  // The metadata come last: an array that grows meanwhile has the new shape, and chunks that are missing are not written yet.
  entries.sort((a, b) => Number(a.name === METADATA_FILE) - Number(b.name === METADATA_FILE));
  for (const entry of entries) {
    const target = join(to, entry.name);
    if (entry.isDirectory()) copyTree(join(from, entry.name), target);
    else ifThere(() => copyDurably(join(from, entry.name), target));
  }
  syncDirectory(to);
}

function copyDurably(from: string, to: string): void {
  copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  const fd = openSync(to, "r");
  try {
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function ifThere<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (e) {
    if (isMissing(e)) return undefined;
    throw e;
  }
}
