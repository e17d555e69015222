/** Expressions against NumPy, on both faces: random shapes, chunks, dtypes, functions, reductions, read and stored. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { asBytes, asTyped, DTYPES, type TypedArray } from "../../src/array/dtype.ts";
import { FUNCTIONS } from "../../src/array/xp/functions.ts";
import { REDUCTIONS } from "../../src/array/xp/reductions.ts";
import { type Arr, type DArray, DCont, type DType, type NDArray, ndarray, slice, xp } from "../../src/index.ts";
import { type Arr as SyncArr, DCont as SyncDCont, xp as syncXp } from "../../src/sync.ts";
import { NumpyJudge, numpyMissing } from "./numpy-judge.ts";
import { NUMPY, Random } from "./random.ts";

const CASES = 2400;
const missing = numpyMissing();
if (missing !== false) console.log(`# skipped: ${missing}`);

const dtypes = Object.keys(DTYPES) as DType[];
const SHAPES = [
  [],
  [0],
  [1],
  [7],
  [40],
  [5, 6],
  [1, 6],
  [5, 1],
  [12, 9],
  [3, 0],
  [2, 3, 4],
  [3, 1, 4],
  [6, 5, 7],
  [2, 1, 3, 2],
];

/** Big enough for memory in which reductions are fast, and for several chunks. */
const BIG_SHAPES = [[5003], [4, 2050], [70, 130]];

type AnyFunctions<A> = Readonly<Record<string, (...args: unknown[]) => A>>;
const functions = xp as unknown as AnyFunctions<Arr>;
const blockingFunctions = syncXp as unknown as AnyFunctions<SyncArr>;

function randomData<D extends DType>(r: Random, dtype: D, shape: readonly number[]): NDArray<D> {
  const a = ndarray(dtype, shape);
  const { data } = a as NDArray;
  const { kind, bytes } = DTYPES[dtype];
  const wide = r.chance(0.3);
  const special = r.chance(0.3);
  for (let i = 0; i < data.length; i++) {
    if (kind === "bool") data[i] = r.int(0, 1);
    else if (kind === "int" || kind === "uint") {
      const value = wide ? r.int(0, 2 ** 32 - 1) * r.of([1, 2 ** 20]) : r.int(kind === "int" ? -6 : 0, 9);
      data[i] = (bytes === 8 ? BigInt(value) * (wide ? 2049n : 1n) : value) as never;
    } else if (special && r.chance(0.2)) data[i] = r.of([Number.NaN, Infinity, -Infinity, -0, 0]);
    else data[i] = wide ? (r.next() - 0.5) * 1000 : r.int(-40, 40) / 8;
  }
  return a;
}

/** A tolerance for a dtype: some units in the last place. */
function ulps(dtype: DType, count: number): number {
  const epsilon = { float16: 2 ** -10, float32: 2 ** -23, complex64: 2 ** -23 }[dtype as string] ?? 2 ** -52;
  return epsilon * count;
}

const EXACT = new Set([
  ...["add", "subtract", "multiply", "minimum", "maximum", "negative", "positive", "sign", "conj", "real", "imag"],
  ...["square", "floor", "ceil", "trunc", "round", "isnan", "isinf", "isfinite", "sqrt"],
  ...Object.keys(FUNCTIONS).filter((name) => /^(logical|bitwise|equal|not_equal|less|greater)/.test(name)),
]);

function same(dtype: DType, a: TypedArray, b: TypedArray, tolerance: number): string | undefined {
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (Object.is(x, y) || x === y) continue;
    const [p, q] = [Number(x), Number(y)];
    // Parts of a complex number are as exact as the number.
    const size = DTYPES[dtype].slots === 2 ? Math.hypot(Number(b[i & ~1]), Number(b[i | 1])) : Math.abs(q);
    if (Number.isNaN(p) && Number.isNaN(q)) continue;
    if (typeof x === "number" && tolerance > 0 && Math.abs(p - q) <= tolerance * Math.max(1e-3, Math.abs(p), size))
      continue;
    // An overflow of float16 may round to either side.
    if (dtype === "float16" && tolerance > 0 && Math.abs(q) > 60000 && Math.abs(p) > 60000 && p > 0 === q > 0) continue;
    return `element ${i}: ${x} instead of ${y}`;
  }
  return undefined;
}

