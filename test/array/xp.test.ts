import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { type Arr, DaosError, DCont, type DType, type NDArray, ndarray, slice, xp } from "../../src/index.ts";
import { DCont as SyncDCont, xp as syncXp } from "../../src/sync.ts";

function directory(t: TestContext): URL {
  const path = mkdtempSync(join(tmpdir(), "tsdaos-xp-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return pathToFileURL(path);
}

async function container(t: TestContext): Promise<DCont> {
  const cont = await DCont.open("tank", "neo", { create: true, system: directory(t) });
  t.after(() => cont.close());
  return cont;
}

const counted = (shape: readonly number[]): NDArray<"float64"> =>
  ndarray(
    "float64",
    shape,
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
  );

test("an expression is an array that is computed when it is read", async (t) => {
  const cont = await container(t);
  const a = await cont.array("a", { from: counted([40, 50]), chunks: [7, 11] });
  const sum = xp.add(xp.multiply(a, 2), 1);
  assert.equal((sum as { then?: unknown }).then, undefined);
  assert.deepEqual([sum.dtype, sum.shape, sum.ndim, sum.size], ["float64", [40, 50], 2, 2000]);
  await a.set([0, 0], 100);
  assert.equal(await sum.at(0, 0), 201);
  assert.equal(
    await sum
      .view([slice(10, 20)])
      .transpose()
      .astype("int32")
      .at(3, 0),
    (10 * 50 + 3) * 2 + 1,
  );
  assert.deepEqual((await sum.get([1, slice(0, 3)])).data, new Float64Array([101, 103, 105]));
  const out = new Float64Array(2000);
  assert.equal((await sum.get(null, { out })).data, out);
  assert.equal(out[1999], 3999);
});

test("results are stored in arrays, new ones and others", async (t) => {
  const cont = await container(t);
  const a = await cont.array("a", { from: counted([40, 50]), chunks: [7, 11] });
  const b = await xp.add(a, a).store(cont, "b", { chunks: [10, 10] });
  assert.deepEqual([b.dtype, b.shape, b.chunks, await b.at(39, 49)], ["float64", [40, 50], [10, 10], 3998]);
  await xp.subtract(b, a).into(b);
  assert.equal(await b.at(39, 49), 1999);
  await b.set([0], xp.max(a, { axis: 0 }));
  assert.equal(await b.at(0, 3), 39 * 50 + 3);
  await assert.rejects(xp.greater(a, 1).into(b as never), TypeError);
  await assert.rejects(xp.sum(a, { axis: 0 }).into(b), { code: "DER_INVAL" });
  await assert.rejects(xp.add(a, 1).store(cont, "b"), { code: "DER_EXIST" });
});

test("the blocking face computes the same", (t) => {
  const cont = new SyncDCont("tank", "neo", { create: true, system: directory(t) });
  t.after(() => cont.close());
  const a = cont.array("a", { from: counted([40, 50]), chunks: [7, 11] });
  assert.equal(syncXp.sum(a).at(), (1999 * 2000) / 2);
  assert.equal(syncXp.sqrt(a).store(cont, "b").at(2, 21), 11);
  assert.equal(a.__array_namespace__(), syncXp);
});

test("an array gives its namespace", async (t) => {
  const cont = await container(t);
  const a = await cont.array("a", { shape: [2], dtype: "int8" });
  assert.equal(a.__array_namespace__(), xp);
  assert.equal(a.view([0]).__array_namespace__(), xp);
});

test("results depend on chunks not at all for integers, and to rounding for floats", async (t) => {
  const cont = await container(t);
  let seed = 1;
  const random = (): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed / 2 ** 32;
  };
  const shape = [60, 70];
  const floats = ndarray(
    "float32",
    shape,
    Float32Array.from({ length: 4200 }, () => random() * 1e6),
  );
  const integers = ndarray(
    "int64",
    shape,
    BigInt64Array.from({ length: 4200 }, () => BigInt(Math.floor(random() * 2 ** 53)) << 9n),
  );
  const results = new Map<string, unknown>();
  for (const chunks of [
    [60, 70],
    [1, 70],
    [60, 1],
    [7, 9],
    [64, 64],
  ]) {
    const name = `c${chunks.join("x")}`;
    const f = await cont.array(`f${name}`, { from: floats, chunks });
    const i = await cont.array(`i${name}`, { from: integers, chunks });
    for (const axis of [undefined, 0, 1])
      for (const reduce of ["sum", "prod", "min", "max", "argmin", "argmax", "count_nonzero"] as const) {
        const { data } = await (xp[reduce] as (a: Arr, o: object) => Arr)(i, { axis }).get();
        const key = `${reduce} ${axis}`;
        if (!results.has(key)) results.set(key, data);
        assert.deepEqual(data, results.get(key), `${key} in chunks of ${chunks}`);
      }
    for (const reduce of ["sum", "mean", "std"] as const) {
      const value = await (xp[reduce] as (a: Arr) => Arr<"float32">)(f).at();
      const key = `float ${reduce}`;
      if (!results.has(key)) results.set(key, value);
      const expected = results.get(key) as number;
      assert.ok(Math.abs(value - expected) <= Math.abs(expected) * 2 ** -22, `${key}: ${value}, ${expected}`);
    }
  }
});

test("reductions over chunks too big to be joined find what, and where, loops over memory find", async (t) => {
  const system = directory(t);
  await using cont = await DCont.open("tank", "neo", { create: true, system });
  const [rows, columns] = [600, 1000];
  const a = ndarray("float64", [rows, columns]);
  for (let i = 0; i < rows * columns; i++) a.data[i] = ((i * 7919) % 10_007) / 8;
  // Each occurs twice: the first one counts.
  for (const at of [450 * columns + 730, 500 * columns + 10]) a.data[at] = 1e6;
  for (const at of [320 * columns + 999, 321 * columns + 2]) a.data[at] = -1e6;
  const lines = {
    all: [Array.from(a.data)],
    0: Array.from({ length: columns }, (_, x) => Array.from({ length: rows }, (_, y) => a.data[y * columns + x]!)),
    1: Array.from({ length: rows }, (_, y) => Array.from(a.data.subarray(y * columns, (y + 1) * columns))),
  };
  const functions = {
    sum: (line: readonly number[]) => line.reduce((x, y) => x + y, 0),
    min: (line: readonly number[]) => line.reduce((x, y) => Math.min(x, y)),
    max: (line: readonly number[]) => line.reduce((x, y) => Math.max(x, y)),
    argmin: (line: readonly number[]) => line.indexOf(line.reduce((x, y) => Math.min(x, y))),
    argmax: (line: readonly number[]) => line.indexOf(line.reduce((x, y) => Math.max(x, y))),
    count_nonzero: (line: readonly number[]) => line.filter((x) => x !== 0).length,
  };
  const blocking = new SyncDCont("tank", "neo", { system });
  t.after(() => blocking.close());
  for (const chunks of [
    [300, 500],
    [600, 300],
    [200, 1000],
  ]) {
    const name = chunks.join("x");
    const da = await cont.array(name, { from: a, chunks });
    const twin = blocking.getArray(name, { dtype: "float64" });
    for (const [along, own] of Object.entries(lines))
      for (const [reduce, expected] of Object.entries(functions)) {
        const o = along === "all" ? {} : { axis: Number(along) };
        const what = `${reduce} along ${along} in chunks of ${name}`;
        const [f, g] = [xp, syncXp].map((n) => n[reduce as "sum"]) as [typeof xp.sum, typeof syncXp.sum];
        assert.deepEqual(Array.from((await f(da, o).get()).data), own.map(expected), what);
        assert.deepEqual(Array.from(g(twin, o).get().data), own.map(expected), `${what}, blocking`);
      }
  }
});

test("what does not go together is refused when the expression is made", () => {
  const a = counted([3, 4]);
  const wrong = xp as unknown as Record<string, (...args: unknown[]) => unknown>;
  assert.throws(() => xp.add(a, counted([3])), { code: "DER_INVAL" });
  assert.throws(() => xp.sum(a, { axis: 2 }), { code: "DER_INVAL" });
  assert.throws(() => xp.sum(a, { axis: [0, 0] }), { code: "DER_INVAL" });
  assert.throws(() => xp.sum(a, { axis: 0.5 }), TypeError);
  assert.throws(() => xp.bitwise_and(a, a), /bitwise_and is not defined for float64/);
  assert.throws(() => xp.subtract(ndarray("bool", [1]), ndarray("bool", [1])), TypeError);
  assert.throws(() => xp.matmul(a, a), { code: "DER_INVAL" });
  assert.throws(() => xp.matmul(counted([2, 2, 2]), a), /one or two axes/);
  assert.throws(() => xp.add(ndarray("int8", [1]), 300), { code: "DER_INVAL" });
  assert.throws(() => wrong.add!([1, 2], a), TypeError);
  assert.throws(() => wrong.add!(a), TypeError);
  assert.throws(() => wrong.where!(a, a, a), /condition of where is bool/);
  assert.throws(() => wrong.sum!(a, 0), TypeError);
  assert.throws(() => wrong.sum!(a, { dtype: "float" }), TypeError);
});

test("memory is planned before anything is read", async (t) => {
  const cont = await container(t);
  const a = await cont.array("a", { from: counted([400, 500]), chunks: [100, 100] });
  await assert.rejects(xp.add(a, 1).get(null, { maxBytes: 1000 }), (e) => {
    assert.ok(DaosError.is(e, "DER_NOMEM"));
    assert.match(e.message, /1600000 bytes, maxBytes is 1000/);
    return true;
  });
  // The means of the columns are needed again for each box.
  const centred = xp.sum(xp.subtract(a, xp.mean(a, { axis: 0 })));
  await assert.rejects(centred.get(null, { maxBytes: 2000 }), /4000 bytes, maxBytes is 2000/);
  assert.ok(Math.abs((await centred.get(null, { maxBytes: 100_000 })).data[0]!) < 1e-3);
  assert.equal((await xp.sum(a).get(null, { maxBytes: 1000 })).data[0], (199_999 * 200_000) / 2);
});

test("a computation is cancelled, and tells how far it is", async (t) => {
  const cont = await container(t);
  const a = await cont.array("a", { from: counted([1200, 1000]), chunks: [200, 1000] });
  const controller = new AbortController();
  const told: [number, number | undefined][] = [];
  await assert.rejects(
    xp.sum(xp.exp(a)).get(null, {
      signal: controller.signal,
      onProgress: (done, total) => {
        told.push([done, total]);
        controller.abort(new Error("enough"));
      },
    }),
    /enough/,
  );
  assert.deepEqual(told, [[1, 6]]);
  told.length = 0;
  await xp.sum(a, { axis: 0 }).get(null, { onProgress: (done, total) => told.push([done, total]) });
  assert.deepEqual(told.at(-1), [6, 6]);
});

test("a function of one's own is applied to blocks", async (t) => {
  const cont = await container(t);
  const a = await cont.array("a", { from: counted([50, 20]), chunks: [7, 6] });
  const medians = xp.apply(
    ({ data, shape: [rows = 0, n = 0] }) => {
      const result = ndarray("float64", [rows]);
      for (let i = 0; i < rows; i++) result.data[i] = (data as Float64Array).slice(i * n, (i + 1) * n).sort()[n / 2]!;
      return result;
    },
    [a],
    { signature: "(n)->()", dtype: "float64" },
  );
  assert.deepEqual([medians.shape, medians.dtype], [[50], "float64"]);
  assert.deepEqual((await medians.get([slice(0, 50, 20)])).data, new Float64Array([10, 410, 810]));
  const pairs = xp.apply(
    async (x) =>
      ndarray(
        "float64",
        [...x.shape.slice(0, 1), 2],
        Float64Array.from({ length: x.shape[0]! * 2 }, (_, i) => i % 2),
      ),
    [a],
    { signature: "(n)->(k)", sizes: { k: 2 }, dtype: "float64" },
  );
  assert.deepEqual((await pairs.get([0])).data, new Float64Array([0, 1]));
  assert.equal(await pairs.at(49, 1), 1);
  await assert.rejects(xp.apply(() => counted([1]), [a], { signature: "(n)->()", dtype: "float64" }).get(), {
    code: "DER_INVAL",
  });
  assert.throws(() => xp.apply(() => a as never, [a], { signature: "n->m" }), /signature/);
  assert.throws(() => xp.apply(() => a as never, [a], { signature: "(n)->(k)" }), /length/);
});

test("arrays of two containers are computed on together, and calls keep their order", async (t) => {
  const system = directory(t);
  const one = await DCont.open("tank", "one", { create: true, system });
  const two = await DCont.open("tank", "two", { create: true, system });
  t.after(() => Promise.all([one.close(), two.close()]));
  const a = await one.array("a", { from: counted([1000]) });
  const b = await two.array("b", { from: counted([1000]) });
  const sum = xp.add(a, b);
  const first = sum.get();
  const written = Promise.all([a.fill(1), b.fill(2)]);
  const second = sum.get();
  assert.equal((await first).data[999], 1998);
  await written;
  assert.equal((await second).data[999], 3);
});

test("an expression whose operand has another shape by now is refused", async (t) => {
  const cont = await container(t);
  const a = await cont.array("a", { from: counted([10]) });
  const twice = xp.add(a, a);
  await a.resize([5]);
  await assert.rejects(twice.get(), /had the shape \[10\]/);
  assert.equal((await xp.add(a, a).get()).shape[0], 5);
});

test("an array that occurs several times is read once", async (t) => {
  const cont = await container(t);
  const a = await cont.array("a", { from: counted([100, 100]), chunks: [100, 100] });
  let reads = 0;
  const store = (
    Object.getOwnPropertySymbols(a).map((s) => (a as never)[s]) as {
      store?: { readInto: (...args: never[]) => unknown };
    }[]
  )
    .map((source) => source.store)
    .find((s) => s !== undefined)!;
  const { readInto } = store;
  t.mock.method(store, "readInto", function counting(this: unknown, ...args: never[]) {
    reads++;
    return readInto.apply(this, args);
  });
  await xp.add(xp.multiply(a, a), a).get();
  assert.equal(reads, 1);
});

test("scalars bend to the dtype of the array", async () => {
  const cases: [DType, number | bigint | boolean, DType][] = [
    ["int8", 2, "int8"],
    ["int8", 2.5, "float64"],
    ["float32", 2, "float32"],
    ["float16", 0.1, "float16"],
    ["bool", 2, "int64"],
    ["uint64", 2n, "uint64"],
    ["complex64", 2, "complex64"],
  ];
  const multiply = xp.multiply as unknown as (a: NDArray, b: unknown) => Arr;
  for (const [dtype, scalar, expected] of cases) assert.equal(multiply(ndarray(dtype, [1]), scalar).dtype, expected);
  assert.equal(multiply(ndarray("float32", [1]), { re: 0, im: 1 }).dtype, "complex64");
});
