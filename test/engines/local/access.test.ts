/** Users of the machine: private pools, pools of a group, and what those get who may not. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createContainer, createPool, DCont, queryPool } from "../../../src/index.ts";
import { faces } from "./faces.ts";
import { needsRoot } from "./privileged.ts";
import { Remote, type RemoteOptions } from "./remote.ts";
import { systemIn, type TestSystem, temporaryDirectory } from "./support.ts";

/** Numbers that no account has: what counts is that they are different users and groups. */
const ALICE = 61_801;
const BOB = 61_802;
const EVE = 61_803;
const GROUP = 61_810;

/** A place that every user can reach, with the sources and a Node that every user can run. */
function openPlace(t: TestContext): { directory: string; as: (uid: number, gid: number) => RemoteOptions } {
  const directory = temporaryDirectory(t);
  chmodSync(directory, 0o755);
  const checkout = fileURLToPath(new URL("../../..", import.meta.url));
  const root = join(directory, "checkout");
  for (const part of ["package.json", "src", "test/engines/local"])
    cpSync(join(checkout, part), join(root, part), { recursive: true });
  spawnSync("chmod", ["-R", "a+rX", root]);
  let execPath = process.execPath;
  if (spawnSync(execPath, ["-v"], { uid: EVE, gid: EVE, cwd: "/" }).status !== 0) {
    execPath = join(directory, "node");
    cpSync(process.execPath, execPath);
    chmodSync(execPath, 0o755);
  }
  const env = { PATH: process.env.PATH, LANG: "C" };
  return { directory, as: (uid, gid) => ({ root, execPath, uid, gid, env }) };
}

/** Tries calls there; gives each one's answer, or the code of its failure. */
async function outcomes(
  remote: Remote,
  made: TestSystem,
  face: string,
  mode: "RO" | "RW",
): Promise<Record<string, string>> {
  return remote.run(
    async ({ tsdaos, blocking }, system, face, mode) => {
      const own = face === "sync" ? blocking : tsdaos;
      const seen: Record<string, string> = {};
      const attempt = async (name: string, call: () => unknown): Promise<void> => {
        try {
          seen[name] = String(await call());
        } catch (e) {
          const { code, message } = e as { code: string; message: string };
          seen[name] = tsdaos.DaosError.is(e) ? code : `not a DaosError: ${e}`;
          if (!/^[^\n]+$/.test(message)) seen[name] += ": a message of several lines";
        }
      };
      await attempt("list", async () => (await own.listPools({ system })).length);
      await attempt("query", async () => (await own.queryPool("tank", { system })).label);
      await attempt("open", async () => {
        const c =
          face === "sync"
            ? new blocking.DCont("tank", "neo", { system, mode })
            : await tsdaos.DCont.open("tank", "neo", { system, mode });
        await attempt("get", async () => (await c.getDict("d")).get("k"));
        await attempt("put", async () => (await c.getDict("d")).put("k", "v"));
        await c.close();
        return "opened";
      });
      await attempt("check", async () => (await own.checkContainer("tank", "neo", { system })).findings.length);
      await attempt(
        "create",
        async () => (await own.createContainer("tank", `by-${process.getuid!()}-${face}`, { system })).label,
      );
      await attempt("destroy", () => own.destroyContainer("tank", "neo", { system, force: true }));
      return seen;
    },
    made.system,
    face,
    mode,
  );
}

