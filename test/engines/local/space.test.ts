/** The disk is full. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkContainer, createContainer, createPool, DaosError, DCont } from "../../../src/index.ts";
import { type AnyDict, faces, sizeOf } from "./faces.ts";
import { smallDisk } from "./privileged.ts";
import { der, systemIn } from "./support.ts";

const MIB = 1024 * 1024;
/** SQLite needs room for what is written twice, in the journal and in the file. */
const DISK_BYTES = 64 * MIB;
/** What takes room away at first. */
const BALLAST_BYTES = 52 * MIB;

/** Puts values of that size until there is no space; gives the keys that were acknowledged. */
async function fill(dict: AnyDict, prefix: string, bytes: number): Promise<string[]> {
  const stored: string[] = [];
  for (let i = 0; i < 100_000; i++) {
    try {
      await dict.put(`${prefix}${i}`, `${i}:`.padEnd(bytes, "x"));
    } catch (e) {
      der("DER_NOSPACE", /container\.sqlite/)(e);
      return stored;
    }
    stored.push(`${prefix}${i}`);
  }
  throw new Error("the disk has not become full");
}

for (const face of faces)
  test(`a full disk is DER_NOSPACE; what was acknowledged stays, and with room again all goes on: ${face.name}`, async (t) => {
    const directory = smallDisk(t, DISK_BYTES);
    if (directory === undefined) return;
    const made = systemIn(directory);
    await createPool("tank", made);
    await createContainer("tank", "neo", made);
    const ballast = join(directory, "ballast");
    writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES));
    const c = await face.open("tank", "neo", made);
    const dict = await c.dict("d", { first: "1" });

    const stored = [...(await fill(dict, "big ", 60_000)), ...(await fill(dict, "small ", 500))];
    assert.ok(stored.length > 50, `${stored.length} writes`);
    const check = async (d: AnyDict): Promise<void> => {
      const dump = await d.dump();
      for (const key of stored)
        assert.equal(String(dump.get(key)).split(":")[0], key.split(" ")[1], `${key} was acknowledged`);
      assert.equal(await sizeOf(d), dump.size);
    };
    await check(dict);
    // It stays full, and stays calm. (A little may still fit into pages that are there.)
    const batch = Array.from({ length: 900 }, (_, i): [string, string] => [`batch ${i}`, "x".repeat(10_000)]);
    for (let i = 0; i < 3; i++) {
      await assert.rejects(async () => dict.bput(batch), der("DER_NOSPACE"));
      await assert.rejects(async () => c.dict("filled", batch), der("DER_NOSPACE"));
      assert.equal(await dict.has("batch 0"), false, "a batch lands whole or not at all");
      assert.equal(await c.has("filled"), false);
    }
    await assert.rejects(
      async () => face.admin.backupContainer("tank", "neo", join(directory, "backup"), made),
      der("DER_NOSPACE"),
    );
    // Making a container needs more than is left.
    await assert.rejects(async () => {
      for (let i = 0; i < 1000; i++) await face.admin.createContainer("tank", `c${i}`, made);
    }, der("DER_NOSPACE"));

    rmSync(ballast);
    await dict.bput(batch);
    await dict.put("after", "1");
    assert.equal(await dict.has("batch 899"), true);
    await check(dict);
    await c.close();

    const again = await face.open("tank", "neo", made);
    await check(await again.getDict("d"));
    // A nameless object whose removal found no room either is young: skipped, not a finding.
    assert.deepEqual((await checkContainer("tank", "neo", made)).findings, []);
    // Room is made by deleting, too: the same space is used again.
    const d = await again.getDict("d");
    for (const key of stored) await d.delete(key);
    const more = await fill(d, "more ", 60_000);
    assert.ok(more.length > stored.length / 2, `${more.length} of ${stored.length}`);
    await again.close();
    await face.admin.destroyPool("tank", { ...made, force: true });
  });

test("on a full disk the writes of a group are tried one by one: those that fit are stored", async (t) => {
  const directory = smallDisk(t, DISK_BYTES);
  if (directory === undefined) return;
  const made = systemIn(directory);
  await createPool("tank", made);
  await createContainer("tank", "neo", made);
  await using c = await DCont.open("tank", "neo", made);
  const dict = await c.dict("d");
  await dict.put("warm", "up");
  const huge = Buffer.alloc(DISK_BYTES, 1);
  const writes = await Promise.allSettled([
    dict.put("a", "1"),
    dict.put("huge", huge),
    dict.put("b", "2"),
    dict.bput([
      ["c", "3"],
      ["huge too", huge],
    ]),
    dict.bput([["d", "4"]]),
    c.dict("e"),
  ]);
  assert.deepEqual(
    writes.map((w) =>
      w.status === "fulfilled" ? "stored" : DaosError.is(w.reason) ? w.reason.code : String(w.reason),
    ),
    ["stored", "DER_NOSPACE", "stored", "DER_NOSPACE", "stored", "stored"],
  );
  assert.deepEqual([...(await dict.dump()).keys()], ["a", "b", "d", "warm"]);
  assert.equal(await dict.size(), 4);
});

test("a system on a full disk cannot be begun, and says so", async (t) => {
  const directory = smallDisk(t, 64 * 1024);
  if (directory === undefined) return;
  mkdirSync(join(directory, "system"));
  const made = systemIn(join(directory, "system"));
  try {
    writeFileSync(join(directory, "ballast"), Buffer.alloc(1024 * 1024));
  } catch {
    // Full now.
  }
  for (const face of faces) {
    await assert.rejects(async () => {
      await face.admin.createPool("tank", made);
      await face.admin.createContainer("tank", "neo", made);
    }, der("DER_NOSPACE"));
    assert.deepEqual(
      (await face.admin.listPools(made)).filter(({ label }) => label !== "tank"),
      [],
    );
  }
});
