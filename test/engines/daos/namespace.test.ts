/** Paths of DAOS's unified namespace, as `daos cont create --path` of DAOS leaves them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { resolvePath } from "../../../src/engines/daos/namespace.ts";
import { DaosError } from "../../../src/errors.ts";
import { libduns } from "../../../src/ffi/libduns.ts";
import {
  createContainer,
  DCont,
  destroyContainer,
  queryContainer,
  resolvePath as resolve,
} from "../../../src/index.ts";
import { DCont as SyncDCont } from "../../../src/sync.ts";
import { missing, needsDaos, newContainer, pool, system } from "./support.ts";

const POOL = "8681b308-f0bd-49d8-a260-7db09ce16976";
const CONTAINER = "3ee904b3-8868-46ed-96c7-ef608093732c";

const directory = mkdtempSync(join(tmpdir(), "tsdaos-namespace-"));
const at = (name: string): string => join(directory, name);

/** Sets the extended attribute that makes a path one of DAOS's. */
function setAttribute(path: string, value: string): void {
  execFileSync("python3", [
    "-c",
    "import os, sys; os.setxattr(sys.argv[1], 'user.daos', sys.argv[2].encode())",
    path,
    value,
  ]);
}

/** Why there can be no paths of DAOS here; `false` when there can. */
function whyNot(): string | false {
  try {
    libduns();
  } catch (e) {
    if (!DaosError.is(e)) throw e;
    if (missing === undefined) throw e;
    return e.message;
  }
  try {
    writeFileSync(at("probe"), "");
    setAttribute(at("probe"), "x");
    return false;
  } catch {
    return `python3 cannot set extended attributes in ${directory}`;
  }
}

process.on("exit", () => rmSync(directory, { recursive: true, force: true }));

describe("paths of DAOS's unified namespace", { skip: whyNot() }, () => {
  const link = (name: string, kind: "directory" | "file", place = `${POOL}/${CONTAINER}`): string => {
    if (kind === "directory") mkdirSync(at(name));
    else writeFileSync(at(name), "");
    setAttribute(at(name), `DAOS.PYTHON://${place}`);
    return at(name);
  };

  for (const kind of ["directory", "file"] as const)
    test(`a ${kind} with DAOS's attribute names its container, also by a symbolic link`, () => {
      const path = link(kind, kind);
      assert.deepEqual(resolvePath(path), { pool: POOL, container: CONTAINER });
      assert.deepEqual(resolve(path), { system: "daos:", pool: POOL, container: CONTAINER });
      symlinkSync(path, at(`link to ${kind}`));
      assert.deepEqual(resolve(at(`link to ${kind}`)).container, CONTAINER);
    });

  test("what has no attribute is no path, nor what lies below one", () => {
    mkdirSync(at("plain"));
    assert.equal(resolvePath(at("plain")), undefined);
    assert.throws(() => resolve(at("plain")), { code: "DER_INVAL", message: /nor a path of DAOS's unified namespace/ });
    mkdirSync(join(link("above", "directory"), "below"));
    assert.equal(resolvePath(at("above/below")), undefined);
  });

  test("an attribute that nobody can read is refused, and so is a path that is not there", () => {
    for (const [i, value] of ["", "nonsense", "DAOS.PYTHON://no/uuid", "DAOS.ODD://a", "x".repeat(300)].entries()) {
      mkdirSync(at(`odd ${i}`));
      setAttribute(at(`odd ${i}`), value);
      assert.throws(
        () => resolvePath(at(`odd ${i}`)),
        (e) => DaosError.is(e, "DER_INVAL", "DER_IO"),
        value,
      );
    }
    assert.throws(() => resolvePath(at("missing")), { code: "DER_NONEXIST" });
  });

  describe("with a running DAOS", needsDaos, () => {
    test("open what they name on both faces", async () => {
      const container = newContainer();
      const { uuid, poolUuid } = await queryContainer(pool, container, { system });
      const path = link("neo", "directory", `${poolUuid}/${uuid}`);
      {
        using dcont = new SyncDCont({ path });
        dcont.dict("stadium", { Barcelona: "Camp Nou" });
        assert.equal(dcont.uuid, uuid);
      }
      await using dcont = await DCont.open({ path, mode: "RO" });
      const stadium = await dcont.getDict("stadium", { valueEncoding: "utf8" });
      assert.equal(await stadium.get("Barcelona"), "Camp Nou");
      await using direct = await DCont.open({ path: `daos://${pool}/${container}` });
      assert.equal(direct.uuid, uuid);
    });

    test("of another type are refused as such", async () => {
      const label = `${newContainer()}-posix`;
      const { uuid, poolUuid } = await createContainer(pool, label, { system, type: "POSIX" });
      try {
        const path = link("posix", "directory", `${poolUuid}/${uuid}`);
        await assert.rejects(DCont.open({ path }), { code: "DER_INVAL", message: /of type POSIX/ });
      } finally {
        await destroyContainer(pool, label, { system });
      }
    });
  });
});
