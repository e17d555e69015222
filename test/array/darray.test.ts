/** What arrays do beyond single selections, on both faces. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { DCont, type DType, ndarray, type Scalar, sel, slice, xp } from "../../src/index.ts";
import { DCont as SyncDCont } from "../../src/sync.ts";
import { der, tankNeo } from "../engines/local/support.ts";

/** 0, 1, 2, ... in that shape. */
function counting<D extends "int16" | "int32" | "float32" | "float64">(dtype: D, shape: readonly number[]) {
  const a = ndarray(dtype, shape);
  for (let i = 0; i < a.data.length; i++) a.data[i] = i;
  return a;
}

/** The numbers of chunks that are stored. */
const stored = (path: string | undefined): number =>
  existsSync(join(path!, "c"))
    ? readdirSync(join(path!, "c"), { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).length
    : 0;

test("elements of every dtype go in and come out as scalars", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  const cases: { readonly [D in DType]: readonly Scalar<D>[] } = {
    bool: [true, false],
    int8: [-128, 127, 0],
    int16: [-32768],
    int32: [-(2 ** 31)],
    int64: [-(2n ** 63n), 2n ** 63n - 1n],
    uint8: [255],
    uint16: [65535],
    uint32: [2 ** 32 - 1],
    uint64: [2n ** 64n - 1n],
    float16: [1.5, Number.NaN, -0],
    float32: [-Infinity, Math.fround(0.1)],
    float64: [0.1, -0, 5e-324],
    complex64: [{ re: 1, im: -2 }],
    complex128: [{ re: 0.1, im: Number.NaN }],
  };
  for (const [dtype, values] of Object.entries(cases) as [DType, readonly Scalar<DType>[]][]) {
    const da = await cont.array(dtype, { shape: [5], dtype, chunks: [2] });
    for (const value of values) {
      await da.set([3], value);
      assert.deepEqual(await da.at(-2), value, dtype);
      await da.fill(value);
      assert.deepEqual(await da.at(0), value, dtype);
    }
    const scalar = await cont.array(`${dtype} without axes`, { shape: [], dtype, fill: values[0] as never });
    assert.deepEqual([scalar.ndim, scalar.size, await scalar.at()], [0, 1, values[0]]);
    await scalar.set(null, values.at(-1) as never);
    assert.deepEqual(await scalar.at(), values.at(-1));
  }
});

test("a value that the dtype cannot hold, or of another dtype, is refused and changes nothing", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  const int8 = await cont.array("int8", { shape: [3], dtype: "int8", fill: 7 });
  const int64 = await cont.array("int64", { shape: [3], dtype: "int64" });
  const bool = await cont.array("bool", { shape: [3], dtype: "bool" });
  const float16 = await cont.array("float16", { shape: [3], dtype: "float16" });
  for (const value of [128, -129])
    await assert.rejects(int8.set(null, value), der("DER_INVAL", /out of the range of int8/));
  await assert.rejects(float16.set(null, 1e6), der("DER_INVAL", /float16/));
  await assert.rejects(int64.set(null, 2n ** 63n), der("DER_INVAL"));
  const wrong: [{ set(s: null, v: never): Promise<void> }, unknown[]][] = [
    [int8, [1.5, "1", true, 1n, null, undefined, {}, [1, 2, 3], Int8Array.of(1, 2, 3), NaN, ndarray("int16", [3])]],
    [int64, [1, 1.5, "1", ndarray("uint64", [3])]],
    [bool, [1, 0, "true", ndarray("uint8", [3])]],
    [
      float16,
      [1n, "1", { re: 1, im: 0 }, ndarray("float32", [3]), { ...ndarray("float16", [3]), data: new Float32Array(3) }],
    ],
  ];
  for (const [da, values] of wrong)
    for (const value of values) await assert.rejects(da.set(null, value as never), TypeError, inspect(value));
  const outside = { ...ndarray("int8", [3]), offset: 1 };
  await assert.rejects(int8.set(null, outside), der("DER_INVAL", /reaches/));
  await assert.rejects(int8.set(null, { ...ndarray("int8", [3]), stride: [-1] }), der("DER_INVAL", /reaches/));
  await assert.rejects(int8.set([slice(0, 2)], ndarray("int8", [3])), der("DER_INVAL", /broadcast/));
  assert.deepEqual([...(await int8.get()).data], [7, 7, 7]);
  assert.equal(stored(int8.path), 0);
  // A byte that means true is stored as 1.
  await bool.set(null, ndarray("bool", [3], Uint8Array.of(0, 255, 2)));
  assert.deepEqual([...(await bool.get()).data], [0, 1, 1]);
});

