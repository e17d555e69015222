import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import type { DType, TypedArray } from "../../src/array/dtype.ts";
import { MemorySource } from "../../src/array/source.ts";
import { wasmMemory } from "../../src/array/wasm.ts";
import { compileKernel } from "../../src/array/xp/kernel.ts";
import type { LeafNode, MapNode, Node, ScalarNode } from "../../src/array/xp/node.ts";
import { compileSimd } from "../../src/array/xp/simd-map.ts";
import { DCont, ndarray, xp } from "../../src/sync.ts";
import { tankNeo } from "../engines/local/support.ts";
import { Random } from "./random.ts";

const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 5e-324, 1e-45, 3e38, -1.7e308];
const BINARY = ["add", "subtract", "multiply", "divide", "minimum", "maximum"] as const;
const UNARY = ["negative", "abs", "sqrt", "square", "positive"] as const;
const LENGTH = 1000;

const leaf = (dtype: DType): LeafNode => ({
  type: "leaf",
  dtype,
  shape: [LENGTH],
  source: new MemorySource(ndarray(dtype, [LENGTH])),
});
const scalar = (dtype: DType, value: number): ScalarNode => ({ type: "scalar", dtype, value, shape: [] });
const map = (name: MapNode["name"], dtype: DType, ...operands: Node[]): MapNode => ({
  type: "map",
  name,
  takes: dtype,
  dtype,
  shape: [LENGTH],
  operands,
});

function randomTree(r: Random, dtype: DType): MapNode {
  const nodes: Node[] = [leaf(dtype), leaf(dtype), leaf(dtype), scalar(dtype, r.int(-99, 99) / 7), scalar(dtype, 0.1)];
  let root = map("add", dtype, nodes[0]!, nodes[3]!);
  for (let k = r.int(1, 8); k > 0; k--) {
    root = r.chance(0.7)
      ? map(r.of(BINARY), dtype, r.of(nodes), r.chance(0.5) ? root : r.of(nodes))
      : map(r.of(UNARY), dtype, root);
    nodes.push(root);
  }
  return map("add", dtype, root, nodes[1]!);
}

function numbersIn(root: Node, found = new Set<ScalarNode>()): number[] {
  if (root.type === "scalar") found.add(root);
  if (root.type === "map") for (const operand of root.operands) numbersIn(operand, found);
  return [...found].map(({ value }) => Number(value));
}

/** Elements of plain memory and the same ones in memory of WebAssembly, from a random place on. */
function operand(r: Random, dtype: "float32" | "float64", memory: ArrayBuffer, at: number): [TypedArray, TypedArray] {
  const plain = ndarray(dtype, [LENGTH]).data;
  for (let i = 0; i < LENGTH; i++) plain[i] = r.chance(0.05) ? r.of(SPECIAL) : r.int(-1e6, 1e6) / 1000;
  const fast = dtype === "float32" ? new Float32Array(memory, at, LENGTH) : new Float64Array(memory, at, LENGTH);
  fast.set(plain);
  return [plain, fast];
}

test("chains of random functions, lengths and places give the same with vectors as without them, bit for bit", () => {
  const r = new Random(11);
  const [from, to] = [wasmMemory(2 ** 18)!.buffer, wasmMemory(2 ** 18)!.buffer];
  for (let k = 0; k < 300; k++) {
    const dtype = r.of(["float32", "float64"] as const);
    const root = randomTree(r, dtype);
    const kernel = compileKernel(root);
    assert.ok(kernel.vectors);
    const operands = kernel.inputs.map((_, i) => operand(r, dtype, from, 2048 + i * 16_384 + 8 * r.int(0, 9)));
    const [at, n] = [r.int(0, 9), r.int(1, r.of([20, LENGTH - 10]))];
    const rows = (which: 0 | 1) => operands.map((pair, i) => ({ data: pair[which], offset: i, stride: 1 }));
    const plain = ndarray(dtype, [LENGTH]).data.fill(7);
    const fast = (dtype === "float32" ? new Float32Array(to, 8, LENGTH) : new Float64Array(to, 8, LENGTH)).fill(7);
    kernel.run(plain, at, n, rows(0));
    kernel.run(fast, at, n, rows(1));
    for (let i = 0; i < LENGTH; i++) assert.ok(Object.is(plain[i], fast[i]), `${k}: ${i} of ${at} + ${n}`);
    fast.fill(7);
    const done = compileSimd(root, kernel.inputs)!(fast, at, n, rows(1), numbersIn(root));
    assert.ok(n < 128 ? done === 0 : n - done < 16, `${done} of ${n} by vectors`);
    assert.ok(fast.subarray(at + done).every((x) => x === 7));
  }
});

