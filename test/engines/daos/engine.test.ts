/** What is the daos engine's own, beyond the conformance suite. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Container } from "../../../src/engine/contract.ts";
import { engine } from "../../../src/engines/daos/index.ts";
import {
  backupContainer,
  checkContainer,
  createContainer,
  createPool,
  DCont,
  destroyContainer,
  destroyPool,
  listContainers,
  listPools,
  DCont as OpenAsync,
  queryContainer,
  queryPool,
} from "../../../src/index.ts";
import { DCont as SyncDCont } from "../../../src/sync.ts";
import { parseSystem } from "../../../src/system-url.ts";
import { needsDaos, newContainer, pool, system } from "./support.ts";

const bytes = (text: string): Buffer => Buffer.from(text);

/** Opens a container in a process with another environment, and gives the message of the error. */
function messageOfOpening(env: Record<string, string>): string {
  const program = `import { DCont } from ${JSON.stringify(new URL("../../../src/index.ts", import.meta.url).href)};
await DCont.open("tank", "neo", { system: "daos:" }).then(() => console.log("opened"), (e) => console.log(e.message));`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  }).trim();
}

test("without libdaos one sentence says what to install", (t) => {
  const message = messageOfOpening({ LD_LIBRARY_PATH: "/nonexistent" });
  if (!message.includes("libdaos.so.2")) t.skip("libdaos is installed where every program finds it");
  else assert.match(message, /^failed to access container: DER_NOSYS.*install it: DAOS's client packages/);
});

describe("the daos engine", needsDaos, () => {
  const container = needsDaos.skip === false ? newContainer() : "";
  const open = (mode: "RO" | "RW" = "RW"): Promise<Container<"async">> =>
    engine.system("async", parseSystem(system, {}, "/home/me")).openContainer(pool, container, { mode });

  test("without an agent one sentence says what to do", () => {
    assert.match(
      messageOfOpening({ DAOS_AGENT_DRPC_DIR: "/nonexistent" }),
      /^failed to access container: DER_AGENT_COMM.*start daos_agent, or set DAOS_AGENT_DRPC_DIR/m,
    );
  });

  test("an agent that was killed is missed just the same", async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "tsdaos-agent-"));
    t.after(() => rmSync(directory, { recursive: true }));
    const socket = join(directory, "daos_agent.sock");
    const program = `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
    spawnSync(process.execPath, ["-e", program, socket]);
    assert.ok(existsSync(socket));
    assert.match(messageOfOpening({ DAOS_AGENT_DRPC_DIR: directory }), /DER_AGENT_COMM.*start daos_agent/);
  });

  test("pools are the administrator's, and the errors say so", async () => {
    await assert.rejects(createPool("lake", { system }), { code: "DER_NOSYS", message: /dmg pool create/ });
    await assert.rejects(destroyPool(pool, { system }), { code: "DER_NOSYS", message: /dmg pool destroy/ });
    await assert.rejects(listPools({ system }), { code: "DER_NOSYS", message: /dmg pool list/ });
    await assert.rejects(backupContainer(pool, container, "/nowhere", { system }), { code: "DER_NOSYS" });
    const status = await queryPool(pool, { system });
    assert.equal(status.label, pool);
    assert.ok(status.totalBytes >= status.freeBytes && status.freeBytes > 0);
  });

  test("pools and containers that are not there are DER_NONEXIST", async () => {
    await assert.rejects(DCont.open("no-such-pool", "neo", { system }), { code: "DER_NONEXIST" });
    await assert.rejects(DCont.open(pool, "no-such-container", { system }), { code: "DER_NONEXIST" });
    await assert.rejects(destroyContainer(pool, "no-such-container", { system }), { code: "DER_NONEXIST" });
  });

  test("a container is opened by UUIDs, too", async () => {
    const { uuid, poolUuid } = await queryContainer(pool, container, { system });
    await using dcont = await DCont.open(poolUuid, uuid, { system });
    assert.equal(dcont.label, container);
  });

  test("a container of another type is refused by its name", async () => {
    const label = `${container}-posix`;
    await createContainer(pool, label, { system, type: "POSIX" });
    try {
      await assert.rejects(DCont.open(pool, label, { system }), { code: "DER_INVAL", message: /of type POSIX/ });
      const listed = await listContainers(pool, { system });
      assert.equal(listed.find((c) => c.label === label)?.type, "POSIX");
    } finally {
      await destroyContainer(pool, label, { system });
    }
  });

  test("a container without a label, of a redundancy factor", async () => {
    const { uuid, label } = await createContainer(pool, undefined, { system, properties: { rd_fac: "0" } });
    try {
      assert.equal(label, undefined);
      const status = await queryContainer(pool, uuid, { system });
      assert.equal(status.label, undefined);
      assert.equal(status.properties.rd_fac, "rd_fac0");
      assert.equal(status.properties.status, "HEALTHY");
    } finally {
      await destroyContainer(pool, uuid, { system });
    }
    await assert.rejects(createContainer(pool, "odd", { system, properties: { color: "blue" } }), {
      code: "DER_INVAL",
      message: /color=blue/,
    });
  });

  test("a container that is open is destroyed by force only", async () => {
    const label = `${container}-busy`;
    await createContainer(pool, label, { system });
    const dcont = await DCont.open(pool, label, { system });
    await assert.rejects(destroyContainer(pool, label, { system }), { code: "DER_BUSY", message: /force/ });
    await destroyContainer(pool, label, { system, force: true });
    await dcont.close().catch(() => {});
  });

  for (const face of ["sync", "async"] as const)
    test(`bulks of every shape arrive, those with many large values too (${face})`, async () => {
      const small = (n: number): [string, string][] =>
        Array.from({ length: n }, (_, i) => [`small ${i}`, `value ${i}`]);
      const large = (n: number, size: number): [string, Uint8Array][] =>
        Array.from({ length: n }, (_, i) => [`large ${size} ${i}`, Buffer.alloc(size, i)]);
      // Apart from each other, so that each has its own way into transactions.
      const bulks = [
        [...large(100, 10_000), ...small(1000)],
        [...small(33), ...large(1, 5000), ...small(40).map(([k, v]): [string, string] => [`more ${k}`, v])],
        large(40, 2 ** 20),
        // More than one transaction holds.
        ...(face === "async" ? [small(61_000)] : []),
      ];
      for (const [i, bulk] of bulks.entries()) {
        const name = `bulk ${face} ${i}`;
        const expected = new Map<string, string | Uint8Array>(bulk);
        if (face === "sync") {
          using dcont = new SyncDCont(pool, container, { system });
          const dd = dcont.dict(name);
          dd.bput([...bulk]);
          assert.equal(dd.size, expected.size);
          assert.equal(dd.equals(expected), true);
        } else {
          await using dcont = await OpenAsync.open(pool, container, { system });
          const dd = await dcont.dict(name);
          await dd.bput([...bulk]);
          assert.equal(await dd.size(), expected.size);
          assert.equal(await dd.equals(expected), true);
        }
      }
      await using dcont = await OpenAsync.open(pool, container, { system });
      for (const i of bulks.keys()) await dcont.destroy(`bulk ${face} ${i}`);
    });

  test("of records with one key in a batch the last one counts", async () => {
    const opened = await open();
    const kv = opened.kv((await opened.create("twice", { kind: "dict" }))!);
    await kv.batch([
      [bytes("a"), bytes("1")],
      [bytes("b"), bytes("1")],
      [bytes("a"), bytes("2")],
      [bytes("b"), null],
    ]);
    const [a, b] = await kv.getMany([bytes("a"), bytes("b")]);
    assert.deepEqual([Buffer.from(a!).toString(), b], ["2", undefined]);
    await opened.close();
  });

  test("a batch races with takers, and no record is taken twice or lost", async () => {
    const [one, two] = [await open(), await open()];
    const object = (await one.create("contended", { kind: "dict" }))!;
    const keys = Array.from({ length: 300 }, (_, i) => bytes(`key ${i}`));
    await one.kv(object).batch(keys.map((key) => [key, key]));
    const taken = await Promise.all(
      [one, two, one, two].map(async (container) => {
        const mine: string[] = [];
        for (const key of keys) {
          const value = await container.kv(object).take(key);
          if (value !== undefined) mine.push(Buffer.from(value).toString());
        }
        return mine;
      }),
    );
    assert.deepEqual(taken.flat().sort(), keys.map(String).sort());
    await Promise.all([one.close(), two.close()]);
  });

  test("a check finds objects without a name, and a repair removes them", async () => {
    const label = `${container}-check`;
    await createContainer(pool, label, { system });
    try {
      const opened = await engine
        .system("async", parseSystem(system, {}, "/home/me"))
        .openContainer(pool, label, { mode: "RW" });
      await opened.create("named", { kind: "dict" });
      const orphan = await opened.createNameless({ kind: "dict" });
      await opened.kv(orphan).put(bytes("left"), bytes("behind"));
      const found = await checkContainer(pool, label, { system });
      assert.deepEqual(
        found.findings.map(({ message, repaired }) => [message.includes(orphan.oid), repaired]),
        [[true, false]],
      );
      // Someone has it open: the object may be one that is being made.
      await assert.rejects(checkContainer(pool, label, { system, repair: true }), { code: "DER_BUSY" });
      await opened.close();
      const repaired = await checkContainer(pool, label, { system, repair: true });
      assert.deepEqual(
        repaired.findings.map((finding) => finding.repaired),
        [true],
      );
      assert.deepEqual((await checkContainer(pool, label, { system })).findings, []);
    } finally {
      await destroyContainer(pool, label, { system, force: true });
    }
  });

  test("a destroyed object is gone for this process's other handles", async () => {
    const [one, two] = [await open(), await open()];
    const object = (await one.create("short-lived", { kind: "dict" }))!;
    const kv = two.kv(object);
    await kv.put(bytes("a"), bytes("1"));
    assert.equal(await one.destroy("short-lived"), true);
    await assert.rejects(kv.put(bytes("a"), bytes("2")), { code: "DER_NONEXIST" });
    await Promise.all([one.close(), two.close()]);
  });
});
