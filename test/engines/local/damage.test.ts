/** The container's file is missing, cut short, or something else: the code is right, the message names the file. */
import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import { DaosError } from "../../../src/index.ts";
import { faces } from "./faces.ts";
import { Remote } from "./remote.ts";
import { der, inDatabase, type TestSystem, tankNeo } from "./support.ts";

/** A container with a dictionary `d` of many pages, all of it in the file, the journal gone. */
async function filled(made: TestSystem): Promise<void> {
  const c = await faces[1]!.open("tank", "neo", made);
  const entries = Array.from({ length: 3000 }, (_, i): [string, string] => [`key ${i}`, `${i}:${"x".repeat(200)}`]);
  const dict = await c.dict("d", entries);
  await dict.put("big", "y".repeat(50_000));
  await c.close();
  assert.equal(existsSync(`${made.file}-wal`), false);
}

for (const face of faces) {
  test(`a container's file that is none of ours is DER_IO or DER_MISMATCH, by its name: ${face.name}`, async (t) => {
    const made = await tankNeo(t);
    await filled(made);
    const { file } = made;
    const saved = `${file}.saved`;
    copyFileSync(file, saved);
    const bytes = statSync(file).size;
    const sqlite = (sql: string) => (): void => inDatabase(file, (database) => database.exec(sql));
    const cases: [string, "DER_IO" | "DER_MISMATCH" | "DER_NONEXIST", RegExp, () => void][] = [
      ["missing", "DER_IO", /is missing/, () => rmSync(file)],
      ["empty", "DER_IO", /cut short/, () => truncateSync(file, 0)],
      ["a part of its header", "DER_IO", /container\.sqlite/, () => truncateSync(file, 50)],
      ["its first page", "DER_IO", /cut short/, () => truncateSync(file, 8192)],
      ["half", "DER_IO", /cut short/, () => truncateSync(file, Math.floor(bytes / 2))],
      ["all but a byte", "DER_IO", /cut short: it has \d+ bytes/, () => truncateSync(file, bytes - 1)],
      ["text", "DER_IO", /not a database/, () => writeFileSync(file, "hello\n".repeat(5000))],
      ["zeros", "DER_IO", /container\.sqlite/, () => writeFileSync(file, Buffer.alloc(bytes))],
      [
        "a directory",
        "DER_IO",
        /not a regular file/,
        () => {
          rmSync(file);
          mkdirSync(file);
        },
      ],
      ["another application's", "DER_IO", /not the database of a tsdaos/, sqlite("PRAGMA application_id = 1")],
      ["version 2", "DER_MISMATCH", /format version 2.*newer/, sqlite("PRAGMA user_version = 2")],
      ["version 0", "DER_IO", /format version 0/, sqlite("PRAGMA user_version = 0")],
      ["another container's", "DER_NONEXIST", /destroyed/, sqlite("UPDATE meta SET value = 'x' WHERE name = 'uuid'")],
      ["without tables", "DER_IO", /container\.sqlite/, sqlite("DROP TABLE meta")],
    ];
    for (const [what, code, message, spoil] of cases) {
      spoil();
      const left = existsSync(file) && statSync(file).isFile() ? readFileSync(file) : undefined;
      for (const mode of ["RO", "RW"] as const)
        await assert.rejects(
          face.open("tank", "neo", { ...made, mode }),
          (e: Error) => {
            assert.match(e.message, /container\.sqlite/, what);
            return der(code, message)(e);
          },
          what,
        );
      await assert.rejects(async () => face.admin.checkContainer("tank", "neo", made), der(code), what);
      if (left !== undefined) assert.deepEqual(readFileSync(file), left, `${what}: a look changed the file`);
      for (const part of ["", "-wal", "-shm"]) rmSync(file + part, { recursive: true, force: true });
      copyFileSync(saved, file);
    }
    const c = await face.open("tank", "neo", made);
    assert.equal((await (await c.getDict("d")).dump()).size, 3001);
    await c.close();
    // What cannot be read can still be destroyed, and its label is free again.
    writeFileSync(file, "hello");
    await face.admin.destroyContainer("tank", "neo", made);
    await face.admin.createContainer("tank", "neo", made);
  });

  test(`a file that is cut short under an open handle is DER_IO, and no crash: ${face.name}`, async (t) => {
    const made = await tankNeo(t);
    await filled(made);
    await using remote = await Remote.start();
    await remote.run(
      async ({ tsdaos, blocking, state }, system, face) => {
        state.c =
          face === "sync"
            ? new blocking.DCont("tank", "neo", { system })
            : await tsdaos.DCont.open("tank", "neo", { system });
        state.d = await state.c.getDict("d");
        await state.d.get("key 1");
      },
      made.system,
      face.name,
    );
    const bytes = statSync(made.file).size;
    for (const left of [Math.floor(bytes / 2), 8192, 100, 0]) {
      truncateSync(made.file, left);
      const failures = await remote.run(async ({ state, tsdaos }) => {
        const seen: string[] = [];
        for (const call of [
          () => state.d.get("key 2999"),
          () => state.d.get("big"),
          () => state.d.bget(["key 1", "key 1500", "key 2998"]),
          () => state.d.dump(),
          () => state.d.put("key 2000", "new"),
          () => state.d.bput(Array.from({ length: 500 }, (_, i) => [`new ${i}`, "z".repeat(500)])),
          () => state.d.pop("key 1000"),
          () => state.c.dict(`new ${Math.random()}`),
        ])
          try {
            await call();
          } catch (e) {
            seen.push(tsdaos.DaosError.is(e) ? e.code : `not a DaosError: ${e}`);
          }
        return seen;
      });
      assert.ok(failures.length > 0, `with ${left} bytes left something has failed`);
      assert.deepEqual([...new Set(failures)], ["DER_IO"]);
    }
    await remote.run(({ state }) => state.c.close());
  });
}

test("without its journal's files, and with an empty journal, a container opens in either mode", async (t) => {
  const made = await tankNeo(t);
  await filled(made);
  for (const mode of ["RO", "RW", "RO"] as const)
    for (const journal of [false, true])
      for (const face of faces) {
        for (const part of ["-wal", "-shm"]) rmSync(made.file + part, { force: true });
        if (journal) writeFileSync(`${made.file}-wal`, "");
        const c = await face.open("tank", "neo", { ...made, mode });
        assert.equal(String(await (await c.getDict("d")).get("key 7")).slice(0, 2), "7:");
        if (mode === "RO") await assert.rejects(async () => c.dict("new"), der("DER_NO_PERM", /read-only/));
        await c.close();
      }
});

test("the writer thread finds the file gone: the writes are DER_NONEXIST or DER_IO, and the handle still closes", async (t) => {
  for (const away of [
    (made: TestSystem): void => renameSync(made.container, `${made.directory}/away`),
    (made: TestSystem): void => rmSync(made.file),
  ]) {
    const made = await tankNeo(t);
    await filled(made);
    const c = await faces[0]!.open("tank", "neo", made);
    const dict = await c.getDict("d");
    away(made);
    const writes = await Promise.allSettled([dict.put("a", "1"), dict.put("b", "2"), dict.bput([["c", "3"]])]);
    for (const write of writes) {
      assert.equal(write.status, "rejected");
      if (write.status === "rejected")
        assert.ok(DaosError.is(write.reason, "DER_NONEXIST", "DER_IO"), String(write.reason));
    }
    await c.close();
  }
});
