import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { complete } from "../../src/cli/completion/complete.ts";
import { daosProgram } from "../../src/cli/program.ts";
import { skipWithout } from "../needs.ts";

/** What bash would offer for the last of these words. */
function offered(...words: string[]): string[] {
  const script = `${complete(daosProgram(), "bash").text}
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _daos; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", script, "bash", ...words], { encoding: "utf8" });
  assert.equal(stderr, "");
  return stdout.split("\n").filter((word) => word !== "");
}

const has = (shell: string): boolean => spawnSync(shell, ["-c", "true"]).status === 0;

describe("completion", () => {
  it("bash is offered commands, verbs and options", () => {
    assert.deepEqual(offered("daos", "co"), ["cont", "container", "completion"]);
    assert.deepEqual(offered("daos", "cont", "cr"), ["create"]);
    assert.deepEqual(offered("tsdaos", "container", "list"), ["list", "list-objects"]);
    assert.deepEqual(offered("daos", "-j", "--system", "dict", "pool", "q"), ["query"]);
    assert.deepEqual(offered("daos", "dict", "put", "tank", "--if"), ["--if-absent", "--if-present"]);
    assert.deepEqual(offered("daos", "dict", "dump", "tank", "neo", "d", "--format", ""), ["ndjson", "csv", "json"]);
    assert.deepEqual(offered("daos", "array", "export", "tank", "neo", "a", "b", "-F", ""), ["npy", "zarr"]);
    assert.deepEqual(offered("daos", "array", "show", "tank", "neo", "a", "--colors", "m"), ["magma"]);
    assert.deepEqual(offered("daos", "array", "im"), ["import"]);
    assert.deepEqual(offered("daos", "shell", "--s"), ["--sync", "--system"]);
  });

  for (const shell of ["bash", "zsh", "fish"])
    it(`the script for ${shell} has no syntax error`, {
      skip: !has(shell) && skipWithout(shell, `${shell} is not on this machine`),
    }, () => {
      const { status, stderr } = spawnSync(shell, ["-n"], {
        input: complete(daosProgram(), shell).text,
        encoding: "utf8",
      });
      assert.deepEqual([status, stderr], [0, ""]);
    });

  it("fish and zsh scripts name every verb", () => {
    for (const shell of ["fish", "zsh"])
      for (const verb of ["get-prop", "list-objects", "load", "shell", "--if-absent".slice(2), "histogram"])
        assert.ok(complete(daosProgram(), shell).text.includes(verb), `${shell}: ${verb}`);
  });

  it("another shell is refused", () => {
    assert.throws(() => complete(daosProgram(), "tcsh"), {
      message: 'unknown shell "tcsh"; known are bash, zsh, fish',
    });
  });
});
