import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** A Node older than 24 on this machine, where there is one: its own, beside the one that the package brings. */
function oldNode(): string | undefined {
  for (const node of ["/usr/bin/node", "/usr/local/bin/node"]) {
    try {
      if (Number.parseInt(execFileSync(node, ["--version"], { encoding: "utf8" }).slice(1), 10) < 24) return node;
    } catch {
      // not there
    }
  }
  return undefined;
}

const node = oldNode();

describe("on a Node that is too old", {
  skip: node === undefined ? "no Node older than 24 on this machine" : false,
}, () => {
  for (const entry of ["index", "sync"])
    it(`importing ${entry} says in one sentence which version is needed`, () => {
      const program = `import("${join(root, "dist", `${entry}.js`)}").catch((e) => console.log(e.stack))`;
      const { stdout, stderr } = spawnSync(node!, ["--eval", program], { encoding: "utf8" });
      assert.match(stdout, /^tsdaos needs Node 24 or newer; this is Node \d+\.\d+\.\d+\.\n$/);
      assert.equal(stderr, "");
    });
});
