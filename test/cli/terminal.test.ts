import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { skipWithout } from "../needs.ts";
import { type Playground, playgroundWithContainer } from "./daos.ts";

const hasScript = spawnSync("script", ["--version"]).status === 0;
const skip = !hasScript && skipWithout("script", "script of util-linux is not on this machine");

describe("daos on a terminal", { skip }, () => {
  let play: Playground;
  before(() => {
    play = playgroundWithContainer();
  });
  after(() => play[Symbol.dispose]());

  it("load draws a progress bar, and none in a pipe", () => {
    const lines = Array.from({ length: 150_000 }, (_, i) => `{"key": "${i}", "value": "${"x".repeat(100)}"}\n`);
    writeFileSync(play.file("bar.ndjson"), lines.join(""));
    const { status, stdout } = play.terminal("", "dict", "load", "tank", "neo", "bar", play.file("bar.ndjson"));
    assert.equal(status, 0);
    const seen = stdout.replaceAll("\x1b[K", "<clear>");
    assert.match(seen, /\r<clear>\[#*\.*\] +\d+ % {2}[\d.]+ MiB of 1[\d.]+ MiB {2}[\d,]+ records {2}[\d,]+\/s/);
    assert.match(seen, /\r<clear>Successfully loaded 150000 records into bar\r\n$/);
    assert.equal(play.daos("dict", "load", "tank", "neo", "bar", play.file("bar.ndjson")).stderr, "");
  });

  it("get ends its line, list makes control characters visible", () => {
    play.daos("dict", "put", "tank", "neo", "tty", "a\x1b[31m", "value");
    assert.equal(play.terminal("", "dict", "get", "tank", "neo", "tty", "a\x1b[31m").stdout, "value\r\n");
    assert.equal(play.terminal("", "dict", "list", "tank", "neo", "tty").stdout, "a\\x1b[31m\r\n");
    assert.equal(play.daos("dict", "list", "tank", "neo", "tty").stdout, "a\x1b[31m\n");
  });

  it("the shell has a banner, a prompt, await, and a private history", () => {
    const { status, stdout } = play.terminal(
      'const dd = await dict("repl")\nawait dd.set("a", "1")\nawait dd.size()\nawait dcont.get("nope")\n.exit\n',
      "shell",
      "tank",
      "neo",
    );
    assert.equal(status, 0);
    assert.match(stdout, /tank\/neo is open as dcont/);
    assert.match(stdout, /Uncaught DObjNotFound: Failed to open 'nope': DER_NONEXIST\(-1005\): [^\r\n]*\r\n/);
    assert.doesNotMatch(stdout, /\n +at /);
    assert.equal(play.daos("dict", "get", "tank", "neo", "repl", "a").stdout, "1");
    const history = play.file("state/tsdaos/history");
    assert.match(readFileSync(history, "utf8"), /await dd\.set\("a", "1"\)/);
    assert.deepEqual(
      [statSync(history).mode & 0o777, statSync(play.file("state/tsdaos")).mode & 0o777],
      [0o600, 0o700],
    );
  });
});

describe("daos shell in a pipe", () => {
  let play: Playground;
  before(() => {
    play = playgroundWithContainer();
  });
  after(() => play[Symbol.dispose]());

  it("runs lines one after the other and prints nothing but results", () => {
    const { status, stdout, stderr } = play.daosReading(
      [
        'const dd = await dict("d")',
        'await dd.set("bytes", new Uint8Array([1, 2]))',
        'await dd.get("bytes")',
        "function twice(n) {",
        "  return 2 * n",
        "}",
        "twice(21)",
        "String(dcont)",
        "await Array.fromAsync(dcont).then((all) => all.map((o) => o.name))",
        "",
      ].join("\n"),
      "shell",
      "tank",
      "neo",
    );
    assert.equal(stdout, "undefined\nundefined\n<Buffer 01 02>\nundefined\n42\n'tank/neo'\n[ 'd' ]\n");
    assert.deepEqual([status, stderr], [0, ""]);
  });

  it("--sync gives the blocking face", () => {
    const { status, stdout } = play.daosReading(
      'dict("s").set("a", "1").size\ndict("s") instanceof Map\nString(dict("s").get("a"))\n',
      "shell",
      "tank",
      "neo",
      "--sync",
    );
    assert.deepEqual([status, stdout], [0, "1\ntrue\n'1'\n"]);
  });

  it("a failing line is one line, the next ones run, and the status is 1", () => {
    const { status, stdout } = play.daosReading(
      'await dict("")\nawait dcont.get("nope")\nsetTimeout(() => { throw new Error("late") }, 1); await new Promise((r) => setTimeout(r, 50))\n1 + 1\n',
      "shell",
      "tank",
      "neo",
    );
    assert.equal(status, 1);
    assert.match(
      stdout,
      /^Uncaught DaosError: failed to create DAOS dict: DER_INVAL\(-1003\): Invalid parameters; the name is empty\nUncaught DObjNotFound: Failed to open 'nope': .*\n/,
    );
    assert.match(stdout, /late/);
    assert.match(stdout, /^2$/m);
  });

  it("--read-only cannot write; a container that is not there is a failure", () => {
    play.daos("dict", "put", "tank", "neo", "ro", "a", "1");
    const { stdout } = play.daosReading(
      'await (await dcont.get("ro")).set("a", "2")\n',
      "shell",
      "tank",
      "neo",
      "--read-only",
    );
    assert.match(stdout, /^Uncaught DaosError: .*DER_NO_PERM/);
    assert.match(play.daos("shell", "tank", "none").stderr, /^ERROR: daos: failed to access container: DER_NONEXIST/);
  });
});
