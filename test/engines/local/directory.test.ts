/** Pools and containers are directories: what tsdaos did not make, or what lies outside the system, is never touched. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { hash, randomUUID } from "node:crypto";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { networkFileSystem, refuseNetworkFileSystem } from "../../../src/engines/local/network-file-system.ts";
import { createContainer, createPool, DCont, destroyPool, listContainers, listPools } from "../../../src/index.ts";
import { faces } from "./faces.ts";
import { Remote } from "./remote.ts";
import { der, systemIn, tankNeo, temporaryDirectory } from "./support.ts";

/** Every path under `directory` with what is there. */
function snapshot(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const path = join(directory, name);
      const stat = lstatSync(path);
      if (stat.isSymbolicLink()) return `${name} -> ${readlinkSync(path)}`;
      // The journal's files come and go with every look.
      return `${name} ${stat.mode} ${stat.isFile() && !/-(wal|shm)$/.test(name) ? hash("sha1", readFileSync(path)) : ""}`;
    });
}

const BAD_LABELS = [
  "",
  ".",
  "..",
  "../outside",
  "a/b",
  "/etc",
  "a b",
  "a\0b",
  "a\n",
  "ä",
  "~new-x",
  `~gone-${randomUUID()}`,
  "x".repeat(128),
];

