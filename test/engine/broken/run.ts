/** Runs the conformance suite against a module of this folder: `node run.ts <module's name>`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { pathToFileURL } from "node:url";
import { testEngine } from "../../../src/testing.ts";

const directory = mkdtempSync(join(tmpdir(), "tsdaos-broken-"));
after(() => rmSync(directory, { recursive: true, force: true }));

testEngine({
  system: pathToFileURL(directory).href,
  module: new URL(`./${process.argv[2]}.ts`, import.meta.url),
});