test("NaN and zeros of both signs go through minimum and maximum in each lane as NumPy has it", () => {
  const [from, to] = [wasmMemory(65_536)!.buffer, wasmMemory(65_536)!.buffer];
  const nodes = [leaf("float64"), leaf("float64")];
  const [a, b, out] = [new Float64Array(from, 0, 256), new Float64Array(from, 4096, 256), new Float64Array(to, 0, 256)];
  const rows = [a, b].map((data) => ({ data, offset: 0, stride: 1 }));
  for (const name of ["minimum", "maximum"] as const) {
    const run = compileSimd(map(name, "float64", ...nodes), nodes as LeafNode[])!;
    for (const x of [...SPECIAL, 1])
      for (const y of [...SPECIAL, 1]) {
        a.fill(x);
        b.fill(y);
        assert.equal(run(out, 0, 256, rows, []), 256);
        const first = Number.isNaN(x) || (name === "minimum" ? x < y : x > y);
        assert.ok(
          out.every((value) => Object.is(value, first ? x : y)),
          `${name} of ${x} and ${y}`,
        );
      }
  }
});

test("what vectors do not do, and operands in other memory, are left to the plain loop", () => {
  const [x, y] = [leaf("float64"), leaf("float64")];
  const vectors = (root: MapNode): boolean => compileKernel(root).vectors;
  assert.ok(vectors(map("add", "float64", x, y)));
  assert.ok(!vectors(map("exp", "float64", x)));
  assert.ok(!vectors(map("add", "int32", leaf("int32"), leaf("int32"))));
  assert.ok(!vectors({ ...map("astype", "float64", leaf("float32")), takes: "float32" }));
  assert.ok(!vectors(map("add", "float64", x, map("where", "float64", leaf("bool"), x, y))));
  assert.ok(!vectors(map("add", "float64", scalar("float64", 1), scalar("float64", 2))));
  const run = compileSimd(map("add", "float64", x, y), [x, y])!;
  const [one, other] = [wasmMemory(65_536)!.buffer, wasmMemory(65_536)!.buffer];
  const row = (buffer: ArrayBuffer, stride = 1) => ({ data: new Float64Array(buffer, 0, 512), offset: 0, stride });
  const out = new Float64Array(other, 0, 512);
  assert.equal(run(out, 0, 512, [row(one), row(one)], []), 512);
  assert.equal(run(out, 0, 512, [row(one), row(other)], []), 0);
  assert.equal(run(out, 0, 512, [row(one), row(one, 0)], []), 0);
  assert.equal(run(new Float64Array(512), 0, 512, [row(one), row(one)], []), 0);
  assert.equal(run(out, 0, 512, [row(new ArrayBuffer(4096)), row(one)], []), 0);
});

test("a function that vectors do not do takes them from no other one that the plain loop computes in the same way", () => {
  const [x, y] = [leaf("float64"), leaf("float64")];
  assert.ok(!compileKernel(map("divide", "float64", map("conj", "float64", y), x)).vectors);
  assert.ok(compileKernel(map("divide", "float64", y, x)).vectors);
  assert.ok(compileKernel(map("divide", "float64", map("positive", "float64", y), x)).vectors);
});

/** A tree of many functions, and not a deep one. */
function wideTree(x: Node, y: Node, count: number): MapNode {
  let nodes = Array.from({ length: count }, (_, i) => map(BINARY[i % 3]!, "float64", x, y));
  while (nodes.length > 1)
    nodes = nodes.flatMap((node, i) => (i % 2 === 1 ? [] : [map("add", "float64", node, nodes[i + 1] ?? x)]));
  return nodes[0]!;
}

