/** Arrays on a cluster that several processes write, that are killed, whose OSDs die: what was written stays. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkContainer, DCont, ndarray, slice } from "../../../src/index.ts";
import { DCont as SyncDCont } from "../../../src/sync.ts";
import { asyncSystem } from "../../../src/system.ts";
import { appendAndCut, appendRows, killWriters, updateCombs, updateElements } from "../../array/writers.ts";
import { der } from "../local/support.ts";
import { onCluster, unique } from "./support.ts";

onCluster("arrays of several processes", { store: "memstore" }, (ground) => {
  test("1,440 updates by 4 processes of single elements, 1,200 of them of one chunk, lose nothing", async (t) => {
    await using cont = await ground().client();
    await updateElements(t, ground().system, cont);
  });

  test("240 updates by 4 processes that each touch all of one chunk lose nothing", async (t) => {
    await using cont = await ground().client();
    await updateCombs(t, ground().system, cont);
  });

  test("rows that 4 processes append are all there, each in one piece", async (t) => {
    await using cont = await ground().client();
    await appendRows(t, ground().system, cont);
  });

  test("rows that are appended while others cut off are whole", async () => {
    await using cont = await ground().client();
    await appendAndCut(cont, () => ground().client());
    // One who had his place before a cut, and wrote to it after, may have left a chunk there.
    const { system } = ground();
    const { findings } = await checkContainer("tank", "neo", { system, repair: true });
    assert.ok(findings.every(({ message, repaired }) => /lies beyond its shape$/.test(message) && repaired));
    assert.deepEqual((await checkContainer("tank", "neo", { system })).findings, []);
  });

  test("a writer that is killed leaves each chunk old or new, and the others go on", async (t) => {
    const { system } = ground();
    await using cont = await ground().client();
    await killWriters(t, system, cont, 4);
    assert.deepEqual((await checkContainer("tank", "neo", { system })).findings, []);
  });

  test("an array that is destroyed while others write it leaves nothing, and tells them so", async () => {
    const { cluster, system, pool } = ground();
    await using cont = await ground().client();
    await using other = await ground().client();
    for (let round = 0; round < 12; round++) {
      const name = unique("gone");
      const da = await cont.array(name, { shape: [40, 1000], dtype: "float64", chunks: [1, 1000] });
      const theirs = await other.getArray(name, { dtype: "float64" });
      const refused = der("DER_NONEXIST");
      const writing = (async () => {
        // Chunks that are new, then the same ones again, whole and in part.
        for (let k = 1; ; k++) await theirs.set(k % 3 === 0 ? [null, slice(k % 100, 500)] : null, k);
      })();
      writing.catch(() => {});
      if (round % 3 > 0) while ((await da.at(39, 999)) < round % 3) await new Promise(setImmediate);
      await cont.destroy(name);
      await assert.rejects(writing, refused);
      await assert.rejects(da.set(null, 1), refused);
      await assert.rejects(da.get(), refused);
      await assert.rejects(theirs.at(0, 0), refused);
    }
    await cont.close();
    await other.close();
    const left = (await cluster.rados("-p", pool, "--all", "ls")).split("\n").map((line) => line.split("\t")[1]);
    const arrays = new Set((await namesOf(system)).map(({ oid }) => oid));
    assert.deepEqual(
      left.filter((object) => object?.startsWith("a.") && !arrays.has(object.split(".")[1]!)),
      [],
    );
    const report = await checkContainer("tank", "neo", { system });
    assert.deepEqual([report.findings, report.skipped], [[], 0]);
  });

  test("an array that is destroyed while it is read is never read as if its chunks had not been there", async () => {
    const container = await (await asyncSystem({ system: ground().system })).openContainer("tank", "neo", {
      mode: "RW",
    });
    await using other = await ground().client();
    // One read of so many chunks that it takes longer than the destruction.
    const keys = Array.from({ length: 1000 }, (_, i) => `c/${i}`);
    for (let round = 0; round < 2; round++) {
      const name = unique("read");
      const store = container.array!((await container.create(name, { kind: "array" }))!);
      await store.writeChunks(keys.map((key) => ({ key, bytes: Buffer.from(key) })));
      const reading = (async () => {
        for (;;) assert.ok(!(await store.readChunks(keys)).includes(undefined), "a chunk was not there");
      })();
      reading.catch(() => {});
      await other.destroy(name);
      await assert.rejects(reading, der("DER_NONEXIST"));
    }
    await container.close();
  });

  test("a chunk that is made just after its array was destroyed does not stay", async () => {
    const { system, cluster, pool } = ground();
    const container = await (await asyncSystem({ system })).openContainer("tank", "neo", { mode: "RW" });
    const oids: string[] = [];
    // A chunk that was there, whose key is in the index and need not be put there, and one that never was.
    for (const key of ["c/0", "c/1"]) {
      const name = unique("late");
      const object = (await container.create(name, { kind: "array" }))!;
      oids.push(object.oid);
      const store = container.array!(object);
      await store.writeChunks([{ key: "c/0", bytes: Buffer.from("1") }]);
      await store.writeChunks([{ key: "c/0", bytes: null }]);
      const apply = (): Uint8Array => {
        const other = new SyncDCont("tank", "neo", { system: ground().clientSystem() });
        other.destroy(name);
        other.close();
        return Buffer.from("late");
      };
      await assert.rejects(store.updateChunks([{ key, apply }]), der("DER_NONEXIST"));
    }
    await container.close();
    const left = await cluster.rados("-p", pool, "--all", "ls");
    for (const oid of oids) assert.ok(!left.includes(oid), left);
  });

  test("a name that is given to another array does not make the old handle see it", async () => {
    await using cont = await ground().client();
    const name = unique("again");
    const old = await cont.array(name, { shape: [4], dtype: "int8", chunks: [2], fill: 1 });
    await old.set([0], 5);
    const other = new SyncDCont("tank", "neo", { system: ground().clientSystem() });
    other.destroy(name);
    const now = await cont.array(name, { shape: [4], dtype: "int8", chunks: [2], fill: 2 });
    await now.set([1], 6);
    for (const call of [
      () => old.get(),
      () => old.at(0),
      () => old.set(null, 9),
      () => old.set([0], 9),
      () => old.resize([2]),
      () => old.append(ndarray("int8", [1])),
    ])
      await assert.rejects(call, der("DER_NONEXIST"), String(call));
    assert.deepEqual([...(await now.get()).data], [2, 6, 2, 2]);
    other.close();
  });

  // The last one: afterwards an OSD is missing.
  test("an OSD that is killed while arrays are written and read is felt by nobody", async () => {
    const { cluster } = ground();
    await using cont = await ground().client();
    const plain = await cont.array(unique("plain"), { shape: [300, 64], dtype: "int32", chunks: [100, 64] });
    const zstd = await cont.array(unique("zstd"), {
      shape: [300, 64],
      dtype: "int32",
      chunks: [100, 64],
      codecs: ["zstd"],
    });
    const rows = await cont.array(unique("rows"), { shape: [0, 64], dtype: "int32", chunks: [7, 64] });
    let done = 0;
    const lanes = [plain, zstd].flatMap((da) =>
      [0, 1, 2].map(async (lane) => {
        for (let row = lane; row < 300; row += 3, done++) {
          await da.set([row], row + 1);
          assert.equal(await da.at(row, 63), row + 1);
        }
      }),
    );
    const appending = (async () => {
      for (let k = 1; k <= 60; k++, done++) await rows.append(ndarray("int32", [1, 64], new Int32Array(64).fill(k)));
    })();
    while (done < 60) await new Promise((resolve) => setTimeout(resolve, 5));
    await cluster.killOsd(2);
    await Promise.all([...lanes, appending]);
    await using another = await ground().client();
    for (const { name } of [plain, zstd]) {
      const { data } = await (await another.getArray(name, { dtype: "int32" })).get();
      assert.ok(data.every((v, i) => v === Math.floor(i / 64) + 1));
    }
    const { data, shape } = await (await another.getArray(rows.name, { dtype: "int32" })).get();
    assert.deepEqual(shape, [60, 64]);
    assert.ok(data.every((v, i) => v === Math.floor(i / 64) + 1));
  });
});

async function namesOf(system: string): Promise<readonly { readonly oid: string }[]> {
  await using cont = await DCont.open("tank", "neo", { system });
  return await Array.fromAsync(cont);
}
