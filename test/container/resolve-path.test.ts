import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { createContainer, createPool, queryContainer, resolvePath } from "../../src/index.ts";

describe("the container that a path names", () => {
  let directory = "";
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "tsdaos-path-"));
  });
  after(() => rmSync(directory, { recursive: true }));

  it("is told as system, pool and container, for calls that take these", async () => {
    const system = pathToFileURL(join(directory, "system")).href;
    const path = join(directory, "neo.daos");
    await createPool("tank", { system });
    const created = await createContainer("tank", "neo", { system, path });
    const target = resolvePath(path);
    assert.deepEqual(target, { system, pool: created.poolUuid, container: created.uuid });
    assert.equal((await queryContainer(target.pool, target.container, target)).label, "neo");
  });

  it("is refused when there is no file, or another one", () => {
    const other = join(directory, "other.json");
    writeFileSync(other, "{}");
    assert.throws(() => resolvePath(join(directory, "missing")), { code: "DER_NONEXIST" });
    assert.throws(() => resolvePath(other), { code: "DER_INVAL" });
  });
});
