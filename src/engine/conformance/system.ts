/** Pools and containers, on both faces. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import * as asyncAdmin from "../../container/admin.ts";
import * as syncAdmin from "../../container/admin-sync.ts";
import { failsWith } from "./data.ts";
import { TWINS } from "./fixture.ts";
import type { Suite } from "./suite.ts";

const ADMIN = { async: asyncAdmin, sync: syncAdmin };
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const BAD_LABELS = ["", ".", "..", "a/b", "../x", "a b", "x".repeat(128), "é", "a\0", randomUUID()];

export function testSystem(suite: Suite): void {
  for (const twin of TWINS) {
    const admin = ADMIN[twin];

    suite.testIf("createsPools", `a pool is created, listed, queried and destroyed (${twin})`, async ({ system }) => {
      const label = `pool-${randomUUID().slice(0, 8)}`;
      await failsWith("DER_NONEXIST", () => admin.queryPool(label, { system }));
      const pool = await admin.createPool(label, { system });
      assert.equal(pool.label, label);
      assert.match(pool.uuid, UUID);
      await failsWith("DER_EXIST", () => admin.createPool(label, { system }));
      assert.ok((await admin.listPools({ system })).some((p) => p.uuid === pool.uuid && p.label === label));
      for (const name of [label, pool.uuid]) {
        const status = await admin.queryPool(name, { system });
        assert.deepEqual([status.uuid, status.label, status.containers], [pool.uuid, label, 0]);
        assert.ok(status.totalBytes >= status.freeBytes && status.freeBytes >= 0);
      }
      await admin.createContainer(label, "inside", { system });
      assert.equal((await admin.queryPool(label, { system })).containers, 1);
      await failsWith("DER_BUSY", () => admin.destroyPool(label, { system }));
      await admin.destroyPool(label, { system, force: true });
      await failsWith("DER_NONEXIST", () => admin.destroyPool(label, { system }));
      assert.ok(!(await admin.listPools({ system })).some((p) => p.uuid === pool.uuid));
    });

    suite.testUnless("createsPools", `createPool is DER_NOSYS (${twin})`, async ({ system }) => {
      await failsWith("DER_NOSYS", () => admin.createPool("pool", { system }));
    });

    suite.test(`a container is created, listed, queried and destroyed (${twin})`, async ({ system, pool }) => {
      const label = `cont-${randomUUID().slice(0, 8)}`;
      await failsWith("DER_NONEXIST", () => admin.queryContainer(pool, label, { system }));
      const made = await admin.createContainer(pool, label, { system });
      assert.deepEqual([made.label, made.type], [label, "PYTHON"]);
      assert.match(made.uuid, UUID);
      assert.equal(made.poolUuid, (await admin.queryPool(pool, { system })).uuid);
      await failsWith("DER_EXIST", () => admin.createContainer(pool, label, { system }));
      const listed = (await admin.listContainers(pool, { system })).find(({ uuid }) => uuid === made.uuid);
      assert.equal(listed?.label, label);
      for (const name of [label, made.uuid, made.uuid.toUpperCase()]) {
        const status = await admin.queryContainer(pool, name, { system });
        assert.deepEqual([status.uuid, status.label, status.type], [made.uuid, label, "PYTHON"]);
      }
      await admin.destroyContainer(pool, label, { system });
      await failsWith("DER_NONEXIST", () => admin.destroyContainer(pool, label, { system }));
      assert.ok(!(await admin.listContainers(pool, { system })).some(({ uuid }) => uuid === made.uuid));
    });

    suite.test(`a container may have no label and any type (${twin})`, async ({ system, pool }) => {
      const made = await admin.createContainer(pool, undefined, { system, type: "POSIX" });
      assert.equal(made.label, undefined);
      const status = await admin.queryContainer(pool, made.uuid, { system });
      assert.deepEqual([status.type, status.label], ["POSIX", undefined]);
      await admin.destroyContainer(pool, made.uuid, { system });
    });

    suite.test(`of many creators of one container at once one gets it (${twin})`, async ({ system, pool }) => {
      const label = `cont-${randomUUID().slice(0, 8)}`;
      const made = await Promise.allSettled(
        Array.from({ length: 5 }, async () => admin.createContainer(pool, label, { system })),
      );
      assert.equal(made.filter(({ status }) => status === "fulfilled").length, 1);
      for (const end of made)
        if (end.status === "rejected") await failsWith("DER_EXIST", () => Promise.reject(end.reason));
      await admin.destroyContainer(pool, label, { system });
    });

    suite.test(`what is missing is DER_NONEXIST (${twin})`, async ({ system, pool }) => {
      const missing = [`missing-${randomUUID().slice(0, 8)}`, randomUUID()];
      for (const name of missing) {
        await failsWith("DER_NONEXIST", () => admin.queryPool(name, { system }));
        await failsWith("DER_NONEXIST", () => admin.listContainers(name, { system }));
        await failsWith("DER_NONEXIST", () => admin.createContainer(name, "neo", { system }));
        await failsWith("DER_NONEXIST", () => admin.queryContainer(name, "neo", { system }));
        await failsWith("DER_NONEXIST", () => admin.queryContainer(pool, name, { system }));
        await failsWith("DER_NONEXIST", () => admin.destroyContainer(pool, name, { system }));
        await failsWith("DER_NONEXIST", () => admin.checkContainer(pool, name, { system }));
      }
    });

    suite.test(`bad labels are DER_INVAL in every call (${twin})`, async ({ system, pool }) => {
      for (const label of BAD_LABELS) {
        await failsWith("DER_INVAL", () => admin.createPool(label, { system }));
        await failsWith("DER_INVAL", () => admin.createContainer(pool, label, { system }));
        if (/^[0-9a-f-]{36}$/.test(label)) continue; // to look for a UUID is no mistake
        await failsWith("DER_INVAL", () => admin.queryPool(label, { system }));
        await failsWith("DER_INVAL", () => admin.destroyPool(label, { system }));
        await failsWith("DER_INVAL", () => admin.createContainer(label, "neo", { system }));
        await failsWith("DER_INVAL", () => admin.listContainers(label, { system }));
        await failsWith("DER_INVAL", () => admin.queryContainer(pool, label, { system }));
        await failsWith("DER_INVAL", () => admin.destroyContainer(pool, label, { system }));
      }
    });

    suite.test(`an open container is not destroyed unless it is forced (${twin})`, async (f) => {
      const { system, pool } = f;
      const label = await f.freshContainer();
      const open = await f.openCont(twin, "RW", label);
      const dd = await open.dict("d", { k: "v" });
      await failsWith("DER_BUSY", () => admin.destroyContainer(pool, label, { system }));
      assert.equal(String(await dd.get("k")), "v");
      await admin.destroyContainer(pool, label, { system, force: true });
      await failsWith("DER_NONEXIST", () => admin.queryContainer(pool, label, { system }));
      await open.close();
    });

    suite.test(`a sound container is found sound (${twin})`, async (f) => {
      const { system, pool } = f;
      const label = await f.freshContainer();
      const c = await f.openCont(twin, "RW", label);
      await c.dict("one", { a: "1", b: "2".repeat(5000) });
      await c.dict("empty");
      await c.dict("gone", { a: "1" });
      await c.destroy("gone");
      const report = await admin.checkContainer(pool, label, { system });
      assert.deepEqual(report.findings, []);
      assert.equal(report.checked, 2);
      assert.ok(report.completed >= report.started);
      await c.close();
      await f.removeContainer(label);
    });
  }
}
