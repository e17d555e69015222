/** What one process has written, the next read of any other process sees. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DCont } from "../../../src/index.ts";
import { Remote } from "./remote.ts";
import { tankNeo } from "./support.ts";

for (const face of ["async", "sync"] as const)
  test(`what A has written, B's next read sees: ${face}`, async (t) => {
    const { system } = await tankNeo(t);
    await using a = await Remote.start();
    await using b = await Remote.start();
    for (const remote of [a, b])
      await remote.run(
        async ({ tsdaos, blocking, state }, system, face) => {
          // `await` is for both faces: it lets a plain value pass.
          state.c =
            face === "sync"
              ? new blocking.DCont("tank", "neo", { system })
              : await tsdaos.DCont.open("tank", "neo", { system });
        },
        system,
        face,
      );
    const has = (name: string): Promise<boolean> => b.run(({ state }, name) => state.c.has(name), name);
    const size = (): Promise<number> =>
      b.run(({ state }) => (typeof state.d.size === "number" ? state.d.size : state.d.size()));

    assert.equal(await has("stadium"), false);
    await a.run(async ({ state }) => {
      state.d = await state.c.dict("stadium");
    });
    assert.equal(await has("stadium"), true, "a new name");
    await b.run(async ({ state }) => {
      state.d = await state.c.getDict("stadium");
    });

    for (let i = 0; i < 200; i++) {
      await a.run(({ state }, i) => state.d.put("key", `value ${i}`), i);
      const seen = await b.run(async ({ state }) => String(await state.d.get("key")));
      assert.equal(seen, `value ${i}`, "a put");
      if (i % 10 !== 0) continue;
      await a.run(({ state }) => state.d.delete("key"));
      assert.equal(await b.run(({ state }) => state.d.has("key")), false, "a delete");
      assert.equal(await size(), 0, "the count after a delete");
    }

    await a.run(({ state }) => state.d.bput([..."abc"].map((k) => [k, "x".repeat(5000)])));
    const keys = await b.run(async ({ state }) => [...(await state.d.dump()).keys()]);
    assert.deepEqual(keys, ["a", "b", "c", "key"], "a batch");
    assert.equal(await size(), 4, "the count after a batch");
    await a.run(({ state }) => state.d.clear());
    assert.equal(await size(), 0, "clear");

    await a.run(({ state }) => state.d.put("old", "1"));
    await a.run(({ state }) => state.c.destroy("stadium"));
    assert.equal(await has("stadium"), false, "a destroyed name");
    for (const verb of ["get", "has", "put", "delete", "pop"])
      await assert.rejects(
        b.run(({ state }, verb) => state.d[verb]("old", "new"), verb),
        { code: "DER_NONEXIST", isDaosError: true },
        `${verb} through a handle whose object is gone`,
      );
    await a.run(async ({ state }) => {
      state.d = await state.c.dict("stadium", { old: "of another object" });
    });
    for (const verb of ["get", "put", "delete"])
      await assert.rejects(
        b.run(({ state }, verb) => state.d[verb]("old", "new"), verb),
        { code: "DER_NONEXIST" },
        `${verb} after the name was used again`,
      );
    assert.equal(
      await b.run(async ({ state }) => String(await (await state.c.getDict("stadium")).get("old"))),
      "of another object",
    );
    await using here = await DCont.open("tank", "neo", { system });
    assert.equal(
      String(await (await here.getDict("stadium")).get("old")),
      "of another object",
      "nothing was written to it",
    );
  });