for (const face of faces) {
  test(`a pool is its owner's alone: another user gets DER_NO_PERM, and no stack trace: ${face.name}`, async (t) => {
    if (!needsRoot(t, "being another user")) return;
    const { directory, as } = openPlace(t);
    const made = systemIn(join(directory, "system"));
    await face.admin.createPool("tank", made);
    await face.admin.createContainer("tank", "neo", made);
    const c = await face.open("tank", "neo", made);
    await c.dict("d", { k: "v" });
    assert.equal(statSync(join(made.directory, "tank")).mode & 0o7777, 0o700);
    await using eve = await Remote.start(as(EVE, EVE));
    for (const mode of ["RO", "RW"] as const) {
      const seen = await outcomes(eve, made, face.name, mode);
      assert.deepEqual(seen, {
        list: "0",
        query: "DER_NO_PERM",
        open: "DER_NO_PERM",
        check: "DER_NO_PERM",
        create: "DER_NO_PERM",
        destroy: "DER_NO_PERM",
      });
    }
    // The system's directory is root's: nobody else makes pools there.
    const codes = await eve.run(async ({ tsdaos }, system) => {
      const tried = [
        () => tsdaos.createPool("mine", { system }),
        () => tsdaos.destroyPool("tank", { system, force: true }),
        () => tsdaos.createPool("mine", { system: `${system}/below/it` }),
      ].map((call) => call().then(String, (e) => e.code as string));
      return Promise.all(tried);
    }, made.system);
    assert.deepEqual(codes, ["DER_NO_PERM", "DER_NO_PERM", "DER_NO_PERM"]);
    await c.close();
  });

  test(`a pool of a group: its members read and write together whatever their umask, others get DER_NO_PERM: ${face.name}`, async (t) => {
    if (!needsRoot(t, "being other users")) return;
    const { directory, as } = openPlace(t);
    const made = systemIn(join(directory, "system"));
    mkdirSync(made.directory);
    chownSync(made.directory, ALICE, GROUP);
    await using alice = await Remote.start(as(ALICE, GROUP));
    await using bob = await Remote.start(as(BOB, GROUP));
    await using eve = await Remote.start(as(EVE, EVE));
    const use = (remote: Remote, create: boolean): Promise<string> =>
      remote.run(
        async ({ tsdaos, blocking, state }, system, face, create) => {
          process.umask(0o077);
          const own = face === "sync" ? blocking : tsdaos;
          if (create) {
            await own.createPool("tank", { system, mode: 0o770 });
            await own.createContainer("tank", "neo", { system });
          }
          state.c =
            face === "sync"
              ? new blocking.DCont("tank", "neo", { system })
              : await tsdaos.DCont.open("tank", "neo", { system });
          state.d = await state.c.dict("d", null, { ifExists: "open" });
          await state.d.bput([
            ["k", "v"],
            [`of ${process.getuid!()}`, "x".repeat(5000)],
          ]);
          const keys = [...(await state.d.dump()).keys()].join(" ");
          await state.c.close();
          return keys;
        },
        made.system,
        face.name,
        create,
      );
    assert.equal(await use(alice, true), `k of ${ALICE}`);
    // Each of them makes the journal's files once, and the other one uses them.
    for (const [first, second] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      await first.run(async ({ blocking, state }, system) => {
        state.held = new blocking.DCont("tank", "neo", { system });
        state.held.get("d").put("held", "open");
      }, made.system);
      assert.equal(await use(second, false), `held k of ${ALICE} of ${BOB}`);
      for (const name of readdirSync(made.container)) {
        const stat = statSync(join(made.container, name));
        assert.deepEqual([name, (stat.mode & 0o777).toString(8), stat.gid], [name, "660", GROUP]);
      }
      await first.run(({ state }) => state.held.close());
    }
    for (const path of [dirname(made.container), made.container])
      assert.equal((statSync(path).mode & 0o7777).toString(8), "2770", path);
    assert.equal((await queryPool("tank", made)).mode, 0o2770);
    assert.deepEqual(await outcomes(eve, made, face.name, "RW"), {
      list: "0",
      query: "DER_NO_PERM",
      open: "DER_NO_PERM",
      check: "DER_NO_PERM",
      create: "DER_NO_PERM",
      destroy: "DER_NO_PERM",
    });
    const bobs = await outcomes(bob, made, face.name, "RW");
    assert.deepEqual([bobs.open, bobs.get, bobs.create], ["opened", "v", `by-${BOB}-${face.name}`]);
    assert.equal(bobs.destroy, "undefined", "a member may destroy what is the group's");
    assert.equal(statSync(join(made.directory, "tank", `by-${BOB}-${face.name}`)).mode & 0o7777, 0o2770);
  });

  test(`who may only read a pool reads while a writer has the container open; else DER_NO_PERM says why: ${face.name}`, async (t) => {
    if (!needsRoot(t, "being another user")) return;
    const { directory, as } = openPlace(t);
    const made = systemIn(join(directory, "system"));
    await createPool("tank", { ...made, mode: 0o755 });
    await createContainer("tank", "neo", made);
    await using eve = await Remote.start(as(EVE, EVE));
    const read = (): Promise<string> =>
      eve.run(
        async ({ tsdaos, blocking }, system, face) => {
          try {
            const c =
              face === "sync"
                ? new blocking.DCont("tank", "neo", { system, mode: "RO" })
                : await tsdaos.DCont.open("tank", "neo", { system, mode: "RO" });
            const value = String(await (await c.getDict("d")).get("k"));
            await c.close();
            return value;
          } catch (e) {
            return `${tsdaos.DaosError.is(e)} ${(e as Error).message}`;
          }
        },
        made.system,
        face.name,
      );
    const c = await DCont.open("tank", "neo", made);
    await c.dict("d", { k: "v" });
    assert.equal(await read(), "v");
    await c.close();
    const refused = await read();
    assert.match(refused, /^true .*DER_NO_PERM.*container\.sqlite: its directory cannot be written.*journal/);
    const seen = await outcomes(eve, made, face.name, "RW");
    assert.deepEqual(
      [seen.query, seen.open, seen.create, seen.destroy],
      ["tank", "DER_NO_PERM", "DER_NO_PERM", "DER_NO_PERM"],
    );
  });
}