for (const face of faces) {
  const { admin } = face;

  test(`a bad label is DER_INVAL before any I/O: ${face.name}`, async (t) => {
    const outer = temporaryDirectory(t);
    // Nothing is there yet: any I/O would show.
    const made = systemIn(join(outer, "system"));
    const invalid = der("DER_INVAL", /label/);
    for (const label of [...BAD_LABELS, randomUUID(), randomUUID().toUpperCase()]) {
      await assert.rejects(async () => admin.createPool(label, made), invalid, JSON.stringify(label));
      await assert.rejects(async () => admin.createContainer("tank", label, made), invalid, JSON.stringify(label));
    }
    for (const label of BAD_LABELS)
      for (const call of [
        () => admin.queryPool(label, made),
        () => admin.destroyPool(label, { ...made, force: true }),
        () => admin.listContainers(label, made),
        () => admin.createContainer(label, "neo", made),
        () => admin.queryContainer("tank", label, made),
        () => admin.destroyContainer("tank", label, { ...made, force: true }),
        () => admin.destroyContainer(label, "neo", { ...made, force: true }),
        () => admin.checkContainer("tank", label, { ...made, repair: true }),
        () => admin.backupContainer("tank", label, join(outer, "backup"), made),
        () => face.open("tank", label, made),
        () => face.open(label, "neo", { ...made, create: true }),
      ])
        await assert.rejects(async () => call(), invalid, `${call} of ${JSON.stringify(label)}`);
    assert.deepEqual(readdirSync(outer), []);
  });

  test(`a label of 127 characters, with every character that may be in one, works: ${face.name}`, async (t) => {
    const made = systemIn(temporaryDirectory(t));
    const label = `A-z_0:9.${"x".repeat(119)}`;
    await admin.createPool(label, made);
    await admin.createContainer(label, label, made);
    const c = await face.open(label, label, made);
    await c.dict("d", { k: "v" });
    await c.close();
    await admin.destroyPool(label, { ...made, force: true });
    assert.deepEqual(readdirSync(made.directory), []);
  });

  test(`missing and taken pools and containers have their codes, and nothing changes: ${face.name}`, async (t) => {
    const made = await tankNeo(t);
    const before = snapshot(made.directory);
    const missing = der("DER_NONEXIST");
    for (const none of ["none", randomUUID()])
      for (const call of [
        () => admin.queryPool(none, made),
        () => admin.destroyPool(none, made),
        () => admin.listContainers(none, made),
        () => admin.createContainer(none, "neo", made),
        () => admin.queryContainer("tank", none, made),
        () => admin.destroyContainer("tank", none, made),
        () => admin.checkContainer("tank", none, made),
        () => face.open("tank", none, made),
        () => face.open(none, "neo", made),
      ])
        await assert.rejects(async () => call(), missing, String(call));
    await assert.rejects(async () => admin.createPool("tank", made), der("DER_EXIST"));
    await assert.rejects(async () => admin.createContainer("tank", "neo", made), der("DER_EXIST"));
    await assert.rejects(async () => admin.destroyPool("tank", made), der("DER_BUSY", /1 containers/));
    assert.deepEqual(snapshot(made.directory), before);
  });

  test(`what tsdaos did not make is not destroyed, whatever its name: ${face.name}`, async (t) => {
    const made = await tankNeo(t);
    const { directory } = made;
    const tank = join(directory, "tank");
    for (const parent of [directory, tank]) {
      mkdirSync(join(parent, "plain"));
      writeFileSync(join(parent, "plain", "precious"), "x");
      mkdirSync(join(parent, "empty"));
      writeFileSync(join(parent, "file"), "x");
      mkdirSync(join(parent, `~gone-${randomUUID()}`));
    }
    // Markers of the other kind, and copies of whole directories.
    cpSync(join(tank, "pool.json"), join(tank, "plain", "container.json"));
    cpSync(join(made.container, "container.json"), join(directory, "plain", "pool.json"));
    cpSync(tank, join(directory, "copy"), { recursive: true });
    cpSync(made.container, join(tank, "copy"), { recursive: true });
    const before = snapshot(directory);
    for (const name of ["plain", "empty", "file", "copy"]) {
      const refused = der("DER_INVAL", new RegExp(`${name} is no (pool|container) that tsdaos made`));
      for (const force of [false, true]) {
        await assert.rejects(async () => admin.destroyPool(name, { ...made, force }), refused);
        await assert.rejects(async () => admin.destroyContainer("tank", name, { ...made, force }), refused);
      }
      await assert.rejects(async () => face.open("tank", name, made), refused);
    }
    assert.deepEqual(
      (await admin.listPools(made)).map(({ label }) => label),
      ["tank"],
    );
    assert.deepEqual(
      (await admin.listContainers("tank", made)).map(({ label }) => label),
      ["neo"],
    );
    // Nor does a pool go with what it holds.
    await assert.rejects(
      async () => admin.destroyPool("tank", { ...made, force: true }),
      der("DER_INVAL", /none of the containers/),
    );
    assert.deepEqual(snapshot(directory), before);
  });

  test(`a symbolic link leads no one out of the system: ${face.name}`, async (t) => {
    const outside = await tankNeo(t);
    await using c = await DCont.open("tank", "neo", outside);
    await c.dict("d", { k: "v" });
    await c.close();
    const made = await tankNeo(t);
    const tank = join(made.directory, "tank");
    symlinkSync(join(outside.directory, "tank"), join(made.directory, "link"));
    symlinkSync(outside.container, join(tank, "link"));
    symlinkSync(outside.directory, join(made.container, "arrays"));
    const before = snapshot(outside.directory);
    const refused = der("DER_INVAL", /symbolic link/);
    for (const force of [false, true]) {
      await assert.rejects(async () => admin.destroyPool("link", { ...made, force }), refused);
      await assert.rejects(async () => admin.destroyContainer("tank", "link", { ...made, force }), refused);
      await assert.rejects(async () => admin.destroyContainer("link", "neo", { ...made, force }), refused);
    }
    await assert.rejects(async () => face.open("tank", "link", made), refused);
    await assert.rejects(async () => admin.destroyPool("tank", { ...made, force: true }), der("DER_INVAL", /link/));
    // A link inside a container goes with the container; what it points to stays.
    await admin.destroyContainer("tank", "neo", made);
    assert.equal(existsSync(made.container), false);
    assert.deepEqual(snapshot(outside.directory), before);
  });

  test(`a container's file that is a link is not followed: ${face.name}`, async (t) => {
    const outside = await tankNeo(t);
    const made = await tankNeo(t);
    renameSync(made.file, join(made.directory, "elsewhere"));
    symlinkSync(outside.file, made.file);
    const before = snapshot(outside.directory);
    await assert.rejects(
      async () => face.open("tank", "neo", made),
      der("DER_IO", /container\.sqlite is not a regular file/),
    );
    await admin.destroyContainer("tank", "neo", { ...made, force: true });
    assert.deepEqual(snapshot(outside.directory), before);
  });

  test(`damaged, foreign and newer markers are told by code and file: ${face.name}`, async (t) => {
    const made = await tankNeo(t);
    for (const [noun, marker, calls] of [
      [
        "pool",
        join(made.directory, "tank", "pool.json"),
        [
          () => admin.queryPool("tank", made),
          () => admin.createContainer("tank", "trinity", made),
          () => admin.destroyPool("tank", { ...made, force: true }),
          () => face.open("tank", "neo", made),
        ],
      ],
      [
        "container",
        join(made.container, "container.json"),
        [
          () => admin.queryContainer("tank", "neo", made),
          () => admin.destroyContainer("tank", "neo", { ...made, force: true }),
          () => admin.destroyPool("tank", { ...made, force: true }),
          () => face.open("tank", "neo", made),
        ],
      ],
    ] as const) {
      const sound = readFileSync(marker, "utf8");
      const json = JSON.parse(sound) as Record<string, unknown>;
      const cases: [string, string | undefined, RegExp][] = [
        ["DER_IO", "", /\.json is damaged/],
        ["DER_IO", sound.slice(0, sound.length / 2), /\.json is damaged/],
        ["DER_IO", JSON.stringify({ ...json, version: undefined }), /\.json is damaged/],
        ["DER_IO", JSON.stringify({ ...json, uuid: "../.." }), /\.json is damaged/],
        ["DER_MISMATCH", JSON.stringify({ ...json, version: 2 }), /\.json has format version 2.*newer/],
        ["DER_INVAL", JSON.stringify({ ...json, format: "something" }), /\.json is not ours/],
        ["DER_INVAL", "null", /\.json is not ours/],
        ["DER_INVAL", undefined, new RegExp(`no ${noun} that tsdaos made: there is no file`)],
      ];
      for (const [code, text, message] of cases) {
        if (text === undefined) renameSync(marker, `${marker}.away`);
        else writeFileSync(marker, text);
        const before = snapshot(made.directory);
        for (const call of calls)
          await assert.rejects(
            async () => call(),
            (e: { code?: string; message: string }) => {
              // A pool with such a container in it is not destroyed: the container is not seen as ours.
              if (noun === "container" && String(call).includes("destroyPool")) return der("DER_INVAL", /neo/)(e);
              return der(code as "DER_IO", message)(e);
            },
            `${code} ${text} ${call}`,
          );
        assert.deepEqual(snapshot(made.directory), before);
        if (text === undefined) renameSync(`${marker}.away`, marker);
        else writeFileSync(marker, sound);
      }
    }
    const c = await face.open("tank", "neo", made);
    await c.dict("d", { k: "v" });
    await c.close();
  });

  test(`what an interrupted creation or removal left is invisible, frees the label, and goes later: ${face.name}`, async (t) => {
    const made = await tankNeo(t);
    const tank = join(made.directory, "tank");
    const [left, fresh] = [`~new-${randomUUID()}`, `~gone-${randomUUID()}`];
    // What a process that was killed before the rename leaves behind.
    cpSync(made.container, join(tank, left), { recursive: true });
    cpSync(made.container, join(tank, fresh), { recursive: true });
    cpSync(tank, join(made.directory, left), { recursive: true });
    assert.deepEqual(
      (await admin.listPools(made)).map(({ label }) => label),
      ["tank"],
    );
    assert.deepEqual(
      (await admin.listContainers("tank", made)).map(({ label }) => label),
      ["neo"],
    );
    const old = new Date(Date.now() - 2 * 3_600_000);
    utimesSync(join(tank, left), old, old);
    utimesSync(join(made.directory, left), old, old);
    await admin.createContainer("tank", "trinity", made);
    await admin.createPool("other", made);
    assert.deepEqual(readdirSync(tank).sort(), ["neo", "pool.json", "trinity", fresh].sort());
    assert.deepEqual(readdirSync(made.directory).sort(), ["other", "tank"]);
    await admin.destroyPool("tank", { ...made, force: true });
    assert.deepEqual(readdirSync(made.directory), ["other"]);
  });

  test(`of many processes that create the same pool, container or name, one wins: ${face.name}`, async (t) => {
    const made = systemIn(temporaryDirectory(t));
    const remotes = await Promise.all([1, 2, 3].map(() => Remote.start()));
    t.after(() => Promise.all(remotes.map((remote) => remote.kill())));
    type Verb = "pool" | "container" | "name";
    const all = async (verb: Verb, n: number): Promise<string[]> =>
      Promise.all(
        remotes.map((remote) =>
          remote.run(
            async ({ tsdaos, blocking, state }, verb, n, face, system) => {
              const own = face === "sync" ? blocking : tsdaos;
              try {
                if (verb === "pool") await own.createPool(`pool${n}`, { system });
                else if (verb === "container") await own.createContainer("pool0", `cont${n}`, { system });
                else {
                  state.c ??=
                    face === "sync"
                      ? new blocking.DCont("pool0", "cont0", { system })
                      : await tsdaos.DCont.open("pool0", "cont0", { system });
                  await state.c.dict(`name${n}`, { who: String(process.pid) });
                }
                return "made";
              } catch (e) {
                return (e as { code: string }).code;
              }
            },
            verb,
            n,
            face.name,
            made.system,
          ),
        ),
      );
    for (const verb of ["pool", "container", "name"] as const)
      for (let n = 0; n < 15; n++)
        assert.deepEqual((await all(verb, n)).sort(), ["DER_EXIST", "DER_EXIST", "made"], `${verb} ${n}`);
    assert.equal((await listPools(made)).length, 15);
    assert.equal((await listContainers("pool0", made)).length, 15);
    assert.deepEqual(
      readdirSync(made.directory).filter((name) => name.startsWith("~")),
      [],
    );
    assert.deepEqual(
      readdirSync(join(made.directory, "pool0")).filter((name) => name.startsWith("~")),
      [],
    );
    await using c = await DCont.open("pool0", "cont0", made);
    for await (const { name } of c) assert.equal((await (await c.getDict(name)).dump()).size, 1, name);
    const report = await admin.checkContainer("pool0", "cont0", made);
    assert.deepEqual([report.findings, report.skipped], [[], 0]);
  });
}