test("what is no selection is a TypeError, what does not fit is DER_INVAL", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  const da = await cont.array("a", { from: counting("int16", [4, 5]) });
  const types: unknown[] = [
    "0",
    0,
    [undefined],
    [1.5],
    ["a"],
    [{}],
    [[1, "a"]],
    [[1.5]],
    [slice(0, 1), new Date()],
    [ndarray("int8", [4])],
    [NaN],
  ];
  for (const selection of types) {
    await assert.rejects(da.get(selection as never), TypeError, inspect(selection));
    await assert.rejects(da.set(selection as never, 1), TypeError, inspect(selection));
    assert.throws(() => da.view(selection as never), TypeError, inspect(selection));
  }
  const values: unknown[] = [
    [4],
    [-5],
    [0, 5],
    [0, 0, 0],
    ["...", "..."],
    [[4]],
    [[true]],
    [null, [true, false]],
    [{ start: 0, stop: 1, step: 0 }],
    [ndarray("bool", [3])],
  ];
  for (const selection of values) {
    await assert.rejects(da.get(selection as never), der("DER_INVAL"), inspect(selection));
    await assert.rejects(da.set(selection as never, 1), der("DER_INVAL"), inspect(selection));
  }
  // The text form goes through sel; the error of a bare text says so.
  await assert.rejects(da.get("0:2, -1" as never), /write sel\("0:2, -1"\)/);
  assert.throws(() => da.view("0" as never), /write sel\("0"\)/);
  const far = "99999999999999999999";
  assert.deepEqual((await da.get(sel(`-${far}:${far}, 0`))).shape, [4]);
  assert.deepEqual(sel(" [True,false, TRUE , false] , [true]"), [[true, false, true, false], [true]]);
  assert.deepEqual([...(await da.get(sel("[true, false, false, true], 0"))).data], [0, 15]);
  for (const text of ["[true, 1]", "[true,]", "true"]) assert.throws(() => sel(text), der("DER_INVAL"), text);
  for (const text of ["1:2:3:4", "a", "[1", "1 2", ",", "0,,1", "::0"])
    assert.throws(() => sel(text), der("DER_INVAL"), text);
  assert.throws(() => sel(5 as never), TypeError);
  assert.throws(() => slice(1.5), TypeError);
  for (const index of [[], [1], [1, 2, 3]]) await assert.rejects(da.at(...index), der("DER_INVAL", /2 indices/));
  await assert.rejects(da.at("1" as never, 2), TypeError);
  assert.throws(() => da.transpose(0), der("DER_INVAL"));
  assert.throws(() => da.transpose(0, 0), der("DER_INVAL"));
  assert.throws(() => da.squeeze(0), der("DER_INVAL", /length 4/));
  assert.throws(() => da.expand(3), der("DER_INVAL"));
  assert.throws(() => da.broadcast([5]), der("DER_INVAL"));
  assert.throws(() => da.astype("decimal" as never), TypeError);
  const complex = await cont.array("c", { shape: [1], dtype: "complex64" });
  assert.throws(() => complex.astype("float32"), der("DER_INVAL", /imaginary/));
  assert.deepEqual(
    [...(await da.get()).data],
    Array.from({ length: 20 }, (_, i) => i),
  );
});

