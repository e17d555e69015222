/** Values at their limits, and the space of those that are gone. */
import assert from "node:assert/strict";
import { hash, randomFillSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DCont } from "../../../src/index.ts";
import { skipWithout } from "../../needs.ts";
import { faces, sizeOf } from "./faces.ts";
import { der, inDatabase, sleep, tankNeo } from "./support.ts";

const MAX_BYTES = 999_999_000;
const MIB = 1024 * 1024;

function available(): number {
  return Number(/MemAvailable:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1] ?? 0) * 1024;
}

/** Rows of the tables that hold values and garbage. */
function rows(file: string): Record<string, number> {
  return inDatabase(file, (database) => ({
    ...(database
      .prepare(
        `SELECT (SELECT count(*) FROM records) AS records, (SELECT count(*) FROM blobs) AS blobs,
           (SELECT count(*) FROM garbage) AS garbage`,
      )
      .get() as Record<string, number>),
  }));
}

for (const face of faces) {
  test(`a value that is too big is DER_REC2BIG, and nothing of its batch is written: ${face.name}`, async (t) => {
    const made = await tankNeo(t);
    const c = await face.open("tank", "neo", made);
    const dict = await c.dict("d", { k: "v" });
    // Zeroed memory that is never touched: costs nothing.
    const value = Buffer.alloc(MAX_BYTES + 1);
    const tooBig = der("DER_REC2BIG", /999999001 bytes, the most is 999999000/);
    await assert.rejects(async () => dict.put("k", value), tooBig);
    await assert.rejects(async () => dict.put("n", value, { if: "absent" }), tooBig);
    await assert.rejects(
      async () =>
        dict.bput([
          ["a", "1"],
          ["k", value],
          ["b", "2"],
        ]),
      tooBig,
    );
    assert.deepEqual([...(await dict.dump())].map(String), ["k,v"]);
    await c.close();
  });

  test(`a value of 100 MiB comes back as it was, and its space with it: ${face.name}`, async (t) => {
    const made = await tankNeo(t);
    const c = await face.open("tank", "neo", made);
    const dict = await c.dict("d");
    const value = Buffer.alloc(100 * MIB);
    for (let at = 0; at < value.length; at += MIB) randomFillSync(value, at, 64);
    const digest = hash("sha1", value);
    await dict.put("big", value);
    value.fill(0); // what was put is a copy
    assert.equal(hash("sha1", (await dict.get("big"))!), digest);
    assert.equal(hash("sha1", (await dict.bget(["big"])).get("big")!), digest);
    assert.equal(hash("sha1", (await dict.dump()).get("big")!), digest);
    assert.equal(hash("sha1", (await dict.pop("big"))!), digest);
    assert.equal(await sizeOf(dict), 0);
    assert.deepEqual(rows(made.file), { records: 0, blobs: 0, garbage: 0 });
    await c.close();
  });

  test(`values on both sides of the limit of inline storage replace each other, and leave nothing: ${face.name}`, async (t) => {
    const made = await tankNeo(t);
    const c = await face.open("tank", "neo", made);
    const dict = await c.dict("d");
    const sizes = [1, 1024, 1025, 1024, 5000, 1, 100_000, 1025];
    for (const [i, bytes] of sizes.entries()) {
      const value = String.fromCharCode(97 + i).repeat(bytes);
      await dict.put("k", value);
      assert.equal(String(await dict.get("k")), value);
      await dict.bput([["l", value]]);
      assert.equal(String((await dict.dump()).get("l")), value);
      assert.deepEqual(rows(made.file), { records: 2, blobs: bytes > 1024 ? 2 : 0, garbage: 0 });
      assert.equal(await sizeOf(dict), 2);
    }
    await dict.put("k", null);
    assert.equal(String(await dict.pop("l")).length, 1025);
    assert.deepEqual(rows(made.file), { records: 0, blobs: 0, garbage: 0 });
    await dict.bput([
      ["m", "x".repeat(2000)],
      ["n", "x".repeat(2000)],
      ["m", "y".repeat(3000)],
      ["n", null],
    ]);
    assert.deepEqual(rows(made.file), { records: 1, blobs: 1, garbage: 0 });
    assert.equal(await dict.delete("m"), true);
    assert.deepEqual(rows(made.file), { records: 0, blobs: 0, garbage: 0 });
    await c.close();
  });

  test(`what is cleared or destroyed goes later, and its space is used again: ${face.name}`, async (t) => {
    const made = await tankNeo(t);
    const c = await face.open("tank", "neo", made);
    const entries = Array.from({ length: 3000 }, (_, i): [string, string] => [
      `key ${i}`,
      `${i}`.padEnd(i % 3 === 0 ? 4000 : 100, "x"),
    ]);
    const pages = (): number =>
      inDatabase(made.file, (database) => Number(Object.values(database.prepare("PRAGMA page_count").get()!)[0]));
    /** Until only so many records are left. The blocking face removes some with each of its writes. */
    const purged = async (wanted: number): Promise<void> => {
      const tick = await c.dict(`tick ${Math.random()}`, { tick: "0" });
      for (let i = 0; rows(made.file).records !== wanted + 1; i++) {
        assert.ok(i < 2000, `not purged: ${JSON.stringify(rows(made.file))}`);
        await tick.put("tick", String(i));
        if (face.name === "async") await sleep(10);
      }
      await c.destroy(tick.name);
    };
    let first = 0;
    for (let round = 0; round < 5; round++) {
      const dict = await c.dict("d", entries);
      await dict.clear();
      assert.equal(await sizeOf(dict), 0);
      assert.equal((await dict.dump()).size, 0);
      await purged(0);
      await dict.bput(entries);
      assert.equal(await sizeOf(dict), 3000);
      await c.destroy("d");
      await purged(0);
      first ||= pages();
    }
    assert.ok(pages() < first * 1.3, `the file has grown from ${first} to ${pages()} pages`);
    await c.close();
    const report = await face.admin.checkContainer("tank", "neo", made);
    assert.deepEqual([report.findings, report.checked, rows(made.file).blobs], [[], 0, 0]);
  });
}