test("a process that is killed while it creates and destroys leaves nothing visible, and the labels free", async (t) => {
  const made = systemIn(temporaryDirectory(t));
  for (let i = 0; i < 6; i++) {
    await using remote = await Remote.start();
    remote
      .run(async ({ blocking }, system) => {
        process.send?.({ id: -1 });
        for (;;) {
          blocking.createPool("tank", { system });
          blocking.createContainer("tank", "neo", { system });
          blocking.destroyPool("tank", { system, force: true });
        }
      }, made.system)
      .catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 50 + 37 * i));
    await remote.kill();
    for (const { label } of await listPools(made)) {
      for (const c of await listContainers(label, made)) {
        const open = await DCont.open(label, c.label!, made).catch((e) => e);
        if (open instanceof DCont) await open.close();
        // Killed between emptying a container and removing it: what is left says that it was destroyed.
        else der("DER_NONEXIST")(open);
      }
      await destroyPool(label, { ...made, force: true });
    }
    await createPool("tank", made);
    await createContainer("tank", "neo", made);
    await destroyPool("tank", { ...made, force: true });
  }
});

test("network file systems are refused, before anything is made", (t) => {
  const directory = temporaryDirectory(t);
  for (const [type, name] of [
    [0x6969, "NFS"],
    [0xff534d42, "CIFS"],
    [0xfe534d42 | 0, "SMB2"], // negative, as some platforms give it
    [0x00c36400, "CephFS"],
    [0x0bd00bd0, "Lustre"],
  ] as const) {
    assert.equal(networkFileSystem(type), name);
    assert.throws(
      () => refuseNetworkFileSystem(join(directory, "not", "there", "yet"), () => type),
      der("DER_INVAL", new RegExp(name)),
    );
  }
  for (const type of [0xef53, 0x01021994, 0x58465342, 0x9123683e, 0x794c7630]) {
    assert.equal(networkFileSystem(type), undefined, "ext4, tmpfs, XFS, Btrfs, overlayfs");
    refuseNetworkFileSystem(directory, () => type);
  }
  refuseNetworkFileSystem(directory);
});

