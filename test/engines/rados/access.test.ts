/** Who may do what: cephx, and pools of other people. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createContainer, createPool, DCont, destroyPool, listPools, queryPool } from "../../../src/index.ts";
import { DCont as BlockingDCont } from "../../../src/sync.ts";
import { onCluster, unique } from "./support.ts";

onCluster("cephx", { store: "memstore", auth: "cephx" }, (ground) => {
  test("the right key gets in, a wrong one gets DER_NO_PERM, and so does none", async () => {
    const { cluster, pool, container } = ground();
    const keyring = await cluster.createUser("alice", "allow *", "allow *");
    const system = (query: string): string => `rados://${cluster.conf}?${query}&timeout=5000`;
    const dcont = await DCont.open(pool, container, { system: system(`id=alice&keyring=${keyring}`) });
    await dcont.dict(unique("d"), { a: "1" });
    await dcont.close();
    const wrong = join(cluster.directory, "keyring.wrong");
    writeFileSync(wrong, "[client.alice]\n\tkey = AQBqDHtiAAAAABAAo3mp+Kz1iu1d6m3GtBkKUA==\n");
    // Nor does one whose key is right, but for another pool.
    const elsewhere = await cluster.createUser("elsewhere", "allow r", "allow rwx pool=other");
    for (const query of [`id=alice&keyring=${wrong}`, "id=nobody", `id=elsewhere&keyring=${elsewhere}`]) {
      await assert.rejects(DCont.open(pool, container, { system: system(query) }), { code: "DER_NO_PERM" }, query);
      assert.throws(
        () => new BlockingDCont(pool, container, { system: system(query) }),
        { code: "DER_NO_PERM" },
        `${query}, blocking`,
      );
    }
  });

  test("a user who may only read opens read-only and cannot write", async () => {
    const { cluster, pool, container } = ground();
    const name = unique("d");
    await using writer = await ground().client();
    await writer.dict(name, { a: "1", large: "x".repeat(100_000) });
    const keyring = await cluster.createUser("reader", "allow r", `allow r pool=${pool}`);
    const system = `rados://${cluster.conf}?id=reader&keyring=${keyring}&timeout=5000`;
    await using reader = await DCont.open(pool, container, { system, mode: "RO" });
    const dict = await reader.getDict(name);
    assert.equal(String(await dict.get("a")), "1");
    assert.equal((await dict.get("large"))?.length, 100_000);
    assert.equal(await dict.size(), 2);
    await assert.rejects(dict.put("b", "2"), { code: "DER_NO_PERM" });
    await assert.rejects(dict.clear(), { code: "DER_NO_PERM" });
    await assert.rejects(DCont.open(pool, container, { system }), { code: "DER_NO_PERM" });
    await assert.rejects(createPool(unique("p"), { system }), { code: "DER_NO_PERM" });
    await assert.rejects(createContainer(pool, unique("c"), { system }), { code: "DER_NO_PERM" });
    const own = await writer.getDict(name);
    await own.clear();
    assert.equal(await dict.size(), 0);
    await writer.destroy(name);
    await assert.rejects(dict.get("a"), { code: "DER_NONEXIST" });
  });
});

onCluster("pools of other people", { store: "memstore" }, (ground) => {
  test("are not seen, not written and not deleted", async () => {
    const { cluster, system } = ground();
    await cluster.ceph("osd", "pool", "create", "theirs", "8");
    await cluster.ceph("osd", "pool", "application", "enable", "theirs", "rbd");
    assert.ok((await listPools({ system })).every(({ label }) => label !== "theirs"));
    await assert.rejects(queryPool("theirs", { system }), { code: "DER_NONEXIST" });
    await assert.rejects(createContainer("theirs", "neo", { system }), { code: "DER_NONEXIST" });
    await assert.rejects(destroyPool("theirs", { system, force: true }), { code: "DER_NONEXIST" });
    await assert.rejects(createPool("theirs", { system }), { code: "DER_EXIST", message: /ceph osd pool application/ });
    await assert.rejects(createPool("tank", { system }), { code: "DER_EXIST", message: /already exists$/ });
    // Nor is a pool that carries no tag at all, whether this client has heard of it before or not.
    await cluster.ceph("osd", "pool", "create", "untagged", "8");
    await assert.rejects(createPool("untagged", { system }), { code: "DER_EXIST" });
    await assert.rejects(destroyPool("untagged", { system, force: true }), { code: "DER_NONEXIST" });
    const label = unique("race");
    const clients = Array.from({ length: 4 }, () => createPool(label, { system: ground().clientSystem() }));
    const made = (await Promise.allSettled(clients)).filter(({ status }) => status === "fulfilled");
    assert.equal(made.length, 1);
    assert.deepEqual((await cluster.ceph("osd", "pool", "ls")).trim().split("\n").sort(), [
      label,
      "tank",
      "theirs",
      "untagged",
    ]);
  });

  test("that were adopted are used, and keep everything of their owner's when they are destroyed", async () => {
    const { cluster, system } = ground();
    await cluster.ceph("osd", "pool", "create", "shared", "8");
    await cluster.ceph("osd", "pool", "application", "enable", "shared", "rbd");
    const rados = (...words: string[]): Promise<string> => cluster.rados("-p", "shared", ...words);
    await rados("create", "precious");
    await cluster.ceph("osd", "pool", "application", "enable", "shared", "tsdaos", "--yes-i-really-mean-it");
    const dcont = await DCont.open("shared", "neo", { system, create: true });
    await dcont.dict("d", { a: "1", large: "x".repeat(5_000_000) });
    await dcont.close();
    await destroyPool("shared", { system, force: true });
    assert.ok((await listPools({ system })).every(({ label }) => label !== "shared"));
    assert.deepEqual((await rados("ls", "--all")).trim().split(/\s+/), ["precious"]);
  });

  test("a pool that we made is deleted", async () => {
    const { cluster, system } = ground();
    const label = unique("ours");
    await createPool(label, { system });
    await createContainer(label, "neo", { system });
    await assert.rejects(destroyPool(label, { system }), { code: "DER_BUSY" });
    await destroyPool(label, { system, force: true });
    assert.doesNotMatch(await cluster.ceph("osd", "pool", "ls"), new RegExp(label));
  });
});
