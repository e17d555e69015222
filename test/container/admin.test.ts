import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as asyncAdmin from "../../src/container/admin.ts";
import * as syncAdmin from "../../src/container/admin-sync.ts";
import { CONTAINER_TYPES, parseContainerType } from "../../src/container/container-type.ts";
import { DaosError, type DerCode } from "../../src/errors.ts";
import { scratchDirectory, scratchSystem } from "../scratch.ts";

const UUID = "3ee904b3-8868-46ed-96c7-ef608093732c";

async function fails(code: DerCode, message: RegExp, work: () => unknown): Promise<void> {
  await assert.rejects(
    async () => work(),
    (e) => DaosError.is(e, code) && message.test(e.message),
  );
}

for (const [face, admin] of Object.entries({ async: asyncAdmin, sync: syncAdmin }))
  describe(`pools and containers (${face})`, () => {
    test("bad labels are refused before anything is made or looked at", async () => {
      const nowhere = join(scratchDirectory(), "not made");
      const o = { system: pathToFileURL(nowhere) };
      for (const bad of ["", ".", "..", "a/b", "../x", "a b", "x".repeat(128), "a\0", 7 as unknown as string]) {
        await fails("DER_INVAL", /^failed to create pool: /, () => admin.createPool(bad, o));
        await fails("DER_INVAL", /^failed to query pool: /, () => admin.queryPool(bad, o));
        await fails("DER_INVAL", /^failed to destroy pool: /, () => admin.destroyPool(bad, o));
        await fails("DER_INVAL", /^failed to create container: /, () => admin.createContainer(bad, "neo", o));
        await fails("DER_INVAL", /^failed to create container: /, () => admin.createContainer("tank", bad, o));
        await fails("DER_INVAL", /^failed to list containers: /, () => admin.listContainers(bad, o));
        await fails("DER_INVAL", /invalid label/, () => admin.queryContainer("tank", bad, o));
        await fails("DER_INVAL", /invalid label/, () => admin.destroyContainer("tank", bad, o));
        await fails("DER_INVAL", /invalid label/, () => admin.checkContainer(bad, "neo", o));
        await fails("DER_INVAL", /invalid label/, () => admin.backupContainer("tank", bad, join(nowhere, "b"), o));
      }
      for (const create of [admin.createPool, (uuid: string, p: typeof o) => admin.createContainer("tank", uuid, p)])
        await fails("DER_INVAL", /not a UUID/, () => create(UUID, o));
      assert.equal(existsSync(nowhere), false);
    });

    test("reading a system that was never made makes nothing", async () => {
      const nowhere = join(scratchDirectory(), "not made");
      const o = { system: pathToFileURL(nowhere) };
      assert.deepEqual(await admin.listPools(o), []);
      await fails("DER_NONEXIST", /^failed to query pool: DER_NONEXIST\(-1005\)/, () => admin.queryPool("tank", o));
      assert.equal(existsSync(nowhere), false);
    });

    test("directories that tsdaos did not make are neither listed nor destroyed, whatever their name", async () => {
      const system = scratchSystem();
      const root = fileURLToPath(system);
      await admin.createPool("tank", { system });
      for (const foreign of [join(root, "foreign"), join(root, "tank", "foreign")]) {
        mkdirSync(foreign);
        writeFileSync(join(foreign, "precious"), "data");
      }
      writeFileSync(join(root, "foreign", "container.json"), "{}");
      assert.deepEqual(
        (await admin.listPools({ system })).map(({ label }) => label),
        ["tank"],
      );
      assert.deepEqual(await admin.listContainers("tank", { system }), []);
      await fails("DER_INVAL", /no pool that tsdaos made/, () => admin.destroyPool("foreign", { system, force: true }));
      await fails("DER_INVAL", /no container that tsdaos made/, () =>
        admin.destroyContainer("tank", "foreign", { system, force: true }),
      );
      await fails("DER_EXIST", /^failed to create/, () => admin.createPool("foreign", { system }));
      assert.equal(readFileSync(join(root, "foreign", "precious"), "utf8"), "data");
      assert.equal(readFileSync(join(root, "tank", "foreign", "precious"), "utf8"), "data");
    });

    test("a new pool is its owner's alone, with mode also its group's", async () => {
      const system = scratchSystem();
      await admin.createPool("private", { system });
      await admin.createPool("shared", { system, mode: 0o770 });
      const modeOf = (pool: string): number => statSync(join(fileURLToPath(system), pool)).mode & 0o7777;
      assert.equal(modeOf("private"), 0o700);
      assert.equal(modeOf("shared"), 0o2770);
      for (const mode of [0o070, -1, 1.5, 0o10000, Number.NaN])
        await fails("DER_INVAL", /mode/, () => admin.createPool("bad", { system, mode }));
      assert.deepEqual(readdirSync(fileURLToPath(system)).sort(), ["private", "shared"]);
    });

    test("a container's path that cannot be written leaves no container behind", async () => {
      const system = scratchSystem();
      await admin.createPool("tank", { system });
      await fails("DER_NONEXIST", /^failed to create container: /, () =>
        admin.createContainer("tank", "neo", { system, path: join(scratchDirectory(), "no/such/folder") }),
      );
      assert.deepEqual(await admin.listContainers("tank", { system }), []);
    });

    test("types are DAOS's, in any case; others are refused", async () => {
      const system = scratchSystem();
      await admin.createPool("tank", { system });
      assert.equal((await admin.createContainer("tank", "a", { system, type: "posix" })).type, "POSIX");
      assert.equal((await admin.createContainer("tank", "b", { system, type: "UNKNOWN" })).type, "unknown");
      await fails("DER_INVAL", /unknown container type "FOO"/, () =>
        admin.createContainer("tank", "c", { system, type: "FOO" }),
      );
      for (const type of CONTAINER_TYPES) assert.equal(parseContainerType(type.toLowerCase(), "context"), type);
    });

    test("a property that is no text is a TypeError, and nothing is created", async () => {
      const system = scratchSystem();
      await admin.createPool("tank", { system });
      const properties = { custom: 1 as unknown as string };
      await assert.rejects(async () => admin.createContainer("tank", "neo", { system, properties }), TypeError);
      assert.deepEqual(await admin.listContainers("tank", { system }), []);
    });

    test("properties are kept", async () => {
      const system = scratchSystem();
      await admin.createPool("tank", { system });
      await admin.createContainer("tank", "neo", { system, properties: { owner: "trinity@", custom: "1" } });
      const { properties } = await admin.queryContainer("tank", "neo", { system });
      assert.deepEqual(
        [properties.label, properties.layout_type, properties.owner, properties.custom],
        ["neo", "PYTHON", "trinity@", "1"],
      );
    });
  });