test("bad specifications are refused and nothing is made", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  const good = { shape: [2, 3], dtype: "int8" };
  const types: unknown[] = [
    undefined,
    null,
    {},
    { shape: [2] },
    { dtype: "int8" },
    { ...good, dtype: "int4" },
    { ...good, shape: [-1, 3] },
    { ...good, shape: [1.5] },
    { ...good, shape: "2" },
    { ...good, chunks: [1] },
    { ...good, chunks: [0, 1] },
    { ...good, chunks: 5 },
    { ...good, chunks: "big" },
    { ...good, fill: "0" },
    { ...good, attributes: { a: undefined } },
    { ...good, attributes: { a: NaN } },
    { ...good, attributes: { a: 1n } },
    { ...good, typo: 1 },
    { ...good, from: ndarray("int8", [2, 3]) },
    { from: 5 },
    { from: { npy: 5 } },
    { from: "x.npy" },
    { ...good, codecs: "zstd" },
  ];
  for (const spec of types) await assert.rejects(cont.array("a", spec as never), TypeError, inspect(spec));
  const values: unknown[] = [
    { ...good, fill: 300 },
    { ...good, codecs: ["blosc"] },
    { ...good, codecs: [{ name: "zstd", configuration: { level: 99 } }] },
    { ...good, dimensionNames: ["x"] },
    { shape: [2 ** 31], chunks: [2 ** 31], dtype: "int8" },
    { shape: [2 ** 40, 2 ** 40], dtype: "int8" },
  ];
  for (const spec of values) await assert.rejects(cont.array("a", spec as never), der("DER_INVAL"), inspect(spec));
  await assert.rejects(cont.array("a", { from: ndarray("int8", [2]), dtype: "int16" as never }), der("DER_MISMATCH"));
  await assert.rejects(cont.array("", good as never), der("DER_INVAL"));
  assert.equal(await cont.has("a"), false);
});

test("resize cuts off for good, adds the fill value, and keeps the rest", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  for (const codecs of [[], ["zstd"]] as const) {
    const da = await cont.array(`a${codecs}`, { from: counting("int32", [10, 12]), chunks: [4, 5], fill: -1, codecs });
    await da.resize([7, 8]);
    assert.deepEqual([da.shape, stored(da.path)], [[7, 8], 4]);
    await da.resize([11, 13]);
    const { data } = await da.get();
    for (let i = 0; i < 11; i++)
      for (let j = 0; j < 13; j++) assert.equal(data[13 * i + j], i < 7 && j < 8 ? 12 * i + j : -1, `${i}, ${j}`);
    await da.resize([0, 13]);
    assert.deepEqual([(await da.get()).shape, stored(da.path)], [[0, 13], 0]);
    await assert.rejects(da.resize([1]), der("DER_INVAL"));
    await assert.rejects(da.resize([1, -1]), TypeError);
  }
});

test("a view of what was cut off is refused, and a handle sees what another made", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  const da = await cont.array("a", { from: counting("int32", [10]), chunks: [4] });
  const other = await cont.getArray("a", { dtype: "int32" });
  const view = da.view([slice(5, 9)]);
  await other.resize([7]);
  assert.deepEqual(da.shape, [10]);
  await assert.rejects(view.get(), der("DER_INVAL", /resized to \[7\]/));
  assert.deepEqual([(await da.get()).shape, da.shape], [[7], [7]]);
  await other.append(counting("int32", [5]));
  assert.deepEqual((await da.refresh()).shape, [12]);
  assert.deepEqual([...(await view.get()).data], [5, 6, 0, 1]);
});

