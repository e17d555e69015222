/** Throw-away systems for tests. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { pathToFileURL } from "node:url";

/** The URL of a system in a directory of its own, which is removed when the file's tests are done. */
export function scratchSystem(): string {
  return pathToFileURL(scratchDirectory()).href;
}

/** A directory of its own, which is removed when the file's tests are done. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "tsdaos-test-"));
  after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
