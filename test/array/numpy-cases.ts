/** Random reads, views, writes and conversions, on any engine, with NumPy as the judge of each. */
import assert from "node:assert/strict";
import { asBytes, DTYPES } from "../../src/array/dtype.ts";
import { sizeOf } from "../../src/array/ndarray.ts";
import { contiguous } from "../../src/array/source.ts";
import { type Arr, DaosError, type DCont, type DType, type NDArray, ndarray, type Selection } from "../../src/index.ts";
import type { DCont as SyncDCont } from "../../src/sync.ts";
import { NumpyJudge } from "./numpy-judge.ts";
import { NUMPY, Random } from "./random.ts";

const dtypes = Object.keys(DTYPES) as DType[];

function hex(a: NDArray): string {
  const { data, offset, shape, dtype } = contiguous(a);
  const { bytes } = DTYPES[dtype];
  return Buffer.from(asBytes(data).subarray(offset * bytes, (offset + sizeOf(shape)) * bytes)).toString("hex");
}

function randomArray<D extends DType>(r: Random, dtype: D, shape: readonly number[]): NDArray<D> {
  const a = ndarray(dtype, shape);
  const bytes = asBytes(a.data);
  for (let i = 0; i < bytes.length; i++) bytes[i] = dtype === "bool" ? r.int(0, 1) : r.int(0, 255);
  // Some zeros: chunks that are all fill value are not stored.
  if (r.chance(0.2)) bytes.fill(0, r.int(0, bytes.length), bytes.length);
  return a;
}

function randomItem(r: Random, length: number, wild: boolean): unknown {
  const bound = (): number | null => (r.chance(0.3) ? null : r.int(-length - 2, length + 2));
  const index = (): number => (wild ? r.int(-length - 1, length) : r.int(-length, length - 1));
  const kind = r.int(0, 9);
  if (kind <= 1 && (length > 0 || wild)) return index();
  if (kind <= 5) return { start: bound(), stop: bound(), step: r.of([1, 1, 1, 2, 3, 7, -1, -1, -2, -5]) };
  if (kind === 6) return null;
  if (kind === 7 && length > 0) return Array.from({ length: r.int(0, 2 * length) }, index);
  if (kind === 8) return Array.from({ length: wild && r.chance(0.3) ? length + 1 : length }, () => r.chance(0.5));
  return { start: null, stop: null, step: 1 };
}

function randomSelection(r: Random, shape: readonly number[]): unknown[] {
  const wild = r.chance(0.1);
  let items = shape.map((length) => randomItem(r, length, wild));
  const form = r.next();
  if (form < 0.3) {
    const from = r.int(0, items.length);
    items.splice(from, r.int(0, items.length - from), "...");
  } else if (form < 0.5) items = items.slice(0, r.int(0, items.length));
  if (wild && r.chance(0.2)) items.push(0);
  if (wild && r.chance(0.1)) items.push("...");
  return items;
}

// A list of integers in JSON and in a selection look alike; an empty one is a list of integers for both sides.
const asSelection = (items: readonly unknown[]): Selection => items as Selection;

const SHAPES = [
  [],
  [0],
  [1],
  [7],
  [300],
  [5, 6],
  [1, 9],
  [33, 20],
  [3, 0, 2],
  [4, 5, 6],
  [2, 1, 7],
  [9, 130],
  [2, 3, 4, 5],
];