test("append adds along any axis, from memory, from views, and refuses what does not fit", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  using blocking = new SyncDCont("tank", "neo", { system });
  const da = await cont.array("a", { from: counting("float64", [3, 4]), chunks: [2, 3] });
  await da.append(da.view(sel(":, :2")), { axis: 1 });
  blocking.getArray("a", { dtype: "float64" }).append(ndarray("float64", [1, 6]), { axis: -2 });
  assert.deepEqual(
    [...(await da.get()).data],
    [0, 1, 2, 3, 0, 1, 4, 5, 6, 7, 4, 5, 8, 9, 10, 11, 8, 9, 0, 0, 0, 0, 0, 0],
  );
  for (const shape of [[6], [1, 5], [1, 6, 1]])
    await assert.rejects(da.append(ndarray("float64", shape)), der("DER_INVAL"), String(shape));
  await assert.rejects(da.append(ndarray("float64", [4, 1]), { axis: 2 }), der("DER_INVAL"));
  await assert.rejects(da.append(ndarray("float32", [1, 6]) as never), TypeError);
  assert.deepEqual(da.shape, [4, 6]);
  const scalar = await cont.array("scalar", { shape: [], dtype: "float64" });
  await assert.rejects(scalar.append(ndarray("float64", [])), der("DER_INVAL"));
});

test("chunks that are all fill value are not stored, whatever it is", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  for (const [name, dtype, fill, other] of [
    ["zero", "float32", 0, 1],
    ["nan", "float32", NaN, 0],
    ["minus", "float64", -0, 0],
    ["big", "int64", 5n, 0n],
  ] as const) {
    const da = await cont.array(name, { shape: [6, 7], dtype, chunks: [3, 4], fill: fill as never });
    await da.set(null, fill as never);
    assert.equal(stored(da.path), 0, name);
    await da.set(null, other as never);
    assert.equal(stored(da.path), 4, name);
    await da.set([slice(0, 3)], fill as never);
    assert.equal(stored(da.path), 2, name);
    assert.deepEqual([await da.at(2, 6), await da.at(3, 0)], [fill, other]);
  }
});

test("set takes views, also of the array itself", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  const a = await cont.array("a", { from: counting("int32", [6, 6]), chunks: [4, 4] });
  const b = await cont.array("b", { shape: [6, 6], dtype: "int32", chunks: [3, 5] });
  await b.set(null, a.transpose());
  assert.deepEqual([...(await b.get()).data], [...(await a.transpose().get()).data]);
  await b.set(null, a.view([2]));
  for (let i = 0; i < 6; i++) assert.deepEqual([...(await b.get([i])).data], [12, 13, 14, 15, 16, 17]);
  // What is read is what was there before, not what was just written.
  await a.set([slice(1, 6)], a.view([slice(0, 5)]));
  assert.deepEqual([...(await a.get([null, 0])).data], [0, 0, 6, 12, 18, 24]);
  await a.set(sel("::-1"), a);
  assert.deepEqual([...(await a.get([null, 0])).data], [24, 18, 12, 6, 0, 0]);
});

test("blocks give every element once, in bounded pieces, with progress; they can be left early", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  using blocking = new SyncDCont("tank", "neo", { system });
  await cont.array("a", { from: counting("float64", [700, 900]), chunks: [130, 200] });
  const a = await cont.getArray("a", { dtype: "float64" });
  const progress: string[] = [];
  const seen = new Uint8Array(a.size);
  for await (const { start, shape, data } of a.blocks({
    onProgress: (done, total) => progress.push(`${done}/${total}`),
  })) {
    assert.ok(data.data.byteLength <= 2 * 1024 * 1024);
    assert.deepEqual(data.shape, shape);
    assert.equal(data.data[0], start[0]! * 900 + start[1]!);
    for (const value of data.data) seen[value]!++;
  }
  assert.ok(seen.every((n) => n === 1));
  const [last, total] = progress.at(-1)!.split("/");
  assert.ok(last === total && progress.length === Number(total));
  for await (const { data } of a.blocks()) {
    assert.equal(data.data[0], 0);
    break;
  }
  let sum = 0;
  for (const { data } of blocking.getArray("a", { dtype: "float64" }).view(sel("::2, 5")).blocks())
    for (const value of data.data) sum += value;
  assert.equal(sum, 350 * 5 + 900 * 2 * ((349 * 350) / 2));
  const empty = await cont.array("empty", { shape: [0, 5], dtype: "int8" });
  for await (const _ of empty.blocks()) assert.fail("there is none");
});

