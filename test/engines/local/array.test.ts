/** The files of arrays; what the contract asks is in the conformance suite. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { ArrayStore, Container, ObjectRef, System } from "../../../src/engine/contract.ts";
import { engine } from "../../../src/engines/local/index.ts";
import { DaosError } from "../../../src/errors.ts";
import { skipWithout } from "../../needs.ts";
import { Remote, type RemoteContext } from "./remote.ts";
import { tankNeo } from "./support.ts";

const root = mkdtempSync(join(tmpdir(), "tsdaos-local-array-"));
after(() => rmSync(root, { recursive: true }));

const url = pathToFileURL(root);
const sync: System<"sync"> = engine.system("sync", { url, timeout: 5000 });
const asynchronous: System<"async"> = engine.system("async", { url, timeout: 5000 });
sync.createPool("tank", {});
sync.createContainer("tank", { label: "neo", type: "PYTHON", properties: {} });

const text = (s: string): Buffer => Buffer.from(s);
const metadata = text('{"zarr_format":3}');

interface Opened {
  readonly container: Container<"async">;
  readonly object: ObjectRef;
  readonly store: ArrayStore<"async">;
}

/** The blocking twin behind the asynchronous interface: one set of tests for both. */
function asAsync(store: ArrayStore<"sync">): ArrayStore<"async"> {
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? async (...args: unknown[]) => value.apply(target, args) : value;
    },
  }) as unknown as ArrayStore<"async">;
}

function storeOf(face: "sync" | "async", container: Opened["container"], object: ObjectRef): ArrayStore<"async"> {
  if (face === "async") return container.array!(object);
  return asAsync(sync.openContainer("tank", "neo", { mode: "RW" }).array!(object));
}

async function open(face: "sync" | "async"): Promise<Opened> {
  const container = await asynchronous.openContainer("tank", "neo", { mode: "RW" });
  const object = await container.createNameless({ kind: "array" });
  const store = storeOf(face, container, object);
  assert.equal(await store.setMetadata(metadata, undefined), true);
  return { container, object, store };
}

