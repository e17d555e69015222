import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { createContainer, createPool, DaosError, DCont, DObjNotFound, destroyContainer } from "../../src/index.ts";
import { scratchDirectory, scratchSystem } from "../scratch.ts";

const system = scratchSystem();
await createPool("tank", { system });
await createContainer("tank", "neo", { system });

const UUID = "3ee904b3-8868-46ed-96c7-ef608093732c";
/** Bad ones of every kind: for a pool, for a container, for both faces. */
const BAD_LABELS = [
  "",
  ".",
  "..",
  "a/b",
  "../neo",
  "/etc",
  "a b",
  "x".repeat(128),
  "a\0",
  "ã",
  "\ud800",
  undefined,
  null,
  7,
  {},
];

describe("opening", () => {
  test("bad labels are DER_INVAL, and no file is touched or looked at", async () => {
    const nowhere = join(scratchDirectory(), "not made");
    for (const bad of BAD_LABELS)
      for (const [pool, container] of [
        [bad, "neo"],
        ["tank", bad],
      ]) {
        if (pool !== null && typeof pool === "object") continue; // that is the form with a path
        await assert.rejects(
          DCont.open(pool as string, container as string, { system: pathToFileURL(nowhere), create: true }),
          (e) =>
            DaosError.is(e, "DER_INVAL") &&
            e.message.startsWith("failed to access container: DER_INVAL(-1003): Invalid parameters; invalid label"),
        );
      }
    assert.equal(existsSync(nowhere), false);
  });

  test("a bad label comes before a bad system", async () => {
    await assert.rejects(DCont.open("a/b", "neo", { system: "nothing:" }), /invalid label "a\/b"/);
  });

  test("what is missing has PyDAOS's words", async () => {
    const message = "failed to access container: DER_NONEXIST(-1005): The specified entity does not exist";
    for (const [pool, container] of [
      ["missing", "neo"],
      ["tank", "missing"],
      [UUID, "neo"],
      ["tank", UUID],
    ] as const)
      await assert.rejects(DCont.open(pool, container, { system }), { code: "DER_NONEXIST", message });
  });

  test("a container of another type is DER_INVAL and named", async () => {
    await createContainer("tank", "files", { system, type: "POSIX" });
    await assert.rejects(DCont.open("tank", "files", { system }), {
      code: "DER_INVAL",
      message: /^failed to access container: DER_INVAL\(-1003\): Invalid parameters; .*POSIX/,
    });
    await destroyContainer("tank", "files", { system });
  });

  test("create makes what is missing, and opens what is there", async () => {
    const fresh = scratchSystem();
    for (let i = 0; i < 2; i++) {
      await using dcont = await DCont.open("new", "one", { system: fresh, create: true });
      await dcont.dict("d", { k: String(i) }, { ifExists: "open" });
      assert.equal(String(await (await dcont.getDict("d")).get("k")), "0");
    }
    await using other = await DCont.open("new", "two", { system: fresh, create: true });
    assert.equal(await other.has("d"), false);
  });

  test("many at once with create give one container", async () => {
    const fresh = scratchSystem();
    const all = await Promise.all(
      Array.from({ length: 6 }, () => DCont.open("new", "one", { system: fresh, create: true })),
    );
    assert.equal(new Set(all.map(({ uuid }) => uuid)).size, 1);
    await Promise.all(all.map((dcont) => dcont.close()));
  });

  test("modes are RO and RW", async () => {
    for (const mode of ["", "ro", "R", 7])
      await assert.rejects(DCont.open("tank", "neo", { system, mode: mode as "RO" }), TypeError);
  });

  test("an aborted signal rejects with its reason", async () => {
    const reason = new Error("enough");
    await assert.rejects(DCont.open("tank", "neo", { system, signal: AbortSignal.abort(reason) }), reason);
  });

  test("neither a pool nor a path is a TypeError", async () => {
    await assert.rejects(DCont.open({} as { path: string }), TypeError);
  });

  test("a path that is a number is a TypeError, not the descriptor of an open file", async () => {
    for (const path of [0, 5, null, {}]) await assert.rejects(DCont.open({ path: path as string }), TypeError);
  });

  test("new DCont says how a container is opened", () => {
    const Constructor = DCont as unknown as new (...args: unknown[]) => DCont;
    for (const args of [["tank", "neo"], []])
      assert.throws(() => new Constructor(...args), {
        name: "TypeError",
        message: /await DCont\.open\(pool, container\)/,
      });
  });

  test("by the path of a unified-namespace file", async () => {
    const path = join(scratchDirectory(), "a file");
    const { uuid } = await createContainer("tank", "by-path", { system, path });
    for (const way of [path, pathToFileURL(path)]) {
      await using dcont = await DCont.open({ path: way });
      assert.equal(dcont.uuid, uuid);
      assert.equal(dcont.label, "by-path");
    }
    await using dcont = await DCont.open({ path, mode: "RO" });
    await assert.rejects(dcont.dict("d"), {
      code: "DER_NO_PERM",
      message: /^failed to create DAOS dict: DER_NO_PERM\(-1001\)/,
    });
    await assert.rejects(DCont.open({ path: `${path} not` }), { code: "DER_NONEXIST" });
    await assert.rejects(createContainer("tank", "another", { system, path }), { code: "DER_EXIST" });
    await assert.rejects(DCont.open("tank", "another", { system }), { code: "DER_NONEXIST" });
  });
});