test("store, into, copy and rechunk make equal arrays, within their memory", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  using blocking = new SyncDCont("tank", "neo", { system });
  const content = counting("float32", [50, 40, 30]);
  const a = await cont.array("a", {
    from: content,
    chunks: [1, 40, 30],
    codecs: ["gzip"],
    fill: 3,
    attributes: { unit: "K" },
    dimensionNames: ["t", "y", "x"],
  });
  const progress: number[] = [];
  const b = await a.rechunk("b", [50, 4, 4], { maxBytes: 40_000, onProgress: (done) => progress.push(done) });
  assert.deepEqual((await b.get()).data, content.data);
  assert.ok(progress.length > 5);
  assert.deepEqual(
    [b.chunks, b.fillValue, b.attributes, b.dimensionNames],
    [[50, 4, 4], 3, { unit: "K" }, ["t", "y", "x"]],
  );
  assert.deepEqual(b.metadata.codecs, a.metadata.codecs);
  await assert.rejects(
    a.rechunk("c", [50, 40, 30], { maxBytes: 100_000 }),
    der("DER_NOMEM", /480000 bytes, maxBytes is 100000/),
  );
  assert.equal(await cont.has("c"), false);
  const view = a.view(sel("::-5, 3, ::2")).transpose();
  const c = await view.store(cont, "c", { chunks: [7, 7] });
  assert.deepEqual((await c.get()).data, (await view.get()).data);
  const d = blocking.array("d", { shape: [15, 10], dtype: "float32", chunks: [4, 9] });
  blocking.getArray("c", { dtype: "float32" }).into(d);
  assert.deepEqual(d.get().data, (await view.get()).data);
  await assert.rejects(a.into(c), der("DER_INVAL"));
  await assert.rejects(a.astype("float64").into(c as never), TypeError);
  const e = blocking.getArray("a").copy("e");
  assert.deepEqual(e.get().data, content.data);
  await assert.rejects(a.copy("e"), der("DER_EXIST"));
  const f = await a.astype("int16").store(cont, "f");
  assert.deepEqual(
    [...(await f.get([49, 39])).data],
    Array.from({ length: 30 }, (_, i) => (((49 * 40 + 39) * 30 + i) << 16) >> 16),
  );
});

test("stored tells how many chunks there are, and their bytes", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  using blocking = new SyncDCont("tank", "neo", { system });
  const a = await cont.array("a", { shape: [3000, 8], dtype: "float64", chunks: [1, 5] });
  assert.deepEqual(await a.stored(), { chunks: 0, bytes: 0 });
  await a.set([slice(0, 1500)], 1);
  assert.deepEqual(await a.stored(), { chunks: 3000, bytes: 3000 * 40 });
  const zstd = blocking.array("zstd", { from: counting("int32", [64, 64]), chunks: [32, 64], codecs: ["zstd"] });
  const { chunks, bytes } = zstd.stored();
  assert.equal(chunks, 2);
  assert.ok(bytes! > 100 && bytes! < 2 * 32 * 64 * 4, `${bytes}`);
  await assert.rejects(a.stored({ signal: AbortSignal.abort(new Error("enough")) }), /enough/);
});

