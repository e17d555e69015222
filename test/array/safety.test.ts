/** Several writers, killed writers, closed handles, full disks: what was written stays, whole chunks are old or new. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { checkContainer, DCont, ndarray, sel, slice } from "../../src/index.ts";
import { DCont as SyncDCont } from "../../src/sync.ts";
import { smallDisk } from "../engines/local/privileged.ts";
import { der, systemIn, tankNeo } from "../engines/local/support.ts";

const PROGRAM = fileURLToPath(new URL("programs/writer.ts", import.meta.url));
const WRITERS = 4;

async function start(
  t: TestContext,
  verb: string,
  system: string,
  face: "sync" | "async",
  number: number,
): Promise<ChildProcess> {
  const child = spawn(process.execPath, [PROGRAM, verb, system, face, String(number)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout!, "data");
  return child;
}

/** Runs four processes, two of each face, and waits until they have ended well. */
async function together(t: TestContext, verb: string, system: string): Promise<void> {
  const children = await Promise.all(
    Array.from({ length: WRITERS }, (_, i) => start(t, verb, system, i % 2 === 0 ? "async" : "sync", i)),
  );
  const ended = children.map((child) => once(child, "exit"));
  for (const child of children) child.stdin!.write("go\n");
  for (const [code] of await Promise.all(ended)) assert.equal(code, 0);
}

/** In memory of its own: `data` of what was read. */
const numbers = (a: { data: ArrayLike<number> }): number[] => Array.from(a.data);

test("1,440 updates by 4 processes of single elements of one chunk lose nothing", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  const plain = await cont.array("plain", { shape: [800], dtype: "int32", chunks: [1000] });
  const zstd = await cont.array("zstd", { shape: [320], dtype: "int32", chunks: [1000], codecs: ["zstd"] });
  // A chunk that is there, so that it is written in place.
  const wide = await cont.array("wide", { shape: [320], dtype: "int32", chunks: [1000], fill: 7 });
  await wide.set([0], -1);
  await together(t, "elements", system);
  for (const da of [plain, zstd, wide])
    assert.deepEqual(
      numbers(await da.get()),
      Array.from({ length: da.size }, (_, i) => i + 1),
    );
});

test("240 updates by 4 processes that each touch all of one chunk lose nothing", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  const da = await cont.array("plain", { shape: [30_000], dtype: "int32", chunks: [30_000] });
  await together(t, "combs", system);
  assert.ok((await da.get()).data.every((v) => v === 60));
});

test("rows that 4 processes append are all there, each in one piece", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  const da = await cont.array("rows", { shape: [0, 5], dtype: "int32", chunks: [4, 3] });
  await together(t, "append", system);
  const all = await da.get();
  assert.deepEqual(all.shape, [300, 5]);
  const seen = new Map<number, number>();
  for (let row = 0; row < 300; row += 3) {
    const block = numbers({ data: all.data.subarray(row * 5, row * 5 + 15) });
    assert.equal(new Set(block).size, 1, `rows ${row} to ${row + 2}: ${block}`);
    seen.set(block[0]!, (seen.get(block[0]!) ?? 0) + 1);
  }
  const expected = Array.from({ length: WRITERS * 25 }, (_, i) => Math.floor(i / 25) * 1000 + (i % 25));
  assert.deepEqual(
    [...seen.keys()].sort((a, b) => a - b),
    expected,
  );
});

test("a writer that is killed leaves each chunk old or new, and the others go on", async (t) => {
  const { system, container } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  const da = await cont.array("big", { shape: [64, 96], dtype: "int32", chunks: [16, 16] });
  await da.set(null, -1);
  for (let round = 0; round < 10; round++) {
    const child = await start(t, "overwrite", system, round % 2 === 0 ? "async" : "sync", round % 3 === 0 ? 1 : 0);
    const [inner, outer] = round % 3 === 0 ? [sel("3:, 5:-5"), true] : [sel("..."), false];
    let last = 0;
    child.stdout!.on("data", (text: Buffer) => {
      last = Number(text.toString().trim().split("\n").at(-1));
    });
    const exit = once(child, "exit");
    const before = (await da.get()).data;
    const kept = await da.copy(`round ${round}`);
    child.stdin!.write("go\n");
    await sleep(40 + 17 * round);
    child.kill("SIGKILL");
    await exit;
    const now = await da.get();
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < 6; j++) {
        const box = await da.view(sel(`${16 * i}:${16 * i + 16}, ${16 * j}:${16 * j + 16}`)).get();
        const values = new Set<number>();
        const old = await kept.view(sel(`${16 * i}:${16 * i + 16}, ${16 * j}:${16 * j + 16}`)).get();
        if (Buffer.compare(Buffer.from(box.data.buffer), Buffer.from(old.data.buffer)) === 0) continue;
        for (let x = 0; x < 16; x++)
          for (let y = 0; y < 16; y++) {
            const [row, column] = [16 * i + x, 16 * j + y];
            if (!outer || (row >= 3 && column >= 5 && column < 91)) values.add(box.data[16 * x + y]!);
            else assert.equal(box.data[16 * x + y], before[96 * row + column], "nothing else is touched");
          }
        assert.equal(values.size, 1, `round ${round}: chunk ${i}, ${j} has ${[...values]}`);
        // What was acknowledged is there, or what came after it.
        const [value] = [...values];
        assert.ok(value === last || value === last + 1, `${value} after ${last}`);
      }
    await da.set(inner, 1000 + round);
    assert.equal((await da.get(inner)).data[0], 1000 + round);
    assert.equal(now.shape.length, 2);
  }
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

test("rows that are appended while others cut off are whole", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  const da = await cont.array("rows", { shape: [0, 4], dtype: "int32", chunks: [3, 4] });
  const handles = await Promise.all(Array.from({ length: 3 }, () => DCont.open("tank", "neo", { system })));
  // Each row has a number of its own; the array is cut to nothing now and then.
  let cuts = 0;
  const row = (n: number) => ndarray("int32", [1, 4], new Int32Array(4).fill(n));
  await Promise.all(
    handles.map(async (handle, me) => {
      const mine = await handle.getArray("rows", { dtype: "int32" });
      for (let k = 1; k <= 40; k++) {
        await mine.append(row(100 * me + k));
        if (me === 0 && k % 8 === 0) {
          await mine.resize([mine.shape[0]! % 5, 4]);
          cuts++;
        }
      }
    }),
  );
  for (const handle of handles) await handle.close();
  assert.equal(cuts, 5);
  const { data, shape } = await da.get();
  // What is there now was appended after the last cut, or kept by it: never a row of fill values or of two numbers.
  for (let i = 0; i < shape[0]!; i++) {
    const values = new Set(data.subarray(4 * i, 4 * i + 4));
    assert.ok(values.size === 1 && !values.has(0), `row ${i}: ${[...values]}`);
  }
  assert.equal(JSON.stringify(da.metadata.attributes), "{}");
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