test("permission bits are those that were asked for, whatever the umask; impossible ones are DER_INVAL", async (t) => {
  const made = systemIn(temporaryDirectory(t));
  const umask = process.umask(0o077);
  t.after(() => process.umask(umask));
  for (const [label, mode, wanted, file] of [
    ["default", undefined, 0o700, 0o600],
    ["private", 0o700, 0o700, 0o600],
    ["group", 0o770, 0o2770, 0o660],
    ["readers", 0o750, 0o2750, 0o640],
    ["all", 0o777, 0o2777, 0o666],
  ] as const)
    for (const face of faces) {
      await face.admin.createPool(`${label}-${face.name}`, { ...made, mode });
      await face.admin.createContainer(`${label}-${face.name}`, "neo", made);
      const pool = join(made.directory, `${label}-${face.name}`);
      const c = await face.open(`${label}-${face.name}`, "neo", made);
      await (await c.dict("d")).put("k", "v");
      for (const [path, bits] of [
        [pool, wanted],
        [join(pool, "pool.json"), file],
        [join(pool, "neo"), wanted],
        ...readdirSync(join(pool, "neo")).map((name) => [join(pool, "neo", name), file] as const),
      ] as const)
        assert.equal((statSync(path).mode & 0o7777).toString(8), bits.toString(8), path);
      await c.close();
    }
  for (const face of faces)
    for (const mode of [0, 0o070, 0o600, 0o1777, 0o4755, -1, 1.5, 0o10700, Number.NaN])
      await assert.rejects(
        async () => face.admin.createPool("bad", { ...made, mode }),
        { code: "DER_INVAL" },
        String(mode),
      );
});

test("a user without a name and a home gets no stack trace either", async (t) => {
  if (!needsRoot(t, "being another user")) return;
  const { directory, as } = openPlace(t);
  mkdirSync(join(directory, "system"));
  chownSync(join(directory, "system"), EVE, EVE);
  const made = systemIn(join(directory, "system"));
  await using eve = await Remote.start(as(EVE, EVE));
  const owner = await eve.run(async ({ tsdaos }, system) => {
    await tsdaos.createPool("tank", { system });
    await tsdaos.createContainer("tank", "neo", { system });
    return (await tsdaos.queryContainer("tank", "neo", { system })).properties.owner;
  }, made.system);
  assert.equal(owner, String(EVE));
  const code = await eve.run(({ tsdaos }) => tsdaos.createPool("tank").then(String, (e) => String(e.code)));
  assert.equal(code, "DER_NO_PERM");
});

test("a container whose file may not be read is DER_NO_PERM", async (t) => {
  if (!needsRoot(t, "being another user")) return;
  const { directory, as } = openPlace(t);
  const made = systemIn(join(directory, "system"));
  await createPool("tank", { ...made, mode: 0o777 });
  await createContainer("tank", "neo", made);
  await using eve = await Remote.start(as(EVE, EVE));
  const open = (mode: "RO" | "RW"): Promise<string> =>
    eve.run(
      async ({ tsdaos }, system, mode) => {
        try {
          await using c = await tsdaos.DCont.open("tank", "neo", { system, mode });
          return c.mode;
        } catch (e) {
          return `${(e as { code: string }).code} ${(e as Error).message}`;
        }
      },
      made.system,
      mode,
    );
  assert.deepEqual([await open("RW"), await open("RO")], ["RW", "RO"]);
  chmodSync(made.file, 0o644);
  assert.match(await open("RW"), /^DER_NO_PERM .*container\.sqlite/);
  assert.equal(await open("RO"), "RO");
  chmodSync(made.file, 0o600);
  for (const mode of ["RO", "RW"] as const) assert.match(await open(mode), /^DER_NO_PERM .*container\.sqlite/);
  chmodSync(join(made.container, "container.json"), 0o600);
  assert.match(await open("RO"), /^DER_NO_PERM .*container\.json/);
});
