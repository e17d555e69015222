import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { DCont as AsyncCont } from "../../src/index.ts";
import { createContainer, createPool, DaosError, DCont, DObjNotFound } from "../../src/sync.ts";
import { scratchDirectory, scratchSystem } from "../scratch.ts";

const system = scratchSystem();
createPool("tank", { system });
createContainer("tank", "neo", { system });

describe("opening, blocking", () => {
  test("bad labels are DER_INVAL, and no file is touched or looked at", () => {
    const nowhere = join(scratchDirectory(), "not made");
    for (const bad of ["", ".", "..", "a/b", "../neo", "a b", "x".repeat(128), "a\0", undefined, 7])
      for (const [pool, container] of [
        [bad, "neo"],
        ["tank", bad],
      ])
        assert.throws(
          () => new DCont(pool as string, container as string, { system: pathToFileURL(nowhere), create: true }),
          (e) => DaosError.is(e, "DER_INVAL") && e.message.startsWith("failed to access container: DER_INVAL(-1003)"),
        );
    assert.equal(existsSync(nowhere), false);
  });

  test("what is missing has PyDAOS's words", () => {
    assert.throws(() => new DCont("tank", "missing", { system }), {
      name: "DaosError",
      message: "failed to access container: DER_NONEXIST(-1005): The specified entity does not exist",
    });
    assert.throws(() => new DCont({} as { path: string }), TypeError);
    assert.throws(() => new DCont("tank", "neo", { system, mode: "rw" as "RW" }), TypeError);
  });

  test("by the path of a unified-namespace file", () => {
    const path = join(scratchDirectory(), "a file");
    const { uuid } = createContainer("tank", "by-path", { system, path });
    using dcont = new DCont({ path, mode: "RO" });
    assert.deepEqual([dcont.uuid, dcont.mode], [uuid, "RO"]);
  });
});

describe("an open container, blocking", () => {
  test("is shown as PyDAOS shows it, and is closed at the end of a using block", () => {
    let leaked: DCont;
    {
      using dcont = new DCont("tank", "neo", { system });
      assert.equal(`${dcont}`, "tank/neo");
      assert.equal(inspect(dcont), "daos://tank/neo");
      leaked = dcont;
    }
    assert.throws(() => leaked.has("d"), { code: "DER_NO_HDL" });
  });

  test("has PyDAOS's messages for names", () => {
    using dcont = new DCont("tank", "neo", { system });
    dcont.dict("taken");
    assert.throws(() => dcont.dict("taken"), {
      message: "failed to create DAOS dict: DER_EXIST(-1004): Entity already exists",
    });
    assert.throws(
      () => dcont.get("missing"),
      (e) => e instanceof DObjNotFound && e.message === "Failed to open 'missing'",
    );
  });

  test("an async iterable as entries is refused, and nothing is created", () => {
    using dcont = new DCont("tank", "neo", { system });
    const stream = (async function* () {
      yield ["k", "v"] as const;
    })() as unknown as Map<string, string>;
    assert.throws(() => dcont.dict("streamed", stream), TypeError);
    assert.equal(dcont.has("streamed"), false);
  });

  test("closing it leaves what the other face is writing alone", async () => {
    const writer = await AsyncCont.open("tank", "neo", { system });
    const dd = await writer.dict("both faces");
    using dcont = new DCont("tank", "neo", { system });
    const puts = Array.from({ length: 100 }, (_, i) => dd.put(`k${i}`, "v"));
    assert.equal(dcont.getDict("both faces").size, 100, "a blocking call sees what was called before it");
    dcont.close();
    await Promise.all(puts);
    assert.equal(await dd.size(), 100);
    await writer.close();
  });
});

test("ifExists: open opens what is there also where nothing can be written, and checks the entries all the same", () => {
  using writer = new DCont("tank", "read-only", { system, create: true });
  writer.dict("there", { k: "v" });
  using reader = new DCont("tank", "read-only", { system, mode: "RO" });
  assert.equal(reader.dict("there", null, { ifExists: "open" }).size, 1);
  assert.equal(reader.dict("there", { other: "v" }, { ifExists: "open" }).size, 1);
  assert.throws(() => reader.dict("there", { k: 7 as unknown as string }, { ifExists: "open" }), TypeError);
  assert.throws(
    () => reader.dict("missing", null, { ifExists: "open" }),
    (e) => DaosError.is(e, "DER_NO_PERM"),
  );
});
