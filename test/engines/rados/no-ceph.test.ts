/** Where there is no Ceph, the tests say what they skip and why, and pass; unless it has to be there. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { test } from "node:test";

const FILES = ["conformance", "access", "tour"].map((name) => join(import.meta.dirname, `${name}.test.ts`));

function runTests(required: string): { status: number | null; text: string } {
  // Node's directory alone: Ceph's programs are not in it.
  const env = { PATH: dirname(process.execPath), TSDAOS_TEST_REQUIRE: required };
  const { status, stdout } = spawnSync(process.execPath, ["--test", ...FILES], { env, encoding: "utf8" });
  return { status, text: stdout };
}

test("the tests of the rados engine say what they skip, and what to install", () => {
  const { status, text } = runTests("");
  assert.equal(status, 0, text);
  for (const what of ["conformance of the engine rados", "cephx", "pools of other people", "the tour"])
    assert.match(text, new RegExp(`${what}.*# no ceph-mon, .*: apt-get install .*ceph-mon ceph-osd`), what);
  assert.doesNotMatch(text, /skipped 0/);
});

test("they fail when TSDAOS_TEST_REQUIRE names rados", () => {
  const { status, text } = runTests("root,rados");
  assert.notEqual(status, 0);
  assert.match(text, /TSDAOS_TEST_REQUIRE names rados: no ceph-mon/);
});
