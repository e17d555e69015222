/** What the tests of the local engine share. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { createContainer, createPool, DaosError, type DerCode } from "../../../src/index.ts";

/** A directory that goes when the test ends. */
export function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "tsdaos-local-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A throw-away system. */
export interface TestSystem {
  readonly directory: string;
  /** Its URL. */
  readonly system: string;
  /** The directory of the container `neo` in the pool `tank`. */
  readonly container: string;
  /** The SQLite file of that container. */
  readonly file: string;
}

/** A throw-away system in that directory, without pools. */
export function systemIn(directory: string): TestSystem {
  const container = join(directory, "tank", "neo");
  return { directory, system: pathToFileURL(directory).href, container, file: join(container, "container.sqlite") };
}

/** A throw-away system with the container `neo` in the pool `tank`. */
export async function tankNeo(t: TestContext): Promise<TestSystem> {
  const made = systemIn(temporaryDirectory(t));
  await createPool("tank", made);
  await createContainer("tank", "neo", made);
  return made;
}

/** What `assert.throws` and `assert.rejects` take: a DaosError with that code whose message matches. */
export function der(code: DerCode, message?: RegExp): (e: unknown) => true {
  return (e) => {
    assert.ok(DaosError.is(e), `a DaosError, not ${e instanceof Error ? e.stack : String(e)}`);
    assert.equal(e.code, code, e.message);
    if (message !== undefined) assert.match(e.message, message);
    return true;
  };
}

/** Runs `work` on the container's file, past the engine. */
export function inDatabase<T>(file: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(file);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