test("what one process cleared and did not get to purge, the next one purges", async (t) => {
  const made = await tankNeo(t);
  const s = await faces[1]!.open("tank", "neo", made);
  const dict = await s.dict(
    "d",
    Array.from({ length: 3000 }, (_, i): [string, string] => [`${i}`, "v"]),
  );
  await dict.clear();
  await s.close();
  assert.ok(rows(made.file).records! > 2000);
  await using c = await DCont.open("tank", "neo", made);
  await (await c.getDict("d")).put("k", "v");
  for (let i = 0; rows(made.file).records !== 1; i++) {
    assert.ok(i < 1000, JSON.stringify(rows(made.file)));
    await sleep(20);
  }
  assert.deepEqual(rows(made.file), { records: 1, blobs: 0, garbage: 0 });
});

test("a value of the most bytes that there may be", { timeout: 600_000 }, async (t) => {
  if (available() < 8 * 1024 * MIB) {
    t.skip(skipWithout("memory", `8 GiB of memory are needed, ${Math.floor(available() / MIB)} MiB are there`));
    return;
  }
  const made = await tankNeo(t);
  await using c = await DCont.open("tank", "neo", made);
  const dict = await c.dict("d");
  const value = Buffer.alloc(MAX_BYTES);
  value.write("first");
  value.write("last", MAX_BYTES - 4);
  await dict.put("huge", value);
  const s = await faces[1]!.open("tank", "neo", made);
  const seen = (await (await s.getDict("d")).get("huge"))!;
  assert.equal(seen.length, MAX_BYTES);
  assert.equal(seen.toString("utf8", 0, 5) + seen.toString("utf8", MAX_BYTES - 4), "firstlast");
  await s.close();
  assert.equal(await dict.delete("huge"), true);
  assert.deepEqual(rows(made.file), { records: 0, blobs: 0, garbage: 0 });
});
