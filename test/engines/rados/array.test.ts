/** Arrays in RADOS objects; what the contract asks is in the conformance suite. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { capabilities } from "../../../src/engines/rados/capabilities.ts";
import { checkContainer, DCont, ndarray, slice, xp } from "../../../src/index.ts";
import { DCont as SyncDCont } from "../../../src/sync.ts";
import { asyncSystem } from "../../../src/system.ts";
import { agreeWithNumpy } from "../../array/numpy-cases.ts";
import { numpyMissing } from "../../array/numpy-judge.ts";
import { der, tankNeo, temporaryDirectory } from "../local/support.ts";
import { type Ground, onCluster, unique } from "./support.ts";

/** Anonymous memory of a process that works on an array of 256 MiB; librados and Node.js by themselves take about a hundred. */
const RESIDENT_MAX_MIB = 250;
const BIG_MIB = 256;
/** An abort that waited for the cluster would take as long as its timeout. */
const TIMEOUT_MS = 15_000;
const ABORTED_WITHIN_MS = 5000;

onCluster("arrays", { store: "memstore" }, (ground) => {
  /** Names of the objects of the container that begin so. */
  async function objects(beginning: string): Promise<string[]> {
    const { cluster, pool } = ground();
    const listed = (await cluster.rados("-p", pool, "--all", "ls")).split("\n").map((line) => line.split("\t")[1]);
    return listed.filter((name) => name?.startsWith(beginning) === true).sort() as string[];
  }

  async function rados(cont: DCont, ...words: string[]): Promise<string> {
    const { cluster, pool } = ground();
    return cluster.rados("-p", pool, "-N", `tsdaos.${cont.uuid}`, ...words);
  }

  test("each chunk is the data of one object under Zarr's key, and the document is Zarr's own", async (t) => {
    await using cont = await ground().client();
    const spec = { shape: [3, 4], dtype: "int16", chunks: [2, 2], attributes: { unit: "K" } } as const;
    const da = await cont.array(unique("format"), spec);
    const values = ndarray(
      "int16",
      [3, 4],
      Int16Array.from({ length: 12 }, (_, i) => i + 1),
    );
    await da.set(null, values);
    assert.deepEqual(
      await objects(`a.${da.oid}.`),
      ["c/0/0", "c/0/1", "c/1/0", "c/1/1"].map((key) => `a.${da.oid}.${key}`),
    );
    const file = join(temporaryDirectory(t), "file");
    await rados(cont, "get", `a.${da.oid}.c/1/0`, file);
    assert.deepEqual([...new Int16Array(Uint8Array.from(readFileSync(file)).buffer)], [9, 10, 0, 0]);
    await rados(cont, "getomapval", `m.${da.oid}`, "zarr.json", file);
    const local = await localCont(t);
    const twin = await local.array("twin", spec);
    assert.equal(readFileSync(file, "utf8"), readFileSync(join(twin.path!, "zarr.json"), "utf8"));
    await local.close();
    // What is all fill value is not stored.
    await da.set([slice(0, 2)], 0);
    assert.deepEqual(
      await objects(`a.${da.oid}.`),
      ["c/1/0", "c/1/1"].map((key) => `a.${da.oid}.${key}`),
    );
    await da.resize([2, 4]);
    assert.deepEqual(await objects(`a.${da.oid}.`), []);
    await cont.destroy(da.name);
    await cont.close();
    assert.deepEqual(
      (await objects("")).filter((name) => name.includes(da.oid)),
      [],
    );
  });

  test("an array goes from the local engine to the cluster and back with every stored byte", async (t) => {
    await using cont = await ground().client();
    const directory = temporaryDirectory(t);
    for (const codecs of [[], ["zstd"], ["gzip"]] as const) {
      const local = await localCont(t);
      const layout = { chunks: [7, 10, 3], codecs } as const;
      const a = ndarray("float32", [20, 30, 4]);
      for (let i = 0; i < a.data.length; i++) a.data[i] = i % 50 === 0 ? Number.NaN : i / 3;
      const da = await local.array("a", { from: a, fill: Number.NaN, dimensionNames: ["x", "y", "z"], ...layout });
      const there = await cont.array(unique("copy"), { from: da, ...layout, fill: Number.NaN });
      const back = await local.array("back", { from: there, ...layout, fill: Number.NaN });
      assert.deepEqual(filesIn(back.path!, ["zarr.json"]), filesIn(da.path!, ["zarr.json"]));
      const out = join(directory, `out${codecs}`);
      await there.toNpy(`${out}.npy`);
      await da.toNpy(`${out}-local.npy`);
      assert.deepEqual(readFileSync(`${out}.npy`), readFileSync(`${out}-local.npy`));
      await there.toZarr(`${out}.zarr`);
      assert.deepEqual(filesIn(`${out}.zarr`, ["zarr.json"]), filesIn(da.path!, ["zarr.json"]));
      for (const from of [{ npy: `${out}.npy` }, { zarr: `${out}.zarr` }]) {
        const again = await cont.array(unique("again"), { from });
        const read = await again.get();
        assert.deepEqual(
          [read.dtype, read.shape, Buffer.from(read.data.buffer)],
          [a.dtype, a.shape, Buffer.from(a.data.buffer)],
        );
      }
      await local.close();
    }
  });

  const missing = numpyMissing();
  test("500 random reads, views, writes and conversions agree with NumPy", { skip: missing }, async () => {
    const { system } = ground();
    await using cont = await ground().client();
    using blocking = new SyncDCont("tank", "neo", { system });
    await agreeWithNumpy(cont, blocking, 500);
  });

  test("an array of hundreds of MiB is written, summed and read in bounded memory", async (t) => {
    const program = fileURLToPath(new URL("programs/big-array.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--max-old-space-size=128",
      program,
      ground().system,
      String(BIG_MIB),
    ]);
    const { sum, columns, read, most } = JSON.parse(stdout) as Record<string, number>;
    const rows = BIG_MIB;
    const total = 131_072 * ((rows * (rows + 1)) / 2);
    assert.deepEqual([sum, columns, read], [total, total, total]);
    t.diagnostic(`${most} MiB for ${BIG_MIB} MiB`);
    assert.ok(most! < RESIDENT_MAX_MIB, `${most} MiB were resident`);
  });

  test("a chunk that an OSD does not take in one operation is refused before anything is made", async () => {
    await using cont = await ground().client();
    const name = unique("huge");
    const bytes = capabilities.maxChunkBytes;
    for (const spec of [
      { shape: [200_000_000], dtype: "int8", chunks: [bytes + 1] },
      { shape: [200_000_000], dtype: "int8", chunks: [bytes + 1], codecs: ["zstd"] },
    ] as const)
      await assert.rejects(cont.array(name, spec), der("DER_INVAL", /the most is 90000000/));
    assert.equal(await cont.has(name), false);
    // The biggest that there may be, which does not compress.
    const da = await cont.array(name, {
      shape: [bytes],
      dtype: "uint8",
      chunks: [bytes],
      codecs: [{ name: "gzip", configuration: { level: 0 } }],
    });
    const values = ndarray("uint8", [bytes]);
    for (let i = 0; i < bytes; i += 4096) values.data[i] = i / 4096;
    await da.set(null, values);
    assert.equal(Buffer.compare((await da.get()).data, values.data), 0);
    const { store, close } = await contract(ground());
    const tooBig = new Uint8Array(95_000_000);
    await assert.rejects(
      store.writeChunks([
        { key: "c/0", bytes: Buffer.from("1") },
        { key: "c/1", bytes: tooBig },
      ]),
      der("DER_REC2BIG"),
    );
    await assert.rejects(store.updateChunks([{ key: "c/1", apply: () => tooBig }]), der("DER_REC2BIG"));
    assert.deepEqual((await store.listChunks(undefined, 10)).keys, []);
    await close();
    await cont.destroy(name);
  });

  test("chunks that are removed are not listed, and listed again when they are back", async () => {
    const { store, close } = await contract(ground());
    const keys = Array.from({ length: 300 }, (_, i) => `c/${i}`);
    await store.writeChunks(keys.map((key) => ({ key, bytes: Buffer.from(key) })));
    await store.writeChunks(keys.filter((_, i) => i % 3 > 0).map((key) => ({ key, bytes: null })));
    const listed = async (limit: number): Promise<string[]> => {
      const all: string[] = [];
      for (let after: string | undefined; ; ) {
        const page = await store.listChunks(after, limit);
        assert.ok(page.keys.length <= limit);
        all.push(...page.keys);
        after = page.next;
        if (after === undefined) return all.sort();
      }
    };
    for (const limit of [7, 50, 1000]) assert.deepEqual(await listed(limit), keys.filter((_, i) => i % 3 === 0).sort());
    await store.updateChunks([{ key: "c/1", apply: (old) => old ?? Buffer.from("back") }]);
    await store.writeChunks([{ key: "c/2", bytes: Buffer.from("back") }]);
    assert.deepEqual(await listed(1000), [...keys.filter((_, i) => i % 3 === 0), "c/1", "c/2"].sort());
    await close();
  });

  test("a closed container refuses its arrays with DER_NO_HDL, after it has finished what was called", async () => {
    const cont = await ground().client();
    const name = unique("closed");
    const da = await cont.array(name, { shape: [300, 100], dtype: "float64", chunks: [10, 100] });
    const writing = da.set(null, 3);
    await cont.close();
    await writing;
    for (const call of [() => da.get(), () => da.at(0, 0), () => da.set(null, 1), () => da.resize([1, 1])])
      await assert.rejects(call, der("DER_NO_HDL"), String(call));
    const blocking = new SyncDCont("tank", "neo", { system: ground().system });
    const twin = blocking.getArray(name);
    assert.equal(twin.at(299, 99), 3);
    blocking.close();
    for (const call of [() => twin.get(), () => twin.at(0, 0), () => twin.set(null, 1)])
      assert.throws(call, der("DER_NO_HDL"), String(call));
  });

  test("a damaged chunk is one DER_IO, and is found by the check", async () => {
    await using cont = await ground().client();
    const da = await cont.array(unique("damaged"), { shape: [60, 100], dtype: "int32", chunks: [10, 100] });
    await da.set(null, 7);
    await rados(cont, "truncate", `a.${da.oid}.c/2/0`, "100");
    await assert.rejects(da.get(), der("DER_IO", /cut short/));
    assert.equal(await da.at(59, 99), 7);
    const { findings } = await checkContainer("tank", "neo", { system: ground().system });
    assert.deepEqual(
      findings.map(({ message }) => message),
      [
        `chunk c/2/0 of array ${JSON.stringify(da.name)} has 100 bytes where 4000 are expected: it was cut short or changed`,
      ],
    );
    await da.set([slice(20, 30)], 8);
    assert.equal((await da.get()).data[2999], 8);
  });

  test("the check finds chunks that belong to nobody, and what an index or a shape has lost, and mends it", async (t) => {
    const { system } = ground();
    await using cont = await ground().client();
    const da = await cont.array(unique("check"), { shape: [80], dtype: "int8", chunks: [10] });
    await da.set(null, 1);
    const file = join(temporaryDirectory(t), "chunk");
    writeFileSync(file, Buffer.alloc(10, 1));
    // An array that was destroyed while a writer was killed; one index that lost its objects; a chunk beyond the shape.
    await rados(cont, "put", "a.aaaaaaaaaaaaaaaaaaaaaaaa.c/5", file);
    const shards = (await objects(`s.${da.oid}.`)).slice(0, 8);
    for (const shard of shards.slice(2)) await rados(cont, "rm", shard);
    await rados(cont, "put", `a.${da.oid}.c/8`, file);
    const check = async (repair = false): Promise<string[]> => {
      const { findings } = await checkContainer("tank", "neo", { system, repair });
      return findings.filter((f) => f.repaired === repair).map(({ message }) => message);
    };
    const young = await check();
    assert.ok(
      young.some((message) => message.includes("does not have")),
      young.join("\n"),
    );
    assert.ok(young.some((message) => /^chunk c\/8 of array .* lies beyond its shape$/.test(message)));
    assert.equal(young.filter((message) => /^shard \d of the index/.test(message)).length, 6);
    assert.ok(!young.some((message) => message.includes("belong to nothing")), "it may be being made right now");
    t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 2 * 3_600_000 });
    const old = await check(true);
    assert.ok(old.some((message) => message === "1 objects of aaaaaaaaaaaaaaaaaaaaaaaa belong to nothing"));
    assert.deepEqual(await check(), []);
    assert.deepEqual(await objects("a.aaaaaaaaaaaaaaaaaaaaaaaa"), []);
    // Nothing was lost: the array has its chunks, can be cut, and can be destroyed.
    assert.equal((await xp.sum(da).get()).data[0], 80n);
    await da.resize([35]);
    await da.resize([80]);
    assert.equal((await xp.sum(da).get()).data[0], 35n);
    await cont.destroy(da.name);
    await cont.close();
    assert.deepEqual(await objects(`a.${da.oid}`), []);
  });

  test("an aborted call ends at once also when no OSD answers, and its memory is the caller's again", async () => {
    const { cluster } = ground();
    await using cont = await ground().client({ timeout: TIMEOUT_MS });
    const da = await cont.array(unique("abort"), { shape: [64, 4096], dtype: "float64", chunks: [8, 4096] });
    await da.set(null, 5);
    const { store, close } = await contract(ground(), da.name, TIMEOUT_MS);
    const out = ndarray("float64", [64, 4096]);
    const part = new Uint8Array(100_000);
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error("enough");
    const begun = performance.now();
    for (const id of cluster.osds()) cluster.signalOsd(id, "SIGSTOP");
    try {
      const calls = [
        da.get(null, { out, signal }),
        store.readInto([{ key: "c/0/0", offset: 0, into: [part] }], { signal }),
        store.readChunks(["c/0/0", "c/1/0"], { signal }),
        store.writeChunks([{ key: "c/20/0", bytes: new Uint8Array(100_000) }], { signal }),
        store.updateChunks([{ key: "c/21/0", apply: () => new Uint8Array(100_000) }], { signal }),
        store.listChunks(undefined, 10, { signal }),
        store.getMetadata({ signal }),
      ];
      setTimeout(() => controller.abort(reason), 100);
      for (const [i, result] of (await Promise.allSettled<unknown>(calls)).entries())
        assert.equal((result as PromiseRejectedResult).reason, reason, `call ${i} has not ended with the reason`);
      const took = performance.now() - begun;
      assert.ok(took < ABORTED_WITHIN_MS, `it took ${took} ms`);
    } finally {
      for (const id of cluster.osds()) cluster.signalOsd(id, "SIGCONT");
    }
    out.data.fill(-1);
    part.fill(255);
    assert.equal((await da.get()).data[64 * 4096 - 1], 5);
    assert.ok(out.data.every((v) => v === -1) && part.every((v) => v === 255));
    await close();
  });

  test("calls on arrays time out on time and leave the event loop alone when the cluster is silent", async () => {
    const { cluster } = ground();
    await using cont = await ground().client({ timeout: 3000 });
    const da = await cont.array(unique("silent"), { shape: [400, 400], dtype: "float64", chunks: [100, 100] });
    await da.set(null, 1);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 10);
    for (const id of cluster.osds()) cluster.signalOsd(id, "SIGSTOP");
    try {
      const begun = performance.now();
      const calls = [da.get(), da.set([slice(5, 300)], 2), da.at(0, 0)];
      for (const result of await Promise.allSettled(calls)) {
        assert.equal(result.status, "rejected");
        der("DER_TIMEDOUT")((result as PromiseRejectedResult).reason);
      }
      const took = performance.now() - begun;
      assert.ok(took < 12_000, `it took ${took} ms`);
      assert.ok(ticks > took / 100, `${ticks} ticks in ${took} ms`);
    } finally {
      clearInterval(timer);
      for (const id of cluster.osds()) cluster.signalOsd(id, "SIGCONT");
    }
    // Whether the write has landed is not known; a later one has.
    await da.set(null, 3);
    assert.ok((await da.get()).data.every((v) => v === 3));
  });
});

async function localCont(t: TestContext): Promise<DCont> {
  const { system } = await tankNeo(t);
  return DCont.open("tank", "neo", { system });
}

/** The content of every file of a directory but some, by its path. */
function filesIn(directory: string, but: readonly string[]): Map<string, Buffer> {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !but.includes(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(names.sort().map((name) => [name.slice(directory.length), readFileSync(name)]));
}

/** An array by the contract: that of the name, or one without a name. */
async function contract({ clientSystem, pool, container }: Ground, name?: string, timeout?: number) {
  const system = await asyncSystem({ system: clientSystem(timeout) });
  const opened = await system.openContainer(pool, container, { mode: "RW" });
  const object = name === undefined ? await opened.createNameless({ kind: "array" }) : (await opened.lookup(name))!;
  const store = opened.array!(object);
  const close = async (): Promise<void> => {
    if (name === undefined) await opened.discard(object);
    await opened.close();
  };
  return { store, close };
}
