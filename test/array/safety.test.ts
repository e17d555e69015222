/** Several writers, killed writers, closed handles, full disks: what was written stays, whole chunks are old or new. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkContainer, DCont, ndarray, slice } from "../../src/index.ts";
import { DCont as SyncDCont, xp } from "../../src/sync.ts";
import { smallDisk } from "../engines/local/privileged.ts";
import { der, systemIn, tankNeo } from "../engines/local/support.ts";
import { appendAndCut, appendRows, killWriters, numbers, updateCombs, updateElements } from "./writers.ts";

test("1,440 updates by 4 processes of single elements, 1,200 of them of one chunk, lose nothing", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  await updateElements(t, system, cont);
});

test("240 updates by 4 processes that each touch all of one chunk lose nothing", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  await updateCombs(t, system, cont);
});

test("rows that 4 processes append are all there, each in one piece", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  await appendRows(t, system, cont);
});

test("a writer that is killed leaves each chunk old or new, and the others go on", async (t) => {
  const { system, container } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  await killWriters(t, system, cont, 10);
  // What the killed ones were writing is in staging, to be removed when it is old.
  const old = new Date(Date.now() - 2 * 3_600_000);
  const staging = join(container, "staging");
  for (const name of readdirSync(staging)) utimesSync(join(staging, name), old, old);
  const repaired = await checkContainer("tank", "neo", { system, repair: true });
  assert.ok(repaired.findings.every(({ message }) => /^staging\/\S+ belongs to no object$/.test(message)));
  const report = await checkContainer("tank", "neo", { system });
  assert.deepEqual(report.findings, []);
});

test("calls of one program take effect in their order, awaited or not", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  const da = await cont.array("a", { shape: [100], dtype: "float64", chunks: [30] });
  const calls: Promise<unknown>[] = [];
  const read: number[] = [];
  for (let k = 0; k < 20; k++) {
    calls.push(da.set(k % 2 === 0 ? null : [slice(10, 50)], k));
    calls.push(da.get([20]).then(({ data }) => read.push(data[0]!)));
  }
  const b = cont.array("b", { from: da });
  calls.push(da.set(null, -1));
  await Promise.all(calls);
  assert.deepEqual(
    read,
    Array.from({ length: 20 }, (_, k) => k),
  );
  assert.deepEqual([await (await b).at(0), await (await b).at(20)], [18, 19]);
});

test("a closed container refuses its arrays with DER_NO_HDL, after it has finished what was called", async (t) => {
  const { system } = await tankNeo(t);
  const cont = await DCont.open("tank", "neo", { system });
  const da = await cont.array("a", { shape: [1000, 100], dtype: "float64", chunks: [10, 100] });
  const view = da.view([slice(0, 5)]);
  const writing = da.set(null, 3);
  await cont.close();
  await writing;
  const value = ndarray("float64", [1, 100]);
  for (const call of [
    () => da.get(),
    () => da.at(0, 0),
    () => view.get(),
    () => da.set(null, 1),
    () => da.append(value),
    () => da.resize([1, 1]),
    () => da.fill(1),
    () => da.refresh(),
    () => da.copy("b"),
    () => da.toNpy("/nowhere"),
    () => da.toZarr("/nowhere"),
    () => view.into(da),
    () => da.blocks().next(),
    () => cont.array("b", { shape: [1], dtype: "int8" }),
    () => cont.getArray("a"),
  ])
    await assert.rejects(call, der("DER_NO_HDL"), String(call));
  const blocking = new SyncDCont("tank", "neo", { system });
  const twin = blocking.getArray("a");
  assert.equal(twin.at(999, 99), 3);
  blocking.close();
  for (const call of [
    () => twin.get(),
    () => twin.at(0, 0),
    () => twin.set(null, 1),
    () => twin.append(value),
    () => twin.resize([1, 1]),
    () => twin.blocks().next(),
    () => blocking.getArray("a"),
  ])
    assert.throws(call, der("DER_NO_HDL"), String(call));
});

test("a read-only container is read, and refuses to be written with DER_NO_PERM", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  await cont.array("a", { from: ndarray("int8", [3], Int8Array.of(1, 2, 3)) });
  await using readOnly = await DCont.open("tank", "neo", { system, mode: "RO" });
  const da = await readOnly.getArray("a", { dtype: "int8" });
  assert.deepEqual(numbers(await da.get()), [1, 2, 3]);
  for (const call of [
    () => da.set(null, 1),
    () => da.set([0], 1),
    () => da.append(ndarray("int8", [1])),
    () => da.resize([1]),
    () => readOnly.array("b", { shape: [1], dtype: "int8" }),
    () => readOnly.destroy("a"),
  ])
    await assert.rejects(call, der("DER_NO_PERM"), String(call));
});

test("an array that was destroyed answers DER_NONEXIST, also when its name is used again", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  const da = await cont.array("a", { shape: [4], dtype: "int8" });
  const other = new SyncDCont("tank", "neo", { system });
  other.destroy("a");
  await cont.array("a", { shape: [4], dtype: "int8", fill: 1 });
  for (const call of [
    () => da.get(),
    () => da.set([0], 1),
    () => da.resize([2]),
    () => da.append(ndarray("int8", [1])),
  ])
    await assert.rejects(call, der("DER_NONEXIST"), String(call));
  other.close();
  const report = await checkContainer("tank", "neo", { system });
  assert.deepEqual(report.findings, []);
});

test("one namespace: names of dictionaries are taken for arrays and the other way round", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  await cont.dict("d");
  await cont.array("a", { shape: [1], dtype: "int8" });
  await assert.rejects(cont.array("d", { shape: [1], dtype: "int8" }), der("DER_EXIST"));
  await assert.rejects(cont.array("a", { shape: [1], dtype: "int8" }), der("DER_EXIST"));
  await assert.rejects(cont.dict("a"), der("DER_EXIST"));
  await assert.rejects(cont.getArray("d"), der("DER_MISMATCH"));
  await assert.rejects(cont.getDict("a"), der("DER_MISMATCH"));
  await assert.rejects(cont.getArray("a", { dtype: "int16" }), der("DER_MISMATCH"));
  await assert.rejects(cont.getArray("nothing"), der("DER_NONEXIST"));
  assert.deepEqual([(await cont.get("a")).kind, (await cont.get("d")).kind], ["array", "dict"]);
  const listed = await Array.fromAsync(cont);
  assert.deepEqual(
    listed.map(({ name, kind }) => [name, kind]),
    [
      ["a", "array"],
      ["d", "dict"],
    ],
  );
});

test("an array whose creation fails is not there, and leaves nothing", async (t) => {
  const { system, container } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  await assert.rejects(cont.array("a", { from: { npy: join(container, "no.npy") } }), der("DER_NONEXIST"));
  const abort = AbortSignal.abort(new Error("enough"));
  await assert.rejects(cont.array("a", { shape: [1], dtype: "int8" }, { signal: abort }), /enough/);
  const big = ndarray("float64", [2000, 1000]);
  big.data.fill(1);
  const controller = new AbortController();
  const making = cont.array(
    "a",
    { from: big, chunks: [10, 100] },
    {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("enough")),
    },
  );
  await assert.rejects(making, /enough/);
  assert.equal(await cont.has("a"), false);
  const report = await checkContainer("tank", "neo", { system });
  assert.deepEqual([report.findings, report.skipped], [[], 0]);
  for (const name of ["arrays", "staging"]) assert.deepEqual(readdirSync(join(container, name)), []);
});

test("a full disk is DER_NOSPACE; what was acknowledged stays, and with room again all goes on", async (t) => {
  const directory = smallDisk(t, 24 * 1024 * 1024);
  if (directory === undefined) return;
  const { system } = systemIn(directory);
  await using cont = await DCont.open("tank", "neo", { system, create: true });
  const ballast = join(directory, "ballast");
  writeFileSync(ballast, Buffer.alloc(10 * 1024 * 1024));
  const da = await cont.array("a", { shape: [100, 64, 1024], dtype: "float64", chunks: [1, 64, 1024] });
  let stored = 0;
  await assert.rejects(async () => {
    for (; stored < 100; stored++) await da.set([stored], stored + 1);
  }, der("DER_NOSPACE"));
  assert.ok(stored > 5, `${stored} chunks`);
  const check = async (): Promise<void> => {
    for (let i = 0; i < stored; i++) assert.equal(await da.at(i, 63, 1023), i + 1);
  };
  await check();
  for (let i = 0; i < 3; i++) await assert.rejects(da.set(null, 5.5), der("DER_NOSPACE"));
  await assert.rejects(da.copy("copy"), der("DER_NOSPACE"));
  assert.equal(await cont.has("copy"), false);
  rmSync(ballast);
  await da.set([99], 100);
  await da.set([0, 0, slice(0, 10)], -1);
  assert.deepEqual(
    [await da.at(99, 0, 0), await da.at(0, 0, 9), await da.at(0, 0, 10)],
    [100, -1, 5.5].slice(0, 2).concat(await da.at(0, 0, 10)),
  );
  const report = await checkContainer("tank", "neo", { system });
  assert.deepEqual(report.findings, []);
  assert.ok(statSync(da.path!).isDirectory());
});

test("a full disk in the middle of a blocking set of many chunks leaves none half written, and nothing behind", (t) => {
  const directory = smallDisk(t, 24 * 1024 * 1024);
  if (directory === undefined) return;
  const { system, container } = systemIn(directory);
  const cont = new SyncDCont("tank", "neo", { system, create: true });
  t.after(() => cont.close());
  const ballast = join(directory, "ballast");
  writeFileSync(ballast, Buffer.alloc(6 * 1024 * 1024));
  const da = cont.array("a", { shape: [40, 64, 1024], dtype: "float64", chunks: [1, 64, 1024] });
  da.set([slice(0, 10)], 1);
  for (let i = 0; i < 3; i++) assert.throws(() => da.set([slice(5, 40)], 2), der("DER_NOSPACE"));
  assert.throws(
    () => da.append(ndarray("float64", [30, 64, 1024], new Float64Array(30 * 65_536).fill(3))),
    der("DER_NOSPACE"),
  );
  assert.deepEqual(
    readdirSync(join(container, "staging")).filter((name) => !name.endsWith(".lock")),
    [],
  );
  for (let i = 0; i < 10; i++) {
    const { data } = da.get([i]);
    const value = data[0]!;
    assert.ok(i < 5 ? value === 1 : value === 1 || value === 2, `chunk ${i} has ${value}`);
    assert.ok(
      data.every((v) => v === value),
      `chunk ${i} is old or new`,
    );
  }
  rmSync(ballast);
  da.resize([20, 64, 1024]);
  da.set(null, 4);
  assert.equal(xp.sum(da).at(), 4 * 20 * 65_536);
});

test("rows that are appended while others cut off are whole", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  await appendAndCut(cont, () => DCont.open("tank", "neo", { system }));
  // One who had his place before a cut, and wrote to it after, may have left a chunk there.
  const report = await checkContainer("tank", "neo", { system, repair: true });
  assert.ok(report.findings.every(({ message, repaired }) => /lies beyond its shape$/.test(message) && repaired));
});

test("a cut whose process was killed is finished by the next who changes the shape", { timeout: 60_000 }, async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  const da = await cont.array("a", { shape: [10], dtype: "int8", chunks: [4], attributes: { unit: "K" } });
  await da.set(null, 1);
  // As if it were killed after the first step.
  const file = join(da.path!, "zarr.json");
  const document = JSON.parse(readFileSync(file, "utf8"));
  document.shape = [3];
  document.attributes["tsdaos.cutting"] = { by: "somebody", beat: 1, from: [10] };
  writeFileSync(file, JSON.stringify(document));
  assert.deepEqual([[...(await da.get()).data], da.attributes], [[1, 1, 1], { unit: "K" }]);
  await da.resize([12]);
  assert.deepEqual([...(await da.get()).data], [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(da.metadata.attributes, { unit: "K" });
});

test("a failure in the middle of a read or a write is one error, and the array stays usable", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  for (const codecs of [[], ["gzip"]] as const) {
    const da = await cont.array(`a${codecs}`, { shape: [64, 65_536], dtype: "float64", chunks: [1, 65_536], codecs });
    await da.set(null, 2.5);
    // Damage in several batches at once.
    for (let i = 20; i < 64; i += 3) writeFileSync(join(da.path!, `c/${i}/0`), "short");
    for (let i = 0; i < 3; i++) await assert.rejects(da.get(), der("DER_IO"));
    assert.equal(await da.at(0, 5), 2.5);
    rmSync(join(da.path!, "c/50"), { recursive: true });
    writeFileSync(join(da.path!, "c/50"), "a file where a directory has to be");
    await assert.rejects(da.set(null, 3.5), der("DER_INVAL"));
    rmSync(join(da.path!, "c/50"));
    await da.set(null, 4.5);
    assert.equal((await da.get()).data[64 * 65_536 - 1], 4.5);
  }
});
