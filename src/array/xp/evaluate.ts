/** Computing expressions box by box, in bounded memory; once for both faces (see `engine/steps.ts`). */
import { type Steps, step } from "../../engine/steps.ts";
import { allocate, type DType, type TypedArray } from "../dtype.ts";
import { type Box, boxesOf, boxShape, boxUnit, cStrides, rowOffsets } from "./boxes.ts";
import { compileKernel, type Input, type Kernel, type Row } from "./kernel.ts";
import type { MapNode, MatmulNode, Node, ReduceNode } from "./node.ts";
import { sizeOf } from "./node.ts";
import { isBig, isComplex } from "./promotion.ts";
import { accumulator, hasIdentity } from "./reductions.ts";

/** Elements of a box, unless the memory is bounded more tightly: small enough to stay in a processor's cache. */
export const BOX_ELEMENTS = 2 ** 18;

/** What an evaluation may use. */
export interface Limits {
  readonly boxElements: number;
  readonly signal: AbortSignal | undefined;
}

/** Computes a box of a node into `out`, in C order. */
export function* evaluate(node: Node, box: Box, out: TypedArray, limits: Limits): Steps<void> {
  limits.signal?.throwIfAborted();
  switch (node.type) {
    case "leaf":
      yield* step<void>(node.source.read(box.start, box.stop, out, limits.signal));
      return;
    case "scalar":
      fill(out, node.dtype, node.value);
      return;
    case "map":
      yield* evaluateMap(node, box, out, limits);
      return;
    case "reduce":
      yield* evaluateReduce(node, box, out, limits);
      return;
    case "matmul":
      yield* evaluateMatmul(node, box, out, limits);
  }
}

/** The chunks of the largest array that a node reads, as its own axes see them: where boxes are best cut. */
export function preferredChunks(node: Node): readonly number[] | undefined {
  switch (node.type) {
    case "leaf":
      return node.source.chunks;
    case "map": {
      const whole = node.operands.filter((o) => o.shape.length === node.shape.length);
      for (const operand of whole) {
        const chunks = preferredChunks(operand);
        if (chunks !== undefined) return chunks.map((c, axis) => (operand.shape[axis] === 1 ? node.shape[axis]! : c));
      }
      return undefined;
    }
    case "reduce": {
      const chunks = preferredChunks(node.operand);
      if (chunks === undefined) return undefined;
      return node.keepdims
        ? chunks.map((c, axis) => (node.axes.includes(axis) ? 1 : c))
        : chunks.filter((_, axis) => !node.axes.includes(axis));
    }
    default:
      return undefined;
  }
}

const kernels = new WeakMap<MapNode, Kernel>();

function* evaluateMap(node: MapNode, box: Box, out: TypedArray, limits: Limits): Steps<void> {
  let kernel = kernels.get(node);
  if (kernel === undefined) {
    kernel = compileKernel(node);
    kernels.set(node, kernel);
  }
  const shape = boxShape(box);
  const inputs: { data: TypedArray; strides: number[] }[] = [];
  for (const input of kernel.inputs) inputs.push(yield* readInput(input, box, limits));
  const n = shape.at(-1) ?? 1;
  const contiguous = cStrides(shape);
  // Operands that all have the shape of the result are one long row.
  if (inputs.every(({ strides }) => strides.every((s, axis) => s === contiguous[axis] || shape[axis] === 1))) {
    const rows = inputs.map(({ data }): Row => ({ data, offset: 0, stride: 1 }));
    kernel.run(out, 0, sizeOf(shape), rows);
    return;
  }
  const rows = inputs.map(({ data, strides }) => ({ data, offset: 0, stride: strides.at(-1) ?? 0 }));
  for (const offsets of rowOffsets(shape, [contiguous, ...inputs.map((i) => i.strides)])) {
    for (let i = 0; i < rows.length; i++) rows[i]!.offset = offsets[i + 1]!;
    kernel.run(out, offsets[0]!, n, rows);
  }
}

/** An operand's part of a box, with the strides that broadcast it to the box: 0 along axes where it has one element. */
function* readInput(input: Input, box: Box, limits: Limits): Steps<{ data: TypedArray; strides: number[] }> {
  const missing = box.start.length - input.shape.length;
  const part = {
    start: input.shape.map((n, axis) => (n === 1 ? 0 : box.start[axis + missing]!)),
    stop: input.shape.map((n, axis) => (n === 1 ? 1 : box.stop[axis + missing]!)),
  };
  const shape = boxShape(part);
  const data = allocate(input.dtype, sizeOf(shape));
  yield* evaluate(input, part, data, limits);
  const strides = cStrides(shape).map((s, axis) => (input.shape[axis] === 1 ? 0 : s));
  return { data, strides: [...new Array<number>(missing).fill(0), ...strides] };
}