test("expressions give what NumPy gives", { skip: missing }, async (t) => {
  const seed = Number(process.env.TSDAOS_TEST_SEED ?? 20261123);
  const r = new Random(seed);
  const directory = mkdtempSync(join(tmpdir(), "tsdaos-xp-"));
  const judge = new NumpyJudge("xp-judge.py");
  // Thousands of arrays, none of which has to survive a power failure.
  const system = new URL("?durability=process", pathToFileURL(directory));
  const cont = await DCont.open("p", "c", { create: true, system });
  const blocking = new SyncDCont("p", "c", { system });
  t.after(async () => {
    blocking.close();
    await cont.close();
    await judge.close();
    rmSync(directory, { recursive: true, force: true });
  });
  let names = 0;
  const counts = new Map<string, number>();
  let refused = 0;
  const failures: string[] = [];
  const ways = { "get, blocking": 0, get: 0, "into, blocking": 0, into: 0, store: 0 };

  /** The same operand on the blocking face. */
  const twinOf = (operand: unknown): unknown =>
    typeof operand === "object" && operand !== null && "oid" in operand
      ? blocking.getArray((operand as DArray).name)
      : operand;

  /** Elements of an expression, in one way or another. */
  const compute = async (arr: Arr, twin: SyncArr): Promise<NDArray> => {
    const way = r.of(Object.keys(ways) as (keyof typeof ways)[]);
    ways[way]++;
    if (way === "get") return arr.get();
    if (way === "get, blocking") return twin.get();
    const name = `r${names++}`;
    const chunks = arr.shape.map((n) => r.int(1, Math.max(1, n)));
    if (way === "store") return (await arr.store(cont, name, { chunks })).get();
    const target = await cont.array(name, { shape: arr.shape, dtype: arr.dtype, chunks });
    if (way === "into") await arr.into(target);
    else twin.into(blocking.getArray(name));
    return target.get();
  };

  /** An operand: stored in random chunks, or in memory, or a view of one of them. */
  const operand = async (dtype: DType, shape: readonly number[], steps: object[]): Promise<Arr | NDArray> => {
    const a = randomData(r, dtype, shape);
    steps.push({ op: "array", dtype: NUMPY[dtype], shape, data: Buffer.from(asBytes(a.data)).toString("hex") });
    if (r.chance(0.4)) return a;
    const chunks = shape.map((n) => r.int(1, Math.max(1, n)));
    const codecs = r.chance(0.2) ? (["zstd"] as const) : undefined;
    return cont.array(`a${names++}`, { from: a, chunks, codecs });
  };

  for (let n = 0; n < CASES; n++) {
    const steps: object[] = [];
    const args: unknown[] = [];
    const form = r.int(0, 9);
    let shape = r.of(SHAPES);
    if (form > 4 && form <= 7 && r.chance(0.15)) shape = r.of(BIG_SHAPES);
    const dtype =
      shape.length > 0 && BIG_SHAPES.includes(shape as number[]) && r.chance(0.5) ? "float64" : r.of(dtypes);
    const first = await operand(dtype, shape, steps);
    const told: object[] = [{ node: 0 }];
    let op: string;
    let tolerance = 0;
    const other = (): DType => (r.chance(0.6) ? dtype : r.of(dtypes));
    /** A shape that broadcasts with `shape`, mostly. */
    const partner = (): readonly number[] => {
      if (r.chance(0.05)) return r.of(SHAPES);
      return shape.slice(r.int(0, shape.length)).map((length) => (r.chance(0.3) ? 1 : length));
    };
    const second = async (): Promise<void> => {
      if (r.chance(0.3)) {
        const { kind, bytes } = DTYPES[dtype];
        if (kind === "complex" && r.chance(0.5)) {
          args.push({ re: 1.5, im: -2 });
          told.push({ complex: [1.5, -2] });
          return;
        }
        const value = r.chance(0.3) && kind !== "complex" && kind !== "float" ? r.int(0, 5) + 0.5 : r.int(0, 5);
        args.push(
          Number.isInteger(value) && bytes === 8 && r.chance(0.5) && kind.endsWith("int") ? BigInt(value) : value,
        );
        told.push({ scalar: value });
        return;
      }
      told.push({ node: steps.length });
      args.push(await operand(other(), partner(), steps));
    };
    let arr: Arr | undefined;
    let twin: SyncArr | undefined;
    let error: Error | undefined;
    /** Builds the expression on both faces. */
    const build = <A extends Arr | SyncArr>(
      make: (f: AnyFunctions<A>, of: (operand: unknown) => unknown) => A,
    ): void => {
      try {
        arr = make(functions as AnyFunctions<A>, (operand) => operand) as Arr;
        twin = make(blockingFunctions as AnyFunctions<A>, twinOf) as SyncArr;
      } catch (e) {
        error = e as Error;
      }
    };
    if (form <= 4) {
      op = r.of(Object.keys(FUNCTIONS));
      args.push(first);
      if (FUNCTIONS[op as keyof typeof FUNCTIONS].operands === 2) await second();
      steps.push({ op, args: told });
      build((f, of) => f[op]!(...args.map(of)));
    } else if (form <= 7) {
      const name = r.of(REDUCTIONS);
      const ndim = shape.length;
      const o: Record<string, unknown> = {};
      if (r.chance(0.6) && ndim > 0) {
        const axes = Array.from({ length: ndim }, (_, i) => i).filter(() => r.chance(0.5));
        o.axis = r.chance(0.5) || axes.length === 0 ? r.int(-ndim, ndim - 1) : axes;
      }
      if (r.chance(0.4)) o.keepdims = true;
      if ((name === "var" || name === "std") && r.chance(0.5)) o.correction = 1;
      op = `reduce ${name}`;
      let node = 0;
      // Of an expression, in one pass.
      const doubled = r.chance(0.4);
      if (doubled) {
        steps.push({ op: "add", args: [{ node: 0 }, { node: 0 }] });
        node = steps.length - 1;
      }
      steps.push({ op: "reduce", name, args: [{ node }], o });
      const rounds = ["sum", "prod", "mean", "var", "std"].includes(name);
      tolerance = rounds ? (BIG_SHAPES.includes(shape as number[]) ? 256 : 64) : 0;
      build((f, of) => f[name]!(doubled ? f.add!(of(first), of(first)) : of(first), o));
    } else if (form === 8) {
      op = r.of(["where", "clip", "astype", "matmul", "dot"]);
      if (op === "where") {
        const condition = await operand("bool", partner(), steps);
        told.unshift({ node: steps.length - 1 });
        args.push(condition, first);
        await second();
        if ("scalar" in told[2]! || "complex" in told[2]!) {
          args.pop();
          told.pop();
          told.push({ node: steps.length });
          args.push(await operand(other(), partner(), steps));
        }
        steps.push({ op, args: told });
      } else if (op === "clip") {
        args.push(first, 1, 3);
        steps.push({ op, args: [...told, { scalar: 1 }, { scalar: 3 }] });
      } else if (op === "astype") {
        // What a float out of range or NaN becomes as an integer is left to the processor.
        const whole = (d: DType): boolean => DTYPES[d].kind.endsWith("int");
        const to = r.of(DTYPES[dtype].kind === "float" ? dtypes.filter((d) => !whole(d)) : dtypes);
        args.push(first, to);
        steps.push({ op, args: told, dtype: NUMPY[to] });
      } else {
        shape = r.of([[4], [3, 4], [1, 4], [20, 4], [0, 4]]);
        steps.length = 0;
        args.push(await operand(dtype, shape, steps));
        args.push(await operand(other(), r.of([[4], [4, 3], [4, 1], [4, 30], [4, 0], [3]]), steps));
        steps.push({ op, args: [{ node: 0 }, { node: 1 }] });
        tolerance = 64;
      }
      build((f, of) => f[op]!(...args.map(of)));
    } else {
      // A chain with a broadcast reduction: (a - mean(a)) * b
      op = "chain";
      const axis = shape.length === 0 ? undefined : r.int(0, shape.length - 1);
      const o = axis === undefined ? {} : { axis, keepdims: true };
      const b = await operand(dtype, partner(), steps);
      steps.push(
        { op: "reduce", name: "max", args: [{ node: 0 }], o },
        { op: "add", args: [{ node: 0 }, { node: 2 }] },
      );
      steps.push(
        { op: "multiply", args: [{ node: 3 }, { node: 1 }] },
        { op: "add", args: [{ node: 4 }, { scalar: 1 }] },
      );
      build((f, of) => f.add!(f.multiply!(f.add!(of(first), f.max!(of(first), o)), of(b)), 1));
    }
    if (op === "multiply" || op === "square" || op === "chain")
      tolerance =
        DTYPES[dtype].kind === "complex" || steps.some((s) => /c/.test((s as { dtype?: string }).dtype ?? "")) ? 8 : 0;
    else if (tolerance === 0 && op in FUNCTIONS && !EXACT.has(op)) tolerance = 8;

    // Then a view of it, sometimes.
    if (arr !== undefined && r.chance(0.3)) {
      const last = { node: steps.length - 1 };
      if (r.chance(0.4)) {
        arr = arr.transpose();
        twin = twin!.transpose();
        steps.push({ op: "transpose", args: [last] });
      } else {
        const items = arr.shape.map((length): number | [number | null, number | null, number] =>
          length > 0 && r.chance(0.2)
            ? r.int(-length, length - 1)
            : [r.of([null, r.int(0, length)]), null, r.of([1, 1, 2, -1])],
        );
        const selection = items.map((i) => (typeof i === "number" ? i : slice(...i)));
        arr = arr.view(selection);
        twin = twin!.view(selection);
        steps.push({ op: "view", args: [last], selection: items });
      }
    }
    const answer = await judge.ask({ steps });
    let got: NDArray | undefined;
    try {
      if (arr !== undefined && error === undefined) got = await compute(arr, twin!);
    } catch (e) {
      error = e as Error;
    }
    const fail = (why: string): void => {
      const told = steps.map((step) => ({ ...step, data: undefined }));
      failures.push(`case ${n} (seed ${seed}), ${why}: ${JSON.stringify(told)}`);
    };
    counts.set(op, (counts.get(op) ?? 0) + 1);
    if (answer.refused !== undefined || error !== undefined) {
      refused++;
      // Elements that are not looked at are not computed here.
      if (/negative integer powers/.test(answer.refused ?? "")) continue;
      if (error === undefined) fail(`NumPy refuses (${answer.refused})`);
      else if (answer.refused === undefined && !isOurLimit(op, error)) fail(`refused (${error.stack})`);
      continue;
    }
    const wanted = (answer as { dtype: string }).dtype.replace(/^[<|=]/, "").replace("b1", "?");
    if (String(got!.shape) !== String(answer.shape)) fail(`shape [${got!.shape}] instead of [${answer.shape}]`);
    else if (NUMPY[got!.dtype] !== wanted) fail(`dtype ${got!.dtype} instead of ${wanted}`);
    else {
      const expected = asTyped(got!.dtype, Uint8Array.from(Buffer.from(answer.data!, "hex")));
      const wrong = same(got!.dtype, got!.data, expected, tolerance === 0 ? 0 : ulps(got!.dtype, tolerance));
      if (wrong !== undefined) fail(wrong);
    }
  }
  t.diagnostic(`${CASES} cases, ${refused} of them refused; ${JSON.stringify(ways)}`);
  if (failures.length > 0)
    assert.fail(`${failures.length} of ${CASES} cases differ:\n${failures.slice(0, 10).join("\n")}`);
  assert.ok(refused < CASES / 3, `${refused} of ${CASES} were refused`);
});

/** What NumPy computes and this refuses, as documented. */
function isOurLimit(op: string, error: Error): boolean {
  if (/is not defined for complex|is not defined for (bool|int|uint|float)/.test(error.message)) return true;
  if (/no elements/.test(error.message)) return false;
  return op === "astype" && /the imaginary part would be lost/.test(error.message);
}
