import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { pathToFileURL } from "node:url";
import { testEngine } from "../../../src/testing.ts";

const directory = mkdtempSync(join(tmpdir(), "tsdaos-conformance-"));
after(() => rmSync(directory, { recursive: true, force: true }));

testEngine({ system: pathToFileURL(directory).href });
