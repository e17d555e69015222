/**
 * The directories of a system: `<system>/<pool>/<container>/`, each pool and container marked by a file of ours, each
 * appearing and disappearing in one step (rename), so that no one ever sees half a pool.
 */
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { isLabel, isUuid } from "../../container/label.ts";
import { DaosError } from "../../errors.ts";
import { FORMAT_VERSION } from "./schema.ts";

/** What a marker file says, beside what its kind of directory adds. */
export interface Marker {
  /** `tsdaos-pool` or `tsdaos-container`. */
  readonly format: string;
  readonly version: number;
  readonly uuid: string;
  readonly label?: string | undefined;
}

/** A kind of directory: its marker file. */
export interface DirectoryKind {
  readonly noun: "pool" | "container";
  readonly file: string;
  readonly format: string;
}

/** A pool's directory. */
export const POOL: DirectoryKind = { noun: "pool", file: "pool.json", format: "tsdaos-pool" };
/** A container's directory. */
export const CONTAINER: DirectoryKind = { noun: "container", file: "container.json", format: "tsdaos-container" };

/** A directory of ours and what its marker says. */
export interface Marked<M extends Marker> {
  readonly path: string;
  readonly marker: M;
}

// `~` cannot stand in a label, so these names collide with no pool and no container.
const MAKING = "~new-";
const REMOVING = "~gone-";
/** What an interrupted creation or removal left behind is removed after this time, milliseconds. */
const LEFTOVER_AGE_MS = 3_600_000;

/**
 * Makes the directory `parent/name` with its marker and whatever `fill` adds; it appears complete or not at all.
 *
 * @param mode - its permission bits, whatever the umask.
 * @throws DaosError DER_EXIST when the name is taken.
 */
export function makeMarked<M extends Marker>(
  parent: string,
  name: string,
  kind: DirectoryKind,
  marker: M,
  mode: number,
  fill: (path: string) => void,
): void {
  const path = join(parent, name);
  if (exists(path)) throw new DaosError("DER_EXIST", `failed to create ${kind.noun}`, { detail: undefined });
  removeLeftovers(parent);
  const making = join(parent, MAKING + randomUUID());
  mkdirSync(making, { mode: 0o700 });
  try {
    writeDurably(join(making, kind.file), `${JSON.stringify(marker, undefined, 2)}\n`, mode & 0o666);
    fill(making);
    chmodSync(making, mode);
    syncDirectory(making);
    renameSync(making, path);
  } catch (e) {
    rmSync(making, { recursive: true, force: true });
    const code = (e as NodeJS.ErrnoException).code;
    if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOTDIR")
      throw new DaosError("DER_EXIST", `failed to create ${kind.noun}`, { cause: e });
    throw e;
  }
  syncDirectory(parent);
}

/** Takes a directory of ours out of everyone's sight in one step; gives the path at which it is to be removed. */
export function setAside(path: string): string {
  const aside = join(dirname(path), REMOVING + randomUUID());
  renameSync(path, aside);
  syncDirectory(dirname(path));
  return aside;
}

/** Puts a directory back that was set aside. */
export function putBack(aside: string, path: string): void {
  renameSync(aside, path);
  syncDirectory(dirname(path));
}

/** Removes a directory that was set aside. Links in it are removed, what they point to is not. */
export function removeAside(aside: string): void {
  rmSync(aside, { recursive: true, force: true });
}

/**
 * The names under `path` that are neither its marker, nor directories of the kind `children`, nor what an interrupted
 * creation or removal of those left behind: what tsdaos did not make, or may not look into.
 */
export function foreignNames(path: string, kind: DirectoryKind, children: DirectoryKind): string[] {
  const ours = new Set(listMarked(path, children).map((child) => basename(child.path)));
  return readdirSync(path).filter((name) => name !== kind.file && !ours.has(name) && !isLeftover(name));
}

/**
 * The directory of that kind under `parent` with this label or UUID; `undefined` when there is none.
 *
 * @throws DaosError DER_INVAL when what has that name is not ours, DER_IO when its marker is damaged, DER_MISMATCH when
 * its format is newer.
 */
