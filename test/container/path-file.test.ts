import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { readPathFile, refuseExistingPath, writePathFile } from "../../src/container/path-file.ts";
import { DaosError, type DerCode } from "../../src/errors.ts";

const directory = mkdtempSync(join(tmpdir(), "tsdaos-path-"));
after(() => rmSync(directory, { recursive: true }));

const target = {
  system: "file:///data/daos",
  pool: "8681b308-f0bd-49d8-a260-7db09ce16976",
  container: "3ee904b3-8868-46ed-96c7-ef608093732c",
};
const at = (name: string): string => join(directory, name);

function fails(code: DerCode, work: () => unknown): void {
  assert.throws(work, (e) => DaosError.is(e, code) && e.context === "context", code);
}

test("what was written is read, by path and by URL", () => {
  writePathFile(at("good"), target, "context");
  assert.deepEqual(readPathFile(at("good"), "context"), target);
  assert.deepEqual(readPathFile(pathToFileURL(at("good")), "context"), target);
});

test("the file says what it is and its version", () => {
  const { format, version } = JSON.parse(readFileSync(at("good"), "utf8")) as Record<string, unknown>;
  assert.deepEqual([format, version], ["tsdaos-path", 1]);
});

test("nothing is ever overwritten", () => {
  writeFileSync(at("there"), "mine");
  symlinkSync(at("nowhere"), at("broken link"));
  for (const name of ["there", "broken link"]) {
    fails("DER_EXIST", () => refuseExistingPath(at(name), "context"));
    fails("DER_EXIST", () => writePathFile(at(name), target, "context"));
  }
  assert.equal(readFileSync(at("there"), "utf8"), "mine");
  refuseExistingPath(at("free"), "context");
});

test("a folder that is missing is DER_NONEXIST, a file in its place DER_INVAL", () => {
  fails("DER_NONEXIST", () => writePathFile(at("no/such"), target, "context"));
  fails("DER_NONEXIST", () => readPathFile(at("no/such"), "context"));
  fails("DER_INVAL", () => readPathFile(join(at("there"), "below"), "context"));
});

test("a path that cannot be looked at is told of in DAOS's codes, too", () => {
  symlinkSync("round and round", at("round and round"));
  for (const name of ["x".repeat(300), "round and round/below"]) {
    fails("DER_INVAL", () => refuseExistingPath(at(name), "context"));
    fails("DER_INVAL", () => writePathFile(at(name), target, "context"));
    fails("DER_INVAL", () => readPathFile(at(name), "context"));
  }
});

test("what is no file of a path is DER_INVAL", () => {
  mkdirSync(at("folder"));
  fails("DER_INVAL", () => readPathFile(at("folder"), "context"));
  const contents = [
    "",
    "{",
    "null",
    "7",
    "[]",
    "{}",
    JSON.stringify(target),
    JSON.stringify({ format: "tsdaos-path", version: 1, ...target, pool: "../tank" }),
    JSON.stringify({ format: "tsdaos-path", version: 1, ...target, container: 7 }),
    JSON.stringify({ format: "tsdaos-path", version: 1, ...target, system: undefined }),
  ];
  for (const [i, content] of contents.entries()) {
    writeFileSync(at(`bad ${i}`), content);
    fails("DER_INVAL", () => readPathFile(at(`bad ${i}`), "context"));
  }
});

test("a newer version is refused, never misread", () => {
  writeFileSync(at("newer"), JSON.stringify({ format: "tsdaos-path", version: 2, ...target }));
  fails("DER_MISMATCH", () => readPathFile(at("newer"), "context"));
});
