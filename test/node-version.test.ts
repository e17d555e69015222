import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { skipWithout } from "./needs.ts";
import { oldNode } from "./old-node.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

const node = oldNode();

describe("on a Node that is too old", {
  skip: node === undefined && skipWithout("old-node", "no Node older than 24 in PATH"),
}, () => {
  for (const entry of ["index", "sync"])
    it(`importing ${entry} says in one sentence which version is needed`, () => {
      const program = `import("${join(root, "dist", `${entry}.js`)}").catch((e) => console.log(e.stack))`;
      const { stdout, stderr } = spawnSync(node!, ["--eval", program], { encoding: "utf8" });
      assert.match(stdout, /^tsdaos needs Node 24 or newer; this is Node \d+\.\d+\.\d+\.\n$/);
      assert.equal(stderr, "");
    });
});