export function findMarked<M extends Marker>(
  parent: string,
  labelOrUuid: string,
  kind: DirectoryKind,
): Marked<M> | undefined {
  if (!isUuid(labelOrUuid)) return readMarked<M>(join(parent, labelOrUuid), kind);
  const uuid = labelOrUuid.toLowerCase();
  return listMarked<M>(parent, kind).find(({ marker }) => marker.uuid === uuid);
}

/** All directories of that kind under `parent` that this user may look into, by name. */
export function listMarked<M extends Marker>(parent: string, kind: DirectoryKind): Marked<M>[] {
  const found: Marked<M>[] = [];
  for (const entry of readdirSync(parent, { withFileTypes: true })) {
    if (!entry.isDirectory() || !(isLabel(entry.name) || isUuid(entry.name))) continue;
    try {
      const marked = readMarked<M>(join(parent, entry.name), kind);
      if (marked !== undefined) found.push(marked);
    } catch (e) {
      // Other users' pools and directories that are not ours are not in the list; they are told of when they are named.
      if ((e as NodeJS.ErrnoException).code !== "EACCES" && !DaosError.is(e)) throw e;
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The permission bits of a directory that matter here: those of user and group, and setgid. */
export function modeOf(path: string): number {
  return statSync(path).mode & 0o2777;
}

/** Whether anything has that name, also a broken link. */
export function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Makes a new file with this content and mode, whatever the umask, and flushes it. */
export function writeDurably(path: string, content: string | Uint8Array, mode: number): void {
  const fd = openSync(path, "wx", mode);
  try {
    writeFileSync(fd, content);
    chmodSync(path, mode);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Flushes a directory: the names in it survive a power failure. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function readMarked<M extends Marker>(path: string, kind: DirectoryKind): Marked<M> | undefined {
  const directory = lstatSync(path, { throwIfNoEntry: false });
  if (directory === undefined) return undefined;
  // Behind a link there may be anything, also outside the system: destroying it would destroy there.
  if (!directory.isDirectory())
    throw notOurs(path, kind, directory.isSymbolicLink() ? "it is a symbolic link" : "it is not a directory");
  const file = join(path, kind.file);
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    if (!exists(path)) return undefined; // destroyed between the two looks
    throw notOurs(path, kind, `there is no file ${kind.file}`);
  }
  const marker = parseMarker(readFileSync(file, "utf8"), file, kind);
  if (marker?.format !== kind.format) throw notOurs(path, kind, `${kind.file} is not ours`);
  const { version, uuid, label } = marker;
  if (typeof version !== "number" || typeof uuid !== "string" || !isUuid(uuid))
    throw damaged(file, kind, "version or uuid are missing");
  if (version > FORMAT_VERSION)
    throw new DaosError("DER_MISMATCH", `failed to access ${kind.noun}`, {
      detail: `${file} has format version ${version}, this tsdaos knows ${FORMAT_VERSION}; install a newer tsdaos`,
    });
  if ((label ?? uuid) !== basename(path))
    throw notOurs(path, kind, `${kind.file} is that of ${label ?? uuid}: the directory was copied or renamed`);
  return { path, marker: marker as M };
}

function parseMarker(text: string, file: string, kind: DirectoryKind): Partial<Marker> | undefined {
  try {
    return JSON.parse(text) as Partial<Marker>;
  } catch (e) {
    throw damaged(file, kind, (e as Error).message, e);
  }
}

function damaged(file: string, kind: DirectoryKind, why: string, cause?: unknown): DaosError<"DER_IO"> {
  return new DaosError("DER_IO", `failed to access ${kind.noun}`, {
    cause,
    detail: `${file} is damaged (${why}); restore it from a backup`,
  });
}

function notOurs(path: string, kind: DirectoryKind, why: string): DaosError<"DER_INVAL"> {
  return new DaosError("DER_INVAL", `failed to access ${kind.noun}`, {
    detail: `${path} is no ${kind.noun} that tsdaos made: ${why}`,
  });
}

function isLeftover(name: string): boolean {
  const prefix = [MAKING, REMOVING].find((p) => name.startsWith(p));
  return prefix !== undefined && isUuid(name.slice(prefix.length));
}

function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!isLeftover(name)) continue;
    const path = join(parent, name);
    const age = Date.now() - (lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age < LEFTOVER_AGE_MS) continue;
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Somebody else's: theirs to remove.
    }
  }
}