test("reads go into memory of the caller, and are refused when they are too big", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  const a = await cont.array("a", { from: counting("float64", [20, 30]), chunks: [8, 8] });
  const memory = new Float64Array(600);
  const result = await a.get(null, { out: memory });
  assert.equal(result.data, memory);
  assert.deepEqual([...memory.subarray(0, 3), memory[599]], [0, 1, 2, 599]);
  const shared = new Float64Array(new SharedArrayBuffer(60 * 8));
  await a.get([slice(2, 4)], { out: shared });
  assert.deepEqual([shared[0], shared[59]], [60, 119]);
  await assert.rejects(a.get(null, { out: new Float64Array(599) }), der("DER_INVAL", /599/));
  await assert.rejects(a.get(null, { out: new Float32Array(600) as never }), TypeError);
  await assert.rejects(a.get(null, { out: ndarray("float64", [30, 20]) }), der("DER_INVAL", /\[30,20\]/));
  await assert.rejects(a.get(null, { maxBytes: 4799 }), der("DER_NOMEM", /4800 bytes, maxBytes is 4799/));
  assert.equal((await a.get(null, { maxBytes: 4800 })).data.length, 600);
  const huge = await cont.array("huge", { shape: [2 ** 20, 2 ** 20], dtype: "float64" });
  await assert.rejects(huge.get(), der("DER_NOMEM", /8796093022208 bytes/));
  assert.deepEqual([...(await huge.get(sel("-1, -3:"))).data], [0, 0, 0]);
});

test("an aborted call rejects with the reason", async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  const a = await cont.array("a", { shape: [4000, 1000], dtype: "float64", chunks: [20, 1000] });
  const signal = AbortSignal.abort(new Error("enough"));
  for (const call of [
    () => a.get(null, { signal }),
    () => a.set(null, 1, { signal }),
    () => a.append(ndarray("float64", [1, 1000]), { signal }),
    () => a.resize([1, 1], { signal }),
    () => a.blocks({ signal }).next(),
    () => a.copy("b", { signal }),
    () => cont.getArray("a", { signal }),
  ])
    await assert.rejects(call, /enough/, String(call));
  assert.deepEqual(a.shape, [4000, 1000]);
  const controller = new AbortController();
  const writing = a.set(null, 1, { signal: controller.signal, onProgress: () => controller.abort(new Error("half")) });
  await assert.rejects(writing, /half/);
  const chunks = stored(a.path);
  assert.ok(chunks > 0 && chunks < 200, `${chunks} of 200`);
  assert.deepEqual([await a.at(0, 0), await a.at(3999, 0)], [1, 0]);
});

test("a call that finds no chunks lets others have their turn, so that it can be aborted", {
  timeout: 60_000,
}, async (t) => {
  const { system, directory } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  // Two TiB, of which nothing is stored: none of these would end.
  const a = await cont.array("a", { shape: [2 ** 21, 131_072], dtype: "float64" });
  const calls: ((signal: AbortSignal) => Promise<unknown>)[] = [
    (signal) => a.fill(0, { signal }),
    (signal) => xp.sum(a).get(null, { signal }),
    (signal) => a.copy("b", { signal }),
    (signal) => a.toNpy(join(directory, "a.npy"), { signal }),
    (signal) => a.view(sel("::2")).toZarr(join(directory, "a.zarr"), { signal }),
    async (signal) => {
      for await (const _ of a.blocks({ signal }));
    },
  ];
  for (const call of calls) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 30);
    await assert.rejects(call(controller.signal), /enough/, String(call));
  }
  assert.deepEqual(
    [await a.stored(), await cont.has("b"), readdirSync(directory)],
    [{ chunks: 0, bytes: 0 }, false, ["tank"]],
  );
});

test("inspecting and naming do no I/O", async (t) => {
  const { system } = await tankNeo(t);
  const cont = await DCont.open("tank", "neo", { system });
  const a = await cont.array("a", { shape: [2, 3], dtype: "int8" });
  const view = a.view([0]);
  await cont.close();
  assert.equal(inspect(a), `DArray('a', int8, [2, 3]) [${a.oid}]`);
  assert.equal(inspect(view), "Arr(int8, [3])");
  assert.deepEqual(
    [`${a}`, a.kind, a.is("int8"), a.is("int16"), "then" in a, "then" in view],
    ["a", "array", true, false, false, false],
  );
});
