import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { DaosError, DER, type DerCode, DObjNotFound, derText, inContext } from "../src/errors.ts";

test("a DaosError has code, number, PyDAOS's message and the engine's own error", () => {
  const cause = new Error("disk on fire");
  const e = new DaosError("DER_EXIST", "failed to create DAOS dict", { cause });
  assert.ok(e instanceof Error);
  assert.equal(e.name, "DaosError");
  assert.equal(e.code, "DER_EXIST");
  assert.equal(e.errno, -1004);
  assert.equal(e.message, "failed to create DAOS dict: DER_EXIST(-1004): Entity already exists");
  assert.equal(e.cause, cause);
  assert.equal(String(e), "DaosError: failed to create DAOS dict: DER_EXIST(-1004): Entity already exists");
});

test("without a cause there is no property cause", () => {
  assert.equal("cause" in new DaosError("DER_IO", "x"), false);
});

test("a detail follows the description", () => {
  const e = new DaosError("DER_INVAL", "failed to access container", { detail: "the type is POSIX" });
  assert.equal(e.message, "failed to access container: DER_INVAL(-1003): Invalid parameters; the type is POSIX");
  assert.equal(e.detail, "the type is POSIX");
});

test("DObjNotFound is a DaosError with PyDAOS's words alone", () => {
  const e = new DObjNotFound("stadium");
  assert.ok(e instanceof DaosError);
  assert.deepEqual(
    [e.name, e.code, e.errno, e.message],
    ["DObjNotFound", "DER_NONEXIST", -1005, "Failed to open 'stadium'"],
  );
  assert.ok(DaosError.is(e, "DER_NONEXIST"));
});

test("DaosError.is looks at the codes that it is given", () => {
  const e = new DaosError("DER_BUSY", "x");
  assert.ok(DaosError.is(e));
  assert.ok(DaosError.is(e, "DER_BUSY"));
  assert.ok(DaosError.is(e, "DER_IO", "DER_BUSY"));
  assert.equal(DaosError.is(e, "DER_IO"), false);
});

test("DaosError.is takes nothing else for one", () => {
  for (const other of [
    undefined,
    null,
    "DER_BUSY",
    7,
    new Error("DER_BUSY"),
    { code: "DER_BUSY", errno: -1012 },
    () => {},
  ])
    assert.equal(DaosError.is(other), false);
});

test("DaosError.is holds across two copies of the package", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tsdaos-errors-"));
  try {
    cpSync(new URL("../src/errors.ts", import.meta.url), join(directory, "errors.ts"));
    const copy = (await import(pathToFileURL(join(directory, "errors.ts")).href)) as typeof import("../src/errors.ts");
    const theirs = new copy.DaosError("DER_NOSPACE", "x");
    assert.equal(theirs instanceof DaosError, false);
    assert.ok(DaosError.is(theirs, "DER_NOSPACE"));
    assert.ok(copy.DaosError.is(new DObjNotFound("y"), "DER_NONEXIST"));
    assert.equal(DaosError.is(theirs, "DER_IO"), false);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("codes have DAOS's numbers, each its own", () => {
  const numbers = Object.values(DER).map(([number]) => number);
  assert.equal(new Set(numbers).size, numbers.length);
  // From daos_errno.h.
  const known: Partial<Record<DerCode, number>> = {
    DER_NO_PERM: 1001,
    DER_NO_HDL: 1002,
    DER_INVAL: 1003,
    DER_NONEXIST: 1005,
    DER_NOSPACE: 1007,
    DER_NOSYS: 1010,
    DER_TIMEDOUT: 1011,
    DER_BUSY: 1012,
    DER_MISMATCH: 1031,
    DER_IO: 2001,
    DER_KEY2BIG: 2012,
    DER_REC2BIG: 2013,
  };
  for (const [code, number] of Object.entries(known)) assert.equal(DER[code as DerCode][0], number);
  assert.equal(derText("DER_NONEXIST"), "DER_NONEXIST(-1005): The specified entity does not exist");
});

test("inContext keeps code, detail and cause, and says it in the caller's words", () => {
  const cause = new Error("SQLITE_FULL");
  const e = inContext(
    "failed to store KV value",
    new DaosError("DER_NOSPACE", "failed to write", { cause, detail: "f" }),
  );
  assert.ok(DaosError.is(e, "DER_NOSPACE"));
  assert.deepEqual([e.context, e.detail, e.cause], ["failed to store KV value", "f", cause]);
});

test("inContext leaves other errors and DObjNotFound as they are", () => {
  for (const e of [new TypeError("x"), new DObjNotFound("y"), "reason", undefined]) assert.equal(inContext("z", e), e);
});
