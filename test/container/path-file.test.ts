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

test("what is no path of either kind is told why", () => {
  // Without libduns nobody can say whether a directory is a path of DAOS's own.
  const why = /(nor a path of DAOS's unified namespace|cannot be told: failed to load (koffi|libduns\.so); .*install)/;
  for (const name of ["folder", "bad 0"])
    assert.throws(() => readPathFile(at(name), "context"), { code: "DER_INVAL", message: why });
});

test("a path in DAOS's own words names pool and container of the daos: system", () => {
  const expected = { system: "daos:", pool: "tank", container: "neo" };
  assert.deepEqual(readPathFile("daos://tank/neo", "context"), expected);
  assert.deepEqual(readPathFile(new URL("daos://tank/neo/"), "context"), expected);
  assert.deepEqual(readPathFile(`daos://${target.pool}/Neo_1`, "context"), {
    ...expected,
    pool: target.pool,
    container: "Neo_1",
  });
  for (const path of ["daos:", "daos://tank", "daos://tank/neo/below", "daos:///neo", "daos:tank/neo"])
    fails("DER_INVAL", () => readPathFile(path, "context"));
});

test("a system of DAOS that the environment names is that of a path in DAOS's own words", (t) => {
  const before = process.env.DAOS_SYSTEM;
  t.after(() => {
    if (before === undefined) delete process.env.DAOS_SYSTEM;
    else process.env.DAOS_SYSTEM = before;
  });
  process.env.DAOS_SYSTEM = "daos://cluster?inFlight=64";
  assert.equal(readPathFile("daos://tank/neo", "context").system, "daos://cluster?inFlight=64");
  process.env.DAOS_SYSTEM = "file:///data/daos";
  assert.equal(readPathFile("daos://tank/neo", "context").system, "daos:");
});

test("a newer version is refused, never misread", () => {
  writeFileSync(at("newer"), JSON.stringify({ format: "tsdaos-path", version: 2, ...target }));
  fails("DER_MISMATCH", () => readPathFile(at("newer"), "context"));
});
