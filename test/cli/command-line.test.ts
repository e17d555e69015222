import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import type { Command } from "commander";
import { daosProgram } from "../../src/cli/program.ts";
import { skipWithout } from "../needs.ts";
import { oldNode } from "../old-node.ts";
import { BIN, type Playground, playgroundWithContainer } from "./daos.ts";

function allCommands(command: Command, path: string[] = []): string[][] {
  return [path, ...command.commands.flatMap((c) => allCommands(c, [...path, c.name()]))];
}

describe("the daos command line", () => {
  let play: Playground;
  before(() => {
    play = playgroundWithContainer();
  });
  after(() => play[Symbol.dispose]());

  it("every command has help with options and examples that name it", () => {
    for (const path of allCommands(daosProgram())) {
      let help = "";
      const program = daosProgram();
      const command = path.reduce((c, name) => c.commands.find((sub) => sub.name() === name)!, program);
      command.configureOutput({
        writeOut: (text) => {
          help += text;
        },
      });
      command.outputHelp();
      assert.match(help, /^Usage: daos/, path.join(" "));
      assert.match(help, /-j, --json/);
      assert.match(help, /--system <url>/);
      assert.match(help, new RegExp(`Examples:\n(.*\n)*? {2}\\$ daos (-j )?${path.join(" ")}`), path.join(" "));
      for (const line of help.split("\n")) assert.ok(line.length <= 120, line);
      for (const option of command.options) assert.notEqual(option.description, "", `${path} ${option.flags}`);
    }
  });

  it("help is printed on standard output by --help and by help", () => {
    for (const line of ["--help", "help", "cont --help", "help cont", "cont create --help", "cont help create"]) {
      const { status, stdout, stderr } = play.daos(...line.split(" "));
      assert.deepEqual([status, stderr], [0, ""], line);
      assert.match(stdout, /^Usage: daos/);
    }
  });

  it("prints its version", () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    assert.equal(play.daos("--version").stdout, `tsdaos ${version}\n`);
  });

  it("without a command it says which there are", () => {
    for (const [line, choice] of [
      [[], "array, completion, cont, dict, pool or shell; see daos --help"],
      [["pool"], "create, destroy, list or query; see daos pool --help"],
    ] as const) {
      const { status, stdout, stderr } = play.daos(...line);
      assert.deepEqual([status, stdout, stderr], [1, "", `ERROR: daos: Please specify one command of: ${choice}\n`]);
    }
  });

  it("control characters in an error cannot reach the terminal, and it stays one line", () => {
    const { stderr } = play.daos("dict", "get", "tank", "neo", "\x1b[31mred\nline", "a");
    assert.match(stderr, /^ERROR: daos: Failed to open '\\x1b\[31mred line': DER_NONEXIST.*\n$/);
  });

  it("a reader that has seen enough ends a dump quietly", () => {
    const { stdout, stderr } = play.shell(
      `for ((i = 0; i < 20000; i++)); do echo '{"key": "'$i'", "value": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}'; done | daos dict load tank neo long
       daos dict dump tank neo long | head -n 1; echo "status \${PIPESTATUS[0]}"`,
    );
    assert.equal(stderr, "");
    assert.match(stdout, /^Successfully loaded 20000 records into long\n\{"key": "0".*\}\nstatus 0\n$/);
  });

  it("an output that cannot be written is a failure", () => {
    play.daos("dict", "put", "tank", "neo", "full", "a", "b");
    const { status, stderr } = play.shell("daos dict dump tank neo full > /dev/full");
    assert.deepEqual([status, stderr], [1, "ERROR: daos: ENOSPC: no space left on device, write\n"]);
  });

  for (const [signal, status] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)
    it(`${signal} during a load keeps what was stored and ends with ${status}`, async () => {
      const child = play.start("dict", "load", "tank", "neo", `cut-${signal}`);
      const ended = once(child, "exit");
      let stderr = "";
      child.stderr!.on("data", (data) => {
        stderr += data;
      });
      child.stdin!.on("error", () => {});
      const value = "x".repeat(1000);
      for (let i = 0; i < 3000; i++) child.stdin!.write(`{"key": "${i}", "value": "${value}"}\n`);
      // What is left is what a pipe holds: most of it was read.
      await once(child.stdin!, "drain");
      child.kill(signal);
      assert.deepEqual(await ended, [status, null], stderr);
      const stored = Number(/^interrupted; (\d+) records of standard input were stored\n$/.exec(stderr)?.[1]);
      assert.ok(stored > 0, stderr);
      const { stdout } = play.shell(`daos dict dump tank neo cut-${signal} | wc -l`);
      assert.equal(Number(stdout), stored);
    });

  it("runs through npx, under both names", () => {
    for (const name of ["daos", "tsdaos"]) {
      const { stdout } = play.run("npx", [name, "--version"], { cwd: new URL("../..", import.meta.url) });
      assert.match(stdout, /^tsdaos \d/);
    }
  });

  const noCmdline = !existsSync("/proc/self/cmdline") && skipWithout("proc", "no /proc");
  it("a word that is not UTF-8 is refused, not stored as another one", { skip: noCmdline }, () => {
    const refused = play.shell(String.raw`daos dict put tank neo words key -- "$(printf '\377')"`);
    assert.deepEqual([refused.status, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /^ERROR: daos: a word of the command line is not UTF-8; .*\n$/);
    assert.equal(play.daos("dict", "put", "tank", "neo", "words", "key", "\ufffd").status, 0);
    assert.equal(play.daos("dict", "get", "tank", "neo", "words", "key").stdout, "\ufffd");
  });

  const node = oldNode();
  it("an old Node gets one sentence", {
    skip: node === undefined && skipWithout("old-node", "no Node older than 24 in PATH"),
  }, () => {
    const { status, stdout, stderr } = spawnSync(node!, [BIN, "pool", "list"], { encoding: "utf8" });
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^ERROR: daos: tsdaos needs Node 24 or newer; this is Node \d+\.\d+\.\d+\.\n$/);
  });

  const skip = process.getuid?.() !== 0 && skipWithout("root", "only root can become another user");
  it("another user gets DER_NO_PERM for a private pool", { skip }, () => {
    const asNobody = { uid: 65534, gid: 65534 };
    for (const line of [
      "cont list tank",
      "cont query tank neo",
      "dict get tank neo d k",
      "cont create tank x",
      "shell tank neo",
    ]) {
      const { status, stderr } = play.run(process.execPath, [BIN, ...line.split(" ")], { ...asNobody, input: "" });
      assert.equal(status, 1, line);
      assert.match(stderr, /^ERROR: daos: .*: DER_NO_PERM\(-1001\): Operation not permitted.*\n$/, line);
    }
    assert.equal(play.run(process.execPath, [BIN, "pool", "list"], asNobody).stdout, "No pools.\n");
  });
});
