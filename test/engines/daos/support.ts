/** The running DAOS that tests use, where there is one: `TSDAOS_TEST_DAOS_POOL` names a pool of it. */
import { randomUUID } from "node:crypto";
import { after } from "node:test";
import { engine } from "../../../src/engines/daos/index.ts";
import { DaosError } from "../../../src/errors.ts";
import { createContainer, destroyContainer, queryPool } from "../../../src/sync.ts";

/** The system under test. */
export const system = "daos:";

/** The pool under test; empty when there is none. */
export const pool = process.env.TSDAOS_TEST_DAOS_POOL ?? "";

/** Why there is no DAOS to test with; `undefined` when there is. */
export const missing: string | undefined = whyMissing();

// Whoever says that DAOS must be there does not want to be told that it was skipped.
if (missing !== undefined && (process.env.TSDAOS_TEST_REQUIRE ?? "").split(/[\s,]+/).includes("daos"))
  throw new Error(`TSDAOS_TEST_REQUIRE names daos, and ${missing}`);

/** For the options of a test that needs DAOS. */
export const needsDaos: { readonly skip: string | false } = { skip: missing ?? false };

/** A new container, removed after the tests of the file. */
export function newContainer(): string {
  const label = `test-${randomUUID().slice(0, 13)}`;
  createContainer(pool, label, { system });
  after(() => destroyContainer(pool, label, { system, force: true }));
  return label;
}

function whyMissing(): string | undefined {
  if (pool === "") return `there is no DAOS to test with: TSDAOS_TEST_DAOS_POOL names no pool (${engine.name} engine)`;
  try {
    queryPool(pool, { system });
    return undefined;
  } catch (e) {
    if (!DaosError.is(e)) throw e;
    return `there is no DAOS to test with: ${e.message}`;
  }
}