function* evaluateReduce(node: ReduceNode, box: Box, out: TypedArray, limits: Limits): Steps<void> {
  const { operand, axes, name } = node;
  const reduced = new Set(axes);
  // The box as the operand sees it: all of the reduced axes.
  let next = 0;
  const start: number[] = [];
  const stop: number[] = [];
  for (let axis = 0; axis < operand.shape.length; axis++) {
    const own = node.keepdims ? axis : reduced.has(axis) ? undefined : next++;
    start.push(reduced.has(axis) ? 0 : box.start[own!]!);
    stop.push(reduced.has(axis) ? operand.shape[axis]! : box.stop[own!]!);
  }
  const total = axes.reduce((n, axis) => n * operand.shape[axis]!, 1);
  const results = boxShape({ start, stop }).reduce((n, s, axis) => (reduced.has(axis) ? n : n * s), 1);
  if (total === 0 && results > 0 && !hasIdentity(name))
    throw new RangeError(`${name} of an empty array has no value`);
  const state = accumulator(name, operand.dtype, results, node.correction);
  const resultStrides = strideOfResults({ start, stop }, reduced);
  const indexStrides = strideOfIndices(operand.shape, axes);
  const unit = boxUnit(boxShape({ start, stop }), preferredChunks(operand), limits.boxElements);
  let scratch: TypedArray | undefined;
  for (const part of boxesOf({ start, stop }, unit)) {
    const shape = boxShape(part);
    const size = sizeOf(shape);
    const length = isComplex(operand.dtype) ? 2 * size : size;
    if (scratch === undefined || scratch.length < length) scratch = allocate(operand.dtype, size);
    const data = scratch.length === length ? scratch : (scratch.subarray(0, length) as TypedArray);
    yield* evaluate(operand, part, data, limits);
    const first = (strides: readonly number[], from: readonly number[]): number =>
      part.start.reduce((sum, s, axis) => sum + (s - from[axis]!) * strides[axis]!, 0);
    const base = first(resultStrides, start);
    const index = first(indexStrides, start.map(() => 0));
    foldBox(state, data, shape, base, index, resultStrides, indexStrides, reduced);
  }
  state.finish(out, total);
}

/** Feeds a box to the accumulators, in runs as long as memory allows. */
function foldBox(
  state: ReturnType<typeof accumulator>,
  data: TypedArray,
  shape: readonly number[],
  base: number,
  index: number,
  resultStrides: readonly number[],
  indexStrides: readonly number[],
  reduced: ReadonlySet<number>,
): void {
  const last = shape.length - 1;
  if (last < 0) {
    state.fold(0, data, 0, 1, 0);
    return;
  }
  // Trailing axes that are all reduced in full make one run: their indices follow each other.
  const strides = cStrides(shape);
  let from = last;
  if (reduced.has(last))
    while (from > 0 && reduced.has(from - 1) && indexStrides[from - 1] === indexStrides[from]! * shape[from]!) from--;
  const outer = [...shape.slice(0, from), 1];
  const run = strides[from]! * shape[from]!;
  const layouts = [strides, resultStrides, indexStrides].map((s) => [...s.slice(0, from), 0]);
  for (const [at, q, i] of rowOffsets(outer, layouts) as Iterable<[number, number, number]>) {
    if (reduced.has(last)) state.fold(base + q, data, at, run, index + i);
    else state.foldEach(base + q, data, at, run, index + i, 0);
  }
}

function strideOfResults(box: Box, reduced: ReadonlySet<number>): number[] {
  const shape = boxShape(box).map((n, axis) => (reduced.has(axis) ? 1 : n));
  return cStrides(shape).map((s, axis) => (reduced.has(axis) ? 0 : s));
}

/** How an index into the reduced axes, taken as one in C order, grows along each axis. */
function strideOfIndices(shape: readonly number[], axes: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(0);
  let growth = 1;
  for (const axis of [...axes].reverse()) {
    strides[axis] = growth;
    growth *= shape[axis]!;
  }
  return strides;
}

/** Rows of the left one times columns of the right one, in blocks along the axis that they share. */
function* evaluateMatmul(node: MatmulNode, box: Box, out: TypedArray, limits: Limits): Steps<void> {
  const { left, right, dtype } = node;
  const [rows, columns] = boxShape(box) as [number, number];
  const shared = left.shape[1]!;
  const sums = isBig(dtype) ? new BigInt64Array(rows * columns) : new Float64Array(rows * columns);
  const depth = Math.max(1, Math.min(shared, Math.floor(limits.boxElements / Math.max(rows, columns, 1))));
  for (let k = 0; k < shared; k += depth) {
    const end = Math.min(shared, k + depth);
    const a = allocate(left.dtype, rows * (end - k));
    const b = allocate(right.dtype, (end - k) * columns);
    yield* evaluate(left, { start: [box.start[0]!, k], stop: [box.stop[0]!, end] }, a, limits);
    yield* evaluate(right, { start: [k, box.start[1]!], stop: [end, box.stop[1]!] }, b, limits);
    multiplyInto(sums, a, b, rows, columns, end - k);
  }
  for (let i = 0; i < sums.length; i++) out[i] = sums[i] as never;
}

function multiplyInto(
  sums: Float64Array | BigInt64Array,
  a: TypedArray,
  b: TypedArray,
  rows: number,
  columns: number,
  depth: number,
): void {
  // i, k, j: the inner loop runs along memory of both the result and the right one.
  if (sums instanceof BigInt64Array) {
    for (let i = 0; i < rows; i++)
      for (let k = 0; k < depth; k++) {
        const x = BigInt(a[i * depth + k]!);
        for (let j = 0; j < columns; j++)
          sums[i * columns + j] = BigInt.asIntN(64, sums[i * columns + j]! + x * BigInt(b[k * columns + j]!));
      }
    return;
  }
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < depth; k++) {
      const x = a[i * depth + k] as number;
      const at = k * columns;
      for (let j = 0; j < columns; j++) sums[i * columns + j]! += x * (b[at + j] as number);
    }
}

function fill(out: TypedArray, dtype: DType, value: unknown): void {
  if (isComplex(dtype)) {
    const { re, im } = typeof value === "object" ? (value as { re: number; im: number }) : { re: Number(value), im: 0 };
    for (let i = 0; i < out.length; i += 2) {
      out[i] = re as never;
      out[i + 1] = im as never;
    }
  } else out.fill((isBig(dtype) ? BigInt(value as number) : Number(value)) as never);
}
