/** Large values: nothing of them is left behind, and nobody waits for them who has nothing to do with them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DCont, DDict } from "../../../src/index.ts";
import { type Ground, onCluster, unique } from "./support.ts";

const LARGE = Buffer.alloc(5_000_000, 1);
const ALSO_LARGE = Buffer.alloc(70_000, 2);

onCluster("large values", { store: "memstore", osds: 1 }, (ground) => {
  test("leave nothing behind, whichever way the key loses them", async () => {
    await using dcont = await ground().client();
    const dict = await dcont.dict(unique("left"));
    const ways: Record<string, () => Promise<unknown>> = {
      "a small value": () => dict.put("k", "small"),
      "another large value": () => dict.put("k", ALSO_LARGE),
      "a bulk": () => dict.bput({ k: "small", other: "1" }),
      delete: () => dict.delete("k"),
      "put of null": () => dict.put("k", null),
      pop: () => dict.pop("k"),
      popitem: () => dict.popitem(),
      "put if present": () => dict.put("k", "small", { if: "present" }),
      modify: () => dict.modify("k", () => Buffer.from("small")),
      "modify to nothing": () => dict.modify("k", () => null),
    };
    for (const [way, lose] of Object.entries(ways)) {
      await dict.put("k", LARGE);
      await lose();
      await dict.put("k", null);
      assert.deepEqual(await parts(ground(), dcont), [], way);
    }
    // Nor does a large value that is refused.
    await dict.put("k", "there");
    await assert.rejects(dict.put("k", LARGE, { if: "absent" }), { code: "DER_EXIST" });
    await assert.rejects(dict.put("none", LARGE, { if: "present" }), { code: "DER_NONEXIST" });
    await dict.getOrInsert("k", LARGE);
    assert.deepEqual(await parts(ground(), dcont), []);
  });

  test("leave nothing behind when the dictionary is cleared or destroyed", async () => {
    const dcont = await ground().client();
    for (const lose of [(dict: DDict) => dict.clear(), (dict: DDict) => dcont.destroy(dict.name)]) {
      const dict = await dcont.dict(unique("gone"), { a: LARGE, b: ALSO_LARGE, c: "1" });
      await lose(dict);
    }
    await dcont.close();
    await using another = await ground().client();
    assert.deepEqual(await parts(ground(), another), []);
  });

  test("leave nothing behind when clients write, take and clear at once", async () => {
    const clients = await Promise.all(Array.from({ length: 3 }, () => ground().client()));
    const name = unique("race");
    const dicts: DDict[] = [];
    for (const client of clients) dicts.push(await client.dict(name, null, { ifExists: "open" }));
    const work = async (dict: DDict): Promise<void> => {
      for (let i = 0; i < 60; i++) {
        const key = `k${Math.floor(Math.random() * 3)}`;
        const choice = Math.random();
        if (choice < 0.4) await dict.put(key, ALSO_LARGE);
        else if (choice < 0.6) await dict.put(key, "small");
        else if (choice < 0.75) await dict.pop(key);
        else if (choice < 0.95) await dict.modify(key, (old) => (old === undefined ? ALSO_LARGE : null));
        else await dict.clear();
      }
    };
    await Promise.all(dicts.flatMap((dict) => [work(dict), work(dict)]));
    for (const key of ["k0", "k1", "k2"]) await dicts[0]!.delete(key);
    for (const client of clients) await client.close();
    await using another = await ground().client();
    assert.deepEqual(await parts(ground(), another), []);
  });

  test("hold nobody up: a small put of the same shard is done before a large one, and before a large one is taken", async () => {
    await using dcont = await ground().client();
    const dict = await dcont.dict(unique("slow"), null, { oclass: "S1" });
    const huge = Buffer.alloc(64 * 2 ** 20, 3);
    for (const slow of [
      () => dict.put("huge", huge),
      () => dict.modify("huge", (old) => old!.fill(4)),
      () => dict.pop("huge"),
    ]) {
      let ended = false;
      const under = slow().then(() => {
        ended = true;
      });
      // It is under way by now, and has to write or read 64 MiB.
      await dict.get("nothing");
      for (let i = 0; i < 3; i++) await dict.put(`small ${i}`, "1");
      assert.ok(!ended, "the large value was faster: nothing is shown");
      await under;
    }
  });
});

/** The objects of large values in the container. */
async function parts({ cluster, pool }: Ground, dcont: DCont): Promise<string[]> {
  const listed = await cluster.rados("-p", pool, "-N", `tsdaos.${dcont.uuid}`, "ls");
  return listed.split("\n").filter((name) => name.startsWith("b."));
}
