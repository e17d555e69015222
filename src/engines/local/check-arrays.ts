/** The arrays' part of `checkContainer`: is the metadata there, are chunks whole, what belongs to nobody. */
import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DTYPES } from "../../array/dtype.ts";
import { chunkCoordinates, gridShape } from "../../array/grid.ts";
import { type ArrayMetadata, parseMetadata } from "../../array/metadata.ts";
import { sizeOf } from "../../array/ndarray.ts";
import { ARRAYS_DIRECTORY, ArrayFiles, LOCK_SUFFIX, METADATA_FILE, STAGING_DIRECTORY } from "./array-files.ts";
import { idOf, oidOf } from "./reader.ts";

/** What a check of the database gives to that of the files. */
export interface ArrayCheck {
  /** The container's directory. */
  readonly directory: string;
  /** Younger than this, a thing may be being made right now, milliseconds. */
  readonly orphanAgeMs: number;
  /** Whether there is such an array, at this moment. */
  isArray(id: number): boolean;
  /** Notes what is wrong; `mend` is called when the container is to be repaired. */
  found(message: string, mend?: () => void): void;
}

/** Looks at the files of an array that has a name. */
export function checkArray({ directory, isArray, found }: ArrayCheck, id: number, what: string): void {
  const files = new ArrayFiles(directory, oidOf(id));
  const document = files.read(METADATA_FILE);
  if (document === undefined) {
    if (isArray(id)) found(`${what} has no metadata: ${join(files.path, METADATA_FILE)} is missing`);
    return;
  }
  let meta: ArrayMetadata;
  try {
    meta = parseMetadata(document);
  } catch (e) {
    found(`${what} cannot be opened: ${(e as Error).message}`);
    return;
  }
  const bytes = sizeOf(meta.chunks) * DTYPES[meta.dtype].bytes;
  const grid = gridShape(meta.shape, meta.chunks);
  for (let after: string | undefined; ; ) {
    const page = files.list(after, 10_000);
    for (const key of page.keys) {
      const at = chunkCoordinates(key, meta.shape.length);
      if (at === undefined) {
        found(`${what} has a file that is no chunk of it: ${files.chunkFile(key)}`);
        continue;
      }
      const size = lstatSync(files.chunkFile(key), { throwIfNoEntry: false })?.size;
      if (size !== undefined && meta.compressions.length === 0 && size !== bytes)
        found(`chunk ${key} of ${what} has ${size} bytes where ${bytes} are expected: it was cut short or changed`);
      // What was cut off by a resize that was interrupted would be back when the array grows again.
      if (at.some((c, axis) => c >= grid[axis]!) && isBeyond(files, at))
        found(`chunk ${key} of ${what} lies beyond its shape`, () => files.remove(key, new Set()));
    }
    after = page.next;
    if (after === undefined) return;
  }
}

/** Looks for files of arrays that are gone, and for what interrupted writes left behind. Gives how many were left alone. */
export function checkStray({ directory, orphanAgeMs, isArray, found }: ArrayCheck): number {
  let skipped = 0;
  const look = (name: string, remove: (entry: string) => boolean): void => {
    for (const entry of namesIn(join(directory, name))) {
      const path = join(directory, name, entry);
      if (!remove(entry)) continue;
      if (Date.now() - (lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) < orphanAgeMs) skipped++;
      else found(`${name}/${entry} belongs to no object`, () => rmSync(path, { recursive: true, force: true }));
    }
  };
  // An array's directory may be seen before its object: what is new is left alone.
  look(ARRAYS_DIRECTORY, (oid) => !isArray(idOf(oid)));
  look(STAGING_DIRECTORY, (entry) =>
    entry.endsWith(LOCK_SUFFIX) ? !isArray(idOf(entry.slice(0, -LOCK_SUFFIX.length))) : true,
  );
  return skipped;
}

/** Whether the chunk is beyond the shape also now: others may have made the array grow meanwhile. */
function isBeyond(files: ArrayFiles, at: readonly number[]): boolean {
  const document = files.read(METADATA_FILE);
  if (document === undefined) return false;
  const { shape, chunks } = parseMetadata(document);
  return at.some((c, axis) => c * chunks[axis]! >= shape[axis]!);
}

function namesIn(directory: string): string[] {
  return lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(directory) : [];
}