for (const face of ["async", "sync"] as const) {
  test(`${face}: a small range is written in place, a wide one replaces the file`, async () => {
    const { store } = await open(face);
    await store.writeChunks([{ key: "c/0", bytes: Buffer.alloc(10_000, "a") }]);
    const inode = (): number => statSync(join(store.path!, "c/0")).ino;
    const before = inode();
    const update = (...ranges: { offset: number; bytes: Buffer }[]) =>
      store.updateChunks([
        {
          key: "c/0",
          ranges,
          apply: (old) => {
            for (const { offset, bytes } of ranges) old!.set(bytes, offset);
            return old!;
          },
        },
      ]);
    await update({ offset: 5000, bytes: text("bb") }, { offset: 5004, bytes: text("cc") });
    assert.equal(inode(), before);
    await update({ offset: 4090, bytes: text("dddddddddd") });
    assert.notEqual(inode(), before);
    const [bytes] = await store.readChunks(["c/0"]);
    const expected = Buffer.alloc(10_000, "a");
    expected.write("bbaacc", 5000);
    expected.write("dddddddddd", 4090);
    assert.deepEqual(Buffer.from(bytes!), expected);
  });

  test(`${face}: a destroyed array answers DER_NONEXIST and leaves no files`, async () => {
    const { container, object, store } = await open(face);
    await store.writeChunks([{ key: "c/0", bytes: text("1") }]);
    await container.discard(object);
    const gone = (e: unknown): boolean => DaosError.is(e, "DER_NONEXIST");
    await assert.rejects(store.getMetadata(), gone);
    await assert.rejects(store.readChunks(["c/0"]), gone);
    await assert.rejects(store.writeChunks([{ key: "c/0", bytes: text("1") }]), gone);
    assert.equal(existsSync(store.path!), false);
    assert.deepEqual(
      readdirSync(join(store.path!, "../../staging")).filter((name) => name.startsWith(`${object.oid}`)),
      [],
    );
  });

  test(`${face}: nothing but Zarr's files is in the directory, nothing stays in staging`, async () => {
    const { store } = await open(face);
    await store.writeChunks([{ key: "c/0", bytes: text("1") }]);
    assert.deepEqual(readdirSync(store.path!).sort(), ["c", "zarr.json"]);
    assert.equal(readFileSync(join(store.path!, "c/0"), "utf8"), "1");
    assert.deepEqual(
      readdirSync(join(store.path!, "../../staging")).filter((name) => !name.endsWith(".lock")),
      [],
    );
  });

  test(`${face}: replacing big chunks gives back their descriptors and their room`, {
    skip: process.platform !== "linux" && "needs /proc",
  }, async () => {
    const { store } = await open(face);
    const bytes = Buffer.alloc(512 * 1024, 1);
    const targets = (): string[] =>
      readdirSync("/proc/self/fd").flatMap((fd) => {
        try {
          return [readlinkSync(`/proc/self/fd/${fd}`)];
        } catch {
          return [];
        }
      });
    const ofChunks = (): number => targets().filter((path) => /\/c\/\d+( \(deleted\))?$/.test(path)).length;
    for (let i = 0; i < 12; i++)
      await store.writeChunks(Array.from({ length: 8 }, (_, k) => ({ key: `c/${k}`, bytes: bytes.fill(i) })));
    // They are closed by other threads, which need no turn of the event loop.
    for (let waited = 0; ofChunks() > 0 && waited < 10_000; waited += 5)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    assert.equal(ofChunks(), 0);
    assert.deepEqual(await store.readChunks(["c/7"]), [bytes]);
  });

  test(`${face}: removing chunks of an array that nobody has begun is nothing`, async () => {
    const container = await asynchronous.openContainer("tank", "neo", { mode: "RW" });
    const object = await container.createNameless({ kind: "array" });
    const store = storeOf(face, container, object);
    await store.writeChunks([{ key: "c/0", bytes: null }]);
    await store.writeChunks([]);
    assert.deepEqual(await store.readChunks(["c/0"]), [undefined]);
  });

  test(`${face}: a write that waits for the lock in vain leaves nothing behind`, async () => {
    const { store, object } = await open(face);
    const staging = join(store.path!, "../../staging");
    await store.writeChunks([{ key: "c/0", bytes: text("1") }]);
    const other = new DatabaseSync(join(staging, `${object.oid}.lock`));
    other.exec("BEGIN IMMEDIATE");
    await assert.rejects(
      async () => store.writeChunks([{ key: "c/0", bytes: text("2") }]),
      (e: unknown) => DaosError.is(e, "DER_BUSY"),
    );
    other.close();
    assert.deepEqual(
      readdirSync(staging).filter((name) => name.startsWith(`${object.oid}-`)),
      [],
    );
    await store.writeChunks([{ key: "c/0", bytes: text("3") }]);
  });

  test(`${face}: a write that fails changes nothing and leaves nothing behind`, async () => {
    const { store } = await open(face);
    writeFileSync(join(store.path!, "c"), "a file where a directory has to be");
    await assert.rejects(store.writeChunks([{ key: "c/0", bytes: text("1") }]), (e: unknown) => DaosError.is(e));
    assert.deepEqual(
      readdirSync(join(store.path!, "../../staging")).filter((name) => !name.endsWith(".lock")),
      [],
    );
  });
}

for (const face of ["async", "sync"] as const) {
  test(`${face}: a process with few descriptors changes and replaces many chunks in one call`, async (t) => {
    if (spawnSync("prlimit", ["--version"]).status !== 0) {
      t.skip(skipWithout("prlimit", "there is no prlimit (util-linux) to limit a process with"));
      return;
    }
    const { system } = await tankNeo(t);
    await using remote = await Remote.start({ descriptors: 120 });
    const run = async ({ tsdaos, blocking }: RemoteContext, system: string, name: "async" | "sync", spare: number) => {
      const { closeSync, openSync, readdirSync } = await import("node:fs");
      const { ndarray, slice } = tsdaos;
      const cont =
        name === "async"
          ? await tsdaos.DCont.open("tank", "neo", { system })
          : new blocking.DCont("tank", "neo", { system });
      const many = await cont.array("many", { from: ndarray("int32", [200, 4]), chunks: [1, 4], fill: 9 });
      await many.set([slice(null), 1], 5);
      const changed = (await many.get([slice(null), 1])).data;
      // 32 chunks are a batch.
      const data = ndarray("uint8", [32, 262_144]);
      data.data.fill(1);
      const big = await cont.array("big", { from: data, chunks: [1, 262_144] });
      data.data.fill(2);
      const taken: number[] = [];
      while (readdirSync("/proc/self/fd").length - 1 < 120 - spare) taken.push(openSync("/dev/null", "r"));
      await big.set(null, data);
      for (const fd of taken) closeSync(fd);
      const replaced = (await big.get([slice(null), 7])).data;
      await cont.close();
      return { changed: [...changed], replaced: [...replaced] };
    };
    const { changed, replaced } = await remote.run(run, system, face, 20);
    assert.deepEqual(changed, new Array(200).fill(5));
    assert.deepEqual(replaced, new Array(32).fill(2));
  });
}