test("a system that cannot be one is refused with a DaosError", async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, "file"), "x");
  for (const face of faces) {
    const calls = (system: string): (() => unknown)[] => [
      () => face.admin.createPool("tank", { system }),
      () => face.admin.listPools({ system }),
      () => face.open("tank", "neo", { system }),
    ];
    for (const system of [`file://${directory}/file`, `file://${directory}/file/below`])
      for (const call of calls(system)) await assert.rejects(async () => call(), der("DER_INVAL"), `${call} ${system}`);
    for (const system of ["file:///a%2Fb", "file:///a%00b", "file://elsewhere/x", "file:///x?durability=no"])
      for (const call of calls(system)) await assert.rejects(async () => call(), der("DER_INVAL"), `${call} ${system}`);
    assert.deepEqual(await face.admin.listPools({ system: `file://${directory}/none` }), []);
  }
});

test("a system where no directory can be made is an error, not an endless search", { timeout: 60_000 }, () => {
  // In a process of its own: one that searches for ever does so in a blocking call.
  const program = `
    import { createPool } from ${JSON.stringify(new URL("../../../src/sync.ts", import.meta.url).href)};
    try { createPool("tank", { system: "file:///proc/tsdaos/system" }); } catch (e) { console.log(e.name, e.code); }`;
  const { stdout, error } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
    timeout: 30_000,
    killSignal: "SIGKILL",
  });
  assert.equal(error, undefined);
  assert.match(stdout, /^DaosError DER_/);
});

test("the directories above a system are made", async (t) => {
  const system = pathToFileURL(join(temporaryDirectory(t), "not", "there", "yet")).href;
  await createPool("tank", { system });
  await createPool("pond", { system });
  assert.deepEqual(
    (await listPools({ system })).map(({ label }) => label),
    ["pond", "tank"],
  );
});
