/** `checkContainer` finds what was planted, repair mends it, and a busy container is not suspected. */
import assert from "node:assert/strict";
import { closeSync, existsSync, mkdirSync, openSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { checkContainer, DCont } from "../../../src/index.ts";
import { type AnyCont, faces, sizeOf } from "./faces.ts";
import { Remote } from "./remote.ts";
import { der, inDatabase, type TestSystem, tankNeo } from "./support.ts";

interface Plant {
  readonly what: string;
  readonly plant: (database: DatabaseSync, made: TestSystem) => void;
  readonly finding: RegExp;
}

const LONG_AGO = Date.now() - 3 * 3_600_000;

const PLANTS: readonly Plant[] = [
  {
    what: "a wrong count",
    plant: (d) => d.exec("UPDATE objects SET count = count + 7 WHERE name = 'd'"),
    finding: /dict "d" says that it has 12 records, and has 5/,
  },
  {
    what: "records of no object",
    plant: (d) =>
      d.exec(
        "INSERT INTO records VALUES (77, x'61', x'62'), (77, x'62', x'62'); UPDATE meta SET value = 100 WHERE name = 'sequence'",
      ),
    finding: /2 records of generation 77 belong to no object/,
  },
  {
    what: "a blob of no record",
    plant: (d) => d.exec("INSERT INTO blobs (data) VALUES (zeroblob(5000))"),
    finding: /blob \d+ belongs to no record/,
  },
  {
    what: "a lost blob",
    plant: (d) => d.exec("DELETE FROM blobs WHERE id = (SELECT value FROM records WHERE key = CAST('big' AS BLOB))"),
    finding: /the value of key "big" \(generation \d+\) is lost/,
  },
  {
    what: "an old object without a name",
    plant: (d) => {
      d.prepare("INSERT INTO objects VALUES (200, 201, 1, 'dict', NULL, ?, NULL)").run(LONG_AGO);
      d.exec("INSERT INTO records VALUES (201, x'61', x'62'); UPDATE meta SET value = 201 WHERE name = 'sequence'");
    },
    finding: /dict 0\.200 has no name: its creation was interrupted/,
  },
  {
    what: "garbage that an object has",
    plant: (d) => d.exec("INSERT INTO garbage SELECT generation FROM objects WHERE name = 'd'"),
    finding: /generation \d+ is listed as garbage, and an object has it/,
  },
  {
    what: "a sequence that stands too low",
    plant: (d) => d.exec("UPDATE meta SET value = 1 WHERE name = 'sequence'"),
    finding: /the sequence of ids stands at 1/,
  },
  {
    what: "no sequence",
    plant: (d) => d.exec("DELETE FROM meta WHERE name = 'sequence'"),
    finding: /the sequence of ids stands at nothing/,
  },
  {
    what: "an array's directory without an array",
    plant: (_, { container }) => {
      mkdirSync(join(container, "arrays", "0.99"), { recursive: true });
      writeFileSync(join(container, "arrays", "0.99", "zarr.json"), "{}");
      utimesSync(join(container, "arrays", "0.99"), new Date(LONG_AGO), new Date(LONG_AGO));
    },
    finding: /arrays\/0\.99 belongs to no object/,
  },
];

for (const face of faces) {
  const { admin } = face;

  /** A container with a dictionary `d` of five records, one of them a blob. */
  async function withDict(made: TestSystem): Promise<void> {
    const c = await face.open("tank", "neo", made);
    await c.dict("d", { a: "1", b: "2", c: "3", e: "4", big: "x".repeat(5000) });
    await c.dict("empty");
    await c.close();
  }

  for (const { what, plant, finding } of PLANTS)
    test(`a check finds ${what}, repair mends it and says so, a second check is clean: ${face.name}`, async (t) => {
      const made = await tankNeo(t);
      await withDict(made);
      const sound = await admin.checkContainer("tank", "neo", made);
      assert.deepEqual([sound.findings, sound.checked, sound.skipped], [[], 2, 0]);
      inDatabase(made.file, (database) => plant(database, made));
      for (const repair of [false, true]) {
        const report = await admin.checkContainer("tank", "neo", { ...made, repair });
        assert.equal(report.findings.length, 1, JSON.stringify(report.findings));
        assert.match(report.findings[0]!.message, finding);
        assert.equal(report.findings[0]!.repaired, repair);
        assert.ok(report.completed >= report.started);
      }
      assert.deepEqual((await admin.checkContainer("tank", "neo", made)).findings, []);
      const left = inDatabase(made.file, (database) =>
        database
          .prepare(
            "SELECT (SELECT count(*) FROM records) AS r, (SELECT count(*) FROM blobs) AS b, (SELECT count(*) FROM garbage) AS g",
          )
          .get(),
      );
      const lost = what === "a lost blob";
      assert.deepEqual({ ...left }, lost ? { r: 4, b: 0, g: 0 } : { r: 5, b: 1, g: 0 });
      assert.equal(existsSync(join(made.container, "arrays", "0.99")), false);
      // It works as before.
      const c = await face.open("tank", "neo", made);
      const dict = await c.getDict("d");
      assert.equal(await sizeOf(dict), lost ? 4 : 5);
      await dict.put("big", "new");
      await c.dict("another", { k: "v" });
      assert.deepEqual([...(await dict.dump()).keys()], ["a", "b", "big", "c", "e"]);
      await c.close();
    });

  test(`a value whose blob is lost is DER_IO that names the key, and can be put and deleted: ${face.name}`, async (t) => {
    const made = await tankNeo(t);
    await withDict(made);
    inDatabase(made.file, (database) => database.exec("DELETE FROM blobs"));
    const c = await face.open("tank", "neo", made);
    const dict = await c.getDict("d");
    const lost = der("DER_IO", /the value of "big" is lost/);
    for (const call of [() => dict.get("big"), () => dict.bget(["a", "big"]), () => dict.dump(), () => dict.pop("big")])
      await assert.rejects(async () => call(), lost, String(call));
    assert.equal(await dict.has("big"), true);
    await dict.put("big", "x".repeat(3000));
    assert.equal((await dict.get("big"))!.length, 3000);
    assert.equal(await dict.delete("big"), true);
    await c.close();
    assert.deepEqual((await admin.checkContainer("tank", "neo", made)).findings, []);
  });

  test(`a damaged page is found: ${face.name}`, async (t) => {
    const made = await tankNeo(t);
    await withDict(made);
    // Past SQLite, into the pages of the tables.
    inDatabase(made.file, (database) => database.exec("PRAGMA wal_checkpoint(TRUNCATE)"));
    const fd = openSync(made.file, "r+");
    for (let page = 2; page <= 6; page++) writeSync(fd, Buffer.alloc(200, 0xab), 0, 200, page * 8192);
    closeSync(fd);
    for (const repair of [false, true]) {
      const report = await admin.checkContainer("tank", "neo", { ...made, repair });
      assert.ok(report.findings.length > 0);
      for (const { message, repaired } of report.findings) {
        assert.match(message, /^the file is damaged: /);
        assert.equal(repaired, false);
      }
    }
    const c = await face.open("tank", "neo", made).catch((e: unknown) => e);
    if (c instanceof Error) der("DER_IO", /container\.sqlite is damaged/)(c);
    else await assert.rejects(async () => (await (c as AnyCont).getDict("d")).dump(), der("DER_IO", /damaged/));
  });

  test(`a young object without a name is skipped, an old one in use is not: ${face.name}`, async (t) => {
    const made = await tankNeo(t);
    await withDict(made);
    inDatabase(made.file, (d) => {
      d.prepare("INSERT INTO objects VALUES (300, 301, 0, 'dict', NULL, ?, NULL)").run(Date.now());
      d.exec("UPDATE meta SET value = 301 WHERE name = 'sequence'");
    });
    const report = await admin.checkContainer("tank", "neo", { ...made, repair: true });
    assert.deepEqual([report.findings, report.checked, report.skipped], [[], 3, 1]);
  });
}

test("a check of a container that is being written to finds nothing, with repair neither", {
  timeout: 120_000,
}, async (t) => {
  const made = await tankNeo(t);
  const remotes = await Promise.all([1, 2].map(() => Remote.start()));
  t.after(() => Promise.all(remotes.map((remote) => remote.kill())));
  const running = remotes.map((remote, i) =>
    remote.run(
      async ({ tsdaos, blocking, state }, system, i) => {
        const c =
          i === 0 ? await tsdaos.DCont.open("tank", "neo", { system }) : new blocking.DCont("tank", "neo", { system });
        const open = c as unknown as AnyCont;
        const dict = await open.dict(`d${i}`);
        for (let n = 0; state.stop !== true; n++) {
          await dict.bput(
            Array.from({ length: 50 }, (_, k) => [`k${(n * 7 + k) % 500}`, "x".repeat(((n * k) % 3000) + 1)]),
          );
          await dict.put(`k${n % 500}`, "y".repeat(2000));
          await dict.delete(`k${(n * 3) % 500}`);
          if (n % 20 === 0) await dict.clear();
          await open.dict(`t${i}-${n}`, { big: "z".repeat(3000), k: "v" });
          if (n > 5) await open.destroy(`t${i}-${n - 5}`);
          await new Promise((resolve) => setImmediate(resolve));
        }
        await open.close();
        return true;
      },
      made.system,
      i,
    ),
  );
  const until = performance.now() + 4000;
  let checks = 0;
  while (performance.now() < until || checks < 10) {
    for (const face of faces)
      for (const repair of [false, true]) {
        const report = await face.admin.checkContainer("tank", "neo", { ...made, repair });
        assert.deepEqual(report.findings, []);
        checks++;
      }
  }
  await Promise.all(remotes.map((remote) => remote.run(({ state }) => Object.assign(state, { stop: true }).stop)));
  assert.deepEqual(await Promise.all(running), [true, true]);
  t.diagnostic(`${checks} checks`);
  assert.deepEqual((await checkContainer("tank", "neo", made)).findings, []);
  await using c = await DCont.open("tank", "neo", made);
  for await (const { name } of c) {
    const dict = await c.getDict(name);
    assert.equal(await dict.size(), (await dict.dump()).size);
  }
});