test("a tree of thousands of functions is left to the plain loop, which has room on a small stack; hundreds are not", () => {
  const [x, y] = [leaf("float64"), leaf("float64")];
  assert.ok(!compileKernel(wideTree(x, y, 2000)).vectors);
  const root = wideTree(x, y, 300);
  const kernel = compileKernel(root);
  assert.ok(kernel.vectors);
  const [from, to] = [wasmMemory(65_536)!.buffer, wasmMemory(65_536)!.buffer];
  const rows = [1, 2].map((i) => ({
    data: new Float64Array(from, i * 8192, LENGTH).fill(i / 3),
    offset: 0,
    stride: 1,
  }));
  const [fast, plain] = [new Float64Array(to, 0, LENGTH), new Float64Array(LENGTH)];
  kernel.run(fast, 0, LENGTH, rows);
  kernel.run(plain, 0, LENGTH, rows);
  assert.deepEqual(fast, plain);
  // 32,000 locals would have no room on this stack.
  const program = `
    import { compileKernel } from ${JSON.stringify(import.meta.resolve("../../src/array/xp/kernel.ts"))};
    import { wasmMemory } from ${JSON.stringify(import.meta.resolve("../../src/array/wasm.ts"))};
    const [LENGTH, BINARY] = [1000, ["add", "subtract", "multiply"]];
    const map = ${map.toString()};
    const leaf = () => ({ type: "leaf", dtype: "float64", shape: [LENGTH] });
    ${wideTree.toString()}
    const [x, y] = [leaf(), leaf()];
    const [from, to] = [wasmMemory(65_536).buffer, wasmMemory(65_536).buffer];
    const rows = [0, 1].map((i) => ({ data: new Float64Array(from, i * 8192, LENGTH), offset: 0, stride: 1 }));
    compileKernel(wideTree(x, y, 4000)).run(new Float64Array(to, 0, LENGTH), 0, LENGTH, rows);`;
  execFileSync(process.execPath, ["--stack-size=400", "--input-type=module", "-e", program], { stdio: "pipe" });
});

/** Where they differ first; -1: nowhere. `assert.deepEqual` would draw the whole difference. */
function differs(data: TypedArray, expected: readonly number[]): number {
  if (data.length !== expected.length) return Math.min(data.length, expected.length);
  return expected.findIndex((value, i) => !Object.is(data[i], value));
}

test("stored arrays go through vectors to arrays, to memory and to reductions, whole boxes and their ends", async (t) => {
  const { system } = await tankNeo(t);
  using cont = new DCont("tank", "neo", { system });
  const shape = [211, 307];
  const count = 211 * 307;
  const content = (seed: number): Float64Array =>
    Float64Array.from({ length: count }, (_, i) => (i % 501 === seed ? Number.NaN : Math.sin(seed + i) * 100));
  for (const dtype of ["float64", "float32"] as const) {
    const [x, y] = [1, 2].map((seed) => (dtype === "float64" ? content(seed) : Float32Array.from(content(seed))));
    const round = dtype === "float64" ? (v: number): number => v : Math.fround;
    const [a, b] = [x!, y!].map((data, i) =>
      cont.array(`${dtype}${i}`, { from: ndarray(dtype, shape, data as never), chunks: [100, 307] }),
    );
    const expression = () => xp.add(xp.multiply(a!, 2), xp.maximum(b!, a!));
    const expected = Array.from({ length: count }, (_, i) => {
      const larger = x![i]! < y![i]! || Number.isNaN(y![i]!) ? y![i]! : x![i]!;
      return round(round(x![i]! * 2) + larger);
    });
    const target = cont.array(`${dtype}t`, { shape, dtype, chunks: [70, 307] });
    expression().into(target);
    assert.equal(differs(target.get().data, expected), -1);
    assert.equal(differs(expression().get().data, expected), -1);
    const rows = Array.from({ length: 211 }, (_, row) => Math.max(...expected.slice(row * 307, (row + 1) * 307)));
    assert.equal(differs(xp.max(expression(), { axis: 1 }).get().data, rows), -1);
  }
});