/** Works on arrays of the container, by both faces: as many cases as told. */
export async function agreeWithNumpy(cont: DCont, blocking: SyncDCont, cases: number): Promise<void> {
  const judge = new NumpyJudge("numpy-judge.py");
  const seed = Number(process.env.TSDAOS_TEST_SEED ?? Date.now() % 1_000_000);
  const r = new Random(seed);
  const counts = { get: 0, set: 0, astype: 0, refused: 0 };
  try {
    for (let done = 0; done < cases; ) {
      const dtype = r.of(dtypes);
      const shape = r.of(SHAPES).map((n) => (n > 1 && r.chance(0.3) ? r.int(1, n) : n));
      const chunks = r.chance(0.2) ? "auto" : shape.map((n) => r.int(1, Math.max(1, r.chance(0.2) ? 2 * n : n)));
      const codecs = r.of([undefined, undefined, ["zstd"], ["gzip"], ["zstd", "gzip"]] as const);
      const content = randomArray(r, dtype, shape);
      const name = `a${done}`;
      const da = await cont.array(name, { from: content, chunks, codecs });
      const twin = blocking.getArray(name);
      let model = hex(content);
      for (let k = 0; k < 12; k++, done++) {
        const where = `seed ${seed}, case ${done}: ${dtype} [${shape}] in [${da.chunks}]`;
        const what = r.next();
        if (what < 0.35) {
          const selection = randomSelection(r, shape);
          const picked = await judge.ask({
            op: "get",
            dtype: NUMPY[dtype],
            shape,
            data: model,
            views: [{ op: "view", selection }],
          });
          // A value of the shape of the selection, or one that broadcasts to it.
          const valueShape = (picked.shape ?? []).map((n) => (r.chance(0.15) ? 1 : n)).slice(r.chance(0.15) ? 1 : 0);
          const value = randomArray(r, dtype, valueShape);
          const question = {
            op: "set",
            dtype: NUMPY[dtype],
            shape,
            data: model,
            selection,
            value: hex(value),
            valueShape,
          };
          const expected = await judge.ask(question);
          const act = async (): Promise<void> =>
            r.chance(0.5) ? da.set(asSelection(selection), value) : twin.set(asSelection(selection), value);
          if (expected.refused !== undefined) {
            counts.refused++;
            await assert.rejects(
              act,
              (e) => DaosError.is(e) || e instanceof TypeError,
              `${where}: ${JSON.stringify(selection)}`,
            );
          } else {
            counts.set++;
            await act();
            model = expected.data!;
          }
          assert.equal(hex(await da.get()), model, `${where}: set ${JSON.stringify(selection)} of [${valueShape}]`);
        } else if (what < 0.45 && DTYPES[dtype].kind !== "complex") {
          const to = r.of(dtypes.filter((d) => !lossy(dtype, d)));
          const expected = await judge.ask({ op: "astype", dtype: NUMPY[dtype], shape, data: model, to: NUMPY[to] });
          counts.astype++;
          assert.equal(
            nanless(to, hex(await da.astype(to).get())),
            nanless(to, expected.data!),
            `${where}: astype ${to}`,
          );
        } else {
          const views: { op: string; selection?: unknown[]; axes?: number[]; axis?: number; shape?: number[] }[] = [];
          let arr: Arr | undefined = da as Arr;
          let error: unknown;
          const steps = r.int(1, 4);
          for (let s = 0; s < steps && arr !== undefined; s++) {
            const now: readonly number[] = arr.shape;
            const kind = s === 0 && r.chance(0.5) ? 0 : r.int(0, 6);
            try {
              if (kind <= 2) {
                views.push({ op: "view", selection: randomSelection(r, now) });
                arr = arr.view(asSelection(views.at(-1)!.selection!));
              } else if (kind === 3) {
                const axes = r.chance(0.3) ? [] : now.map((_, i) => i).sort(() => r.next() - 0.5);
                views.push({ op: "transpose", axes });
                arr = arr.transpose(...axes);
              } else if (kind === 4) {
                views.push({ op: "squeeze" });
                arr = arr.squeeze();
              } else if (kind === 5) {
                views.push({ op: "expand", axis: r.int(-now.length - 1, now.length) });
                arr = arr.expand(views.at(-1)!.axis!);
              } else {
                const to = [...(r.chance(0.5) ? [r.int(1, 3)] : []), ...now.map((n) => (n === 1 ? r.int(1, 4) : n))];
                views.push({ op: "broadcast", shape: to });
                arr = arr.broadcast(to);
              }
            } catch (e) {
              error = e;
              arr = undefined;
            }
          }
          const expected = await judge.ask({ op: "get", dtype: NUMPY[dtype], shape, data: model, views });
          const shown = `${where}: ${JSON.stringify(views)}`;
          if (expected.refused !== undefined) {
            counts.refused++;
            assert.ok(
              DaosError.is(error) || error instanceof TypeError,
              `${shown}: NumPy refuses (${expected.refused}), got ${error}`,
            );
          } else {
            if (error !== undefined) throw new Error(`${shown}: NumPy accepts`, { cause: error });
            counts.get++;
            const first = views[0]!;
            const result = await (views.length === 1 && first.op === "view" && r.chance(0.5)
              ? r.chance(0.5)
                ? da.get(asSelection(first.selection!))
                : twin.get(asSelection(first.selection!))
              : r.chance(0.3)
                ? arr!.get(null, { out: strided(r, dtype, arr!.shape) })
                : arr!.get());
            assert.deepEqual(result.shape, expected.shape, shown);
            assert.equal(hex(result), expected.data, shown);
          }
        }
      }
      await cont.destroy(name);
    }
    console.log(`# seed ${seed}: ${JSON.stringify(counts)}`);
    assert.ok(counts.get + counts.set + counts.astype + counts.refused >= cases);
  } finally {
    await judge.close();
  }
}

/** Memory with gaps and axes that run backwards. */
function strided(r: Random, dtype: DType, shape: readonly number[]): NDArray {
  const order = shape.map((_, i) => i).sort(() => r.next() - 0.5);
  const stride = shape.map(() => 0);
  let [step, offset] = [r.int(1, 3), 0];
  for (const axis of order) {
    const backwards = r.chance(0.3);
    stride[axis] = backwards ? -step : step;
    if (backwards) offset += step * (shape[axis]! - 1);
    step *= shape[axis]!;
  }
  return { ...ndarray(dtype, [step + 5]), shape, stride, offset: Math.max(0, offset) };
}

/** Conversions whose result depends on the processor: a float that the integer cannot hold, NaN. */
function lossy(from: DType, to: DType): boolean {
  return DTYPES[from].kind === "float" && ["int", "uint"].includes(DTYPES[to].kind);
}

/** The same bytes with one NaN for all: which one a conversion makes is the processor's business. */
function nanless(dtype: DType, data: string): string {
  const { kind, bytes, slots } = DTYPES[dtype];
  if (kind !== "float" && kind !== "complex") return data;
  const a = ndarray(dtype, [data.length / 2 / bytes]);
  asBytes(a.data).set(Buffer.from(data, "hex"));
  return Array.from({ length: sizeOf(a.shape) * slots }, (_, i) => {
    const v = a.data[i] as number;
    return Object.is(v, -0) ? "-0" : String(v);
  }).join();
}