describe("an open container", () => {
  test("is shown as PyDAOS shows it, also by UUID", async () => {
    await using dcont = await DCont.open("tank", "neo", { system });
    assert.equal(String(dcont), "tank/neo");
    assert.equal(inspect(dcont), "daos://tank/neo");
    await using byUuid = await DCont.open("tank", dcont.uuid.toUpperCase(), { system });
    assert.equal(String(byUuid), `tank/${dcont.uuid.toUpperCase()}`);
    assert.equal(byUuid.uuid, dcont.uuid);
  });

  test("has PyDAOS's messages for names", async () => {
    await using dcont = await DCont.open("tank", "neo", { system });
    await dcont.dict("taken");
    await assert.rejects(dcont.dict("taken"), {
      code: "DER_EXIST",
      message: "failed to create DAOS dict: DER_EXIST(-1004): Entity already exists",
    });
    await assert.rejects(dcont.dict(""), {
      code: "DER_INVAL",
      message: /^failed to create DAOS dict: DER_INVAL\(-1003\)/,
    });
    await assert.rejects(
      dcont.get("missing"),
      (e) => e instanceof DObjNotFound && e.message === "Failed to open 'missing'",
    );
    await assert.rejects(dcont.destroy("missing"), {
      code: "DER_NONEXIST",
      message: /^failed to destroy DAOS dict: DER_NONEXIST\(-1005\)/,
    });
  });

  test("names never form a path", async () => {
    const directory = scratchDirectory();
    const inside = pathToFileURL(join(directory, "system"));
    await using dcont = await DCont.open("tank", "neo", { system: inside, create: true });
    for (const name of ["../../escape", "/etc/passwd", "..", ".", "a/b", "C:\\x", "~"]) {
      await dcont.dict(name, { k: name });
      assert.equal(String(await (await dcont.getDict(name)).get("k")), name);
      await dcont.destroy(name);
    }
    assert.deepEqual(readdirSync(directory), ["system"]);
    assert.deepEqual(readdirSync(join(directory, "system")), ["tank"]);
  });

  test("is closed at the end of an await using block, also when it throws", async () => {
    let leaked: DCont | undefined;
    const failure = new Error("in the block");
    await assert.rejects(async () => {
      await using dcont = await DCont.open("tank", "neo", { system });
      leaked = dcont;
      void dcont.dict("written in the block", { k: "v" }).catch(() => {});
      throw failure;
    }, failure);
    await assert.rejects(leaked!.has("d"), { code: "DER_NO_HDL" });
  });

  test("nobody makes one but open", () => {
    const Constructor = DCont as unknown as new () => DCont;
    assert.throws(() => new Constructor());
  });
});
