/** Computing expressions box by box, in bounded memory; once for both faces (see `engine/steps.ts`). */
import { abandon, begun, type Steps, step } from "../../engine/steps.ts";
import { DaosError } from "../../errors.ts";
import { asTyped, DTYPES, type DType, type TypedArray } from "../dtype.ts";
import {
  broadcastTo,
  checkNDArray,
  isContiguous,
  isNDArray,
  type NDArray,
  ndarray,
  rowMajor,
  sizeOf,
} from "../ndarray.ts";
import { giveScratchBack, takeScratch } from "../scratch.ts";
import { type Block, blocksOf, boxOf, copyInto, countBlocks, MemorySource, picksOf } from "../source.ts";
import { fullView, pickView } from "../view.ts";
import { memoryOf } from "../wasm.ts";
import { cutSplits, rowOffsets, type Splits, wholeBlock } from "./boxes.ts";
import { pickNode, splitsOf, splitView } from "./graph.ts";
import { compileKernel, type Input, type Kernel, type Row } from "./kernel.ts";
import type { ApplyNode, MapNode, MatmulNode, Node, ReduceNode, ViewNode } from "./node.ts";
import { isBig, isComplex, isInteger } from "./promotion.ts";
import { type Accumulator, accumulator, hasIdentity } from "./reductions.ts";
import { giveMemoryBack, type SimdMemory, takeMemory } from "./simd.ts";

/** Elements of a box, unless the memory is bounded more tightly: small enough to stay in a processor's cache. */
export const BOX_ELEMENTS = 2 ** 18;

/** Fewer elements are reduced in plain memory. */
const FAST_MIN = 4096;

/** The scratch of a box of the result; operands count from 0. */
const RESULT = -1;

/** Operands that share memory begin at whole numbers of this. */
const PLACE_BYTES = 64;

/** A pass over an expression: what it may use, and memory that its boxes share. */
export class Pass {
  readonly boxElements: number;
  readonly signal: AbortSignal | undefined;
  /** Told of each box that is done, and of how many there are. */
  readonly #onProgress: ((done: number, total: number) => void) | undefined;
  readonly #scratch = new Map<Node, TypedArray[]>();
  readonly #operands = new Map<Node, Uint8Array>();
  readonly #simd: SimdMemory[] = [];
  readonly #taken: Uint8Array[] = [];
  #done = 0;
  #total = 0;

  constructor(
    boxElements: number,
    signal: AbortSignal | undefined,
    onProgress: ((done: number, total: number) => void) | undefined,
  ) {
    this.boxElements = boxElements;
    this.signal = signal;
    this.#onProgress = onProgress;
  }

  /** Memory for operand `i` of a node, which is free again when the node's box is done. Its content is arbitrary. */
  scratch(node: Node, i: number, dtype: DType, count: number): TypedArray {
    let own = this.#scratch.get(node);
    if (own === undefined) {
      own = [];
      this.#scratch.set(node, own);
    }
    const length = count * DTYPES[dtype].slots;
    let memory = own[i + 1];
    if (memory === undefined || memory.length < length) {
      memory =
        (dtype === "float64" && node.type === "reduce" ? this.#fast(count) : undefined) ?? this.#take(dtype, count);
      own[i + 1] = memory;
    }
    return memory.length === length ? memory : (memory.subarray(0, length) as TypedArray);
  }

  /** Memory for all operands of a node, in one piece, from which vectors can be loaded; otherwise as {@link scratch}. */
  operands(node: Node, wanted: readonly { readonly dtype: DType; readonly count: number }[]): TypedArray[] {
    const lengths = wanted.map(({ dtype, count }) => count * DTYPES[dtype].bytes);
    const places = lengths.map((bytes) => Math.ceil(bytes / PLACE_BYTES) * PLACE_BYTES);
    const total = places.reduce((sum, bytes) => sum + bytes, 0);
    let memory = this.#operands.get(node);
    if (memory === undefined || memory.length < total) {
      memory = takeScratch(total);
      this.#taken.push(memory);
      this.#operands.set(node, memory);
    }
    let start = 0;
    return wanted.map(({ dtype }, i) => {
      const bytes = memory.subarray(start, start + lengths[i]!);
      start += places[i]!;
      return asTyped(dtype, bytes);
    });
  }

  /** Gives back what it has taken; it is not to be used any more. */
  end(): void {
    for (const memory of this.#simd) giveMemoryBack(memory);
    this.#simd.length = 0;
    this.#taken.forEach(giveScratchBack);
    this.#taken.length = 0;
  }

  #take(dtype: DType, count: number): TypedArray {
    const memory = takeScratch(count * DTYPES[dtype].bytes);
    this.#taken.push(memory);
    return asTyped(dtype, memory);
  }

  /** Memory in which reductions are fast. It is not worth while for few elements. */
  #fast(count: number): Float64Array | undefined {
    const memory = count < FAST_MIN ? undefined : takeMemory(count);
    if (memory === undefined) return undefined;
    this.#simd.push(memory);
    return memory.data.subarray(0, count);
  }

  expect(boxes: number): void {
    this.#total += boxes;
  }

  advance(): void {
    this.#onProgress?.(++this.#done, this.#total);
  }
}

/** How a node's boxes are cut, and how many there are. */
function boxesOf(node: Node, pass: Pass): { readonly splits: Splits; readonly count: number } {
  const splits = cutSplits(splitsOf(node), node.shape, pass.boxElements);
  return { splits, count: sizeOf(node.shape) === 0 ? 0 : countBlocks(splits, node.shape, DTYPES[node.dtype].bytes) };
}

/** How many steps `evaluateInto` will report. */
export function countSteps(node: Node, pass: Pass): number {
  const { splits, count } = boxesOf(node, pass);
  if (node.type !== "reduce") return count;
  let steps = 0;
  for (const block of blocksOf(splits, node.shape, DTYPES[node.dtype].bytes)) steps += partsOf(node, block, pass).count;
  return steps;
}

/** Computes all of a node into memory of its shape. */
export function* evaluateInto(node: Node, out: NDArray, pass: Pass): Steps<void> {
  if (node.type === "view") {
    yield* evaluateView(node, out, pass);
    return;
  }
  if (sizeOf(node.shape) === 0) return;
  const { bytes, slots } = DTYPES[node.dtype];
  const { splits } = boxesOf(node, pass);
  for (const block of blocksOf(splits, node.shape, bytes)) {
    const box = boxOf(out, block);
    const count = sizeOf(block.shape);
    if (isContiguous(box)) {
      const data = box.data.subarray(box.offset * slots, (box.offset + count) * slots) as TypedArray;
      yield* evaluate(node, block, data, pass, true);
    } else {
      const data = pass.scratch(node, RESULT, node.dtype, count);
      yield* evaluate(node, block, data, pass, true);
      copyInto({ data, shape: block.shape, stride: rowMajor(block.shape), offset: 0, dtype: node.dtype }, box);
    }
    if (node.type !== "reduce") pass.advance();
  }
}

/** The operand, laid out as the view says: its axes in the places that they have in `out`, and then repeated. */
function* evaluateView(node: ViewNode, out: NDArray, pass: Pass): Steps<void> {
  if (sizeOf(node.shape) === 0) return;
  const { picks, layout } = splitView(node.view);
  const picked = pickNode(node.operand, picks);
  const once = { ...out, shape: layout.axes.map((on, axis) => (on === undefined ? 1 : out.shape[axis]!)) };
  const stride = picked.shape.map((_, on) => {
    const axis = layout.axes.indexOf(on);
    return axis < 0 ? 0 : out.stride[axis]!;
  });
  const target = { ...out, shape: picked.shape, stride };
  if (node.operand.type === "apply" && picked.type === "view") {
    // Axes inside the blocks of a function come whole.
    const memory = ndarray(node.dtype, picked.operand.shape);
    yield* evaluateInto(picked.operand, memory, pass);
    yield* new MemorySource(memory).read(picked.view, target);
  } else yield* evaluateInto(picked, target, pass);
  if (sizeOf(once.shape) === sizeOf(out.shape)) return;
  const copy = ndarray(node.dtype, once.shape);
  copyInto(once, copy);
  copyInto(broadcastTo(copy, out.shape), out);
}

/** Computes a box of a node into `out`, in C order. `top`: its steps are reported. */
function* evaluate(node: Node, box: Block, out: TypedArray, pass: Pass, top = false): Steps<void> {
  pass.signal?.throwIfAborted();
  switch (node.type) {
    case "leaf": {
      const target = { data: out, shape: box.shape, stride: rowMajor(box.shape), offset: 0, dtype: node.dtype };
      yield* node.source.read(pickView(fullView(node.shape), picksOf(box)), target, { signal: pass.signal });
      return;
    }
    case "scalar":
      fill(out, node.dtype, node.value);
      return;
    case "map":
      yield* evaluateMap(node, box, out, pass);
      return;
    case "reduce":
      yield* evaluateReduce(node, box, out, pass, top);
      return;
    case "matmul":
      yield* evaluateMatmul(node, box, out, pass);
      return;
    case "view": {
      const part = pickNode(node, picksOf(box));
      const target = { data: out, shape: box.shape, stride: rowMajor(box.shape), offset: 0, dtype: node.dtype };
      const inner = new Pass(pass.boxElements, pass.signal, undefined);
      try {
        yield* evaluateInto(part, target, inner);
      } finally {
        inner.end();
      }
      return;
    }
    case "apply":
      yield* evaluateApply(node, box, out, pass);
  }
}

const kernels = new WeakMap<MapNode, Kernel>();

function* evaluateMap(node: MapNode, box: Block, out: TypedArray, pass: Pass): Steps<void> {
  let kernel = kernels.get(node);
  if (kernel === undefined) {
    kernel = compileKernel(node);
    kernels.set(node, kernel);
  }
  const { shape } = box;
  const parts = kernel.inputs.map((input) => partOf(input.shape, box));
  const memory = pass.operands(
    node,
    kernel.inputs.map(({ dtype }, i) => ({ dtype, count: sizeOf(parts[i]!.shape) })),
  );
  for (let i = 0; i < parts.length; i++) yield* evaluate(kernel.inputs[i]!, parts[i]!, memory[i]!, pass);
  const inputs = kernel.inputs.map((input, i) => ({ data: memory[i]!, strides: stridesIn(input, parts[i]!, box) }));
  const n = shape.at(-1) ?? 1;
  const own = rowMajor(shape);
  // Operands that all have the shape of the result are one long row.
  if (inputs.every(({ strides }) => strides.every((s, axis) => s === own[axis] || shape[axis] === 1))) {
    const rows = inputs.map(({ data }): Row => ({ data, offset: 0, stride: 1 }));
    const count = sizeOf(shape);
    // By way of memory that vectors can be stored to, it is faster than without them.
    const loads = kernel.vectors && memory.every(({ buffer }) => memoryOf(buffer) !== undefined);
    const detour = loads && memoryOf(out.buffer) === undefined;
    const target = detour ? pass.scratch(node, RESULT, node.dtype, count) : out;
    kernel.run(target, 0, count, rows);
    if (detour) out.set(target as never);
    return;
  }
  const rows = inputs.map(({ data, strides }) => ({ data, offset: 0, stride: strides.at(-1) ?? 0 }));
  for (const offsets of rowOffsets(shape, [own, ...inputs.map((i) => i.strides)])) {
    for (let i = 0; i < rows.length; i++) rows[i]!.offset = offsets[i + 1]!;
    kernel.run(out, offsets[0]!, n, rows);
  }
}

/** An operand's part of a box: where it is broadcast, its only element. */
function partOf(shape: readonly number[], box: Block): Block {
  const missing = box.shape.length - shape.length;
  return {
    start: shape.map((n, axis) => (n === 1 ? 0 : box.start[axis + missing]!)),
    shape: shape.map((n, axis) => (n === 1 ? 1 : box.shape[axis + missing]!)),
  };
}

/** The strides that broadcast an operand's part of a box to the box: 0 along axes where it has one element. */
function stridesIn(input: Input, part: Block, box: Block): number[] {
  const strides = rowMajor(part.shape).map((s, axis) => (input.shape[axis] === 1 ? 0 : s));
  return [...new Array<number>(box.shape.length - input.shape.length).fill(0), ...strides];
}

/** The boxes of the operand that a box of a reduction is made from. */
function partsOf(
  { operand, axes }: ReduceNode,
  box: Block,
  pass: Pass,
): { readonly whole: Block; readonly blocks: Iterable<Block>; readonly count: number } {
  let next = 0;
  const start: number[] = [];
  const shape: number[] = [];
  operand.shape.forEach((n, axis) => {
    const reduced = axes.includes(axis);
    start.push(reduced ? 0 : box.start[next]!);
    shape.push(reduced ? n : box.shape[next]!);
    if (!reduced) next++;
  });
  // The splits inside the box, counted from its start.
  const splits = splitsOf(operand).map((starts, axis) => {
    const [from, to] = [start[axis]!, start[axis]! + shape[axis]!];
    const inside = starts.filter((s) => s > from && s < to).map((s) => s - from);
    return shape[axis] === 0 ? [] : [0, ...inside];
  });
  const cut = cutSplits(splits, shape, pass.boxElements);
  const { bytes } = DTYPES[operand.dtype];
  return {
    whole: { start, shape },
    blocks: blocksOf(cut, shape, bytes),
    count: shape.includes(0) ? 0 : countBlocks(cut, shape, bytes),
  };
}

function* evaluateReduce(node: ReduceNode, box: Block, out: TypedArray, pass: Pass, top: boolean): Steps<void> {
  const { operand, axes, name } = node;
  const reduced = new Set(axes);
  const { whole, blocks } = partsOf(node, box, pass);
  const total = axes.reduce((n, axis) => n * operand.shape[axis]!, 1);
  const results = sizeOf(box.shape);
  if (total === 0 && results > 0 && !hasIdentity(name))
    throw new DaosError("DER_INVAL", "no value", { detail: `${name} of no elements is not defined` });
  const state = accumulator(name, operand.dtype, results, node.correction);
  const resultStrides = rowMajor(whole.shape.map((n, axis) => (reduced.has(axis) ? 1 : n))).map((s, axis) =>
    reduced.has(axis) ? 0 : s,
  );
  const indexStrides = strideOfIndices(operand.shape, axes);
  const along = (strides: readonly number[], from: readonly number[]): number =>
    from.reduce((sum, s, axis) => sum + s * strides[axis]!, 0);
  // While a box is folded, the next one is read into other memory.
  let turn = 0;
  const begin = (part: Block): Begun => {
    const data = pass.scratch(node, turn++ % 2, operand.dtype, sizeOf(part.shape));
    const at = { start: part.start.map((s, axis) => s + whole.start[axis]!), shape: part.shape };
    return { part, at, data, rest: begun(evaluate(operand, at, data, pass)) };
  };
  let ahead: Begun | undefined;
  const fold = function* ({ part, at, data, rest }: Begun, next: Block | undefined): Steps<void> {
    yield* rest;
    ahead = next === undefined ? undefined : begin(next);
    const base = along(resultStrides, part.start);
    foldBox(state, data, part.shape, base, along(indexStrides, at.start), resultStrides, indexStrides, reduced);
    if (top) pass.advance();
  };
  try {
    for (const part of blocks) {
      if (ahead === undefined) ahead = begin(part);
      else yield* fold(ahead, part);
    }
    if (ahead !== undefined) yield* fold(ahead, undefined);
  } catch (e) {
    if (ahead !== undefined) yield* abandon(ahead.rest);
    throw e;
  }
  state.finish(out, total);
}

/** A box of an operand whose elements are on their way into `data`. */
interface Begun {
  readonly part: Block;
  readonly at: Block;
  readonly data: TypedArray;
  readonly rest: Steps<void>;
}

/** Feeds a box to the accumulators, in runs as long as memory allows. */
function foldBox(
  state: Accumulator,
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
  // Trailing axes that are all reduced make one run; where positions matter, only if they follow each other.
  const strides = rowMajor(shape);
  const joins = (axis: number): boolean =>
    reduced.has(axis) && (!state.positional || indexStrides[axis] === indexStrides[axis + 1]! * shape[axis + 1]!);
  let from = last;
  if (reduced.has(last)) while (from > 0 && joins(from - 1)) from--;
  const outer = [...shape.slice(0, from), 1];
  const run = strides[from]! * shape[from]!;
  const layouts = [strides, resultStrides, indexStrides].map((s) => [...s.slice(0, from), 0]);
  for (const [at, q, i] of rowOffsets(outer, layouts) as Iterable<[number, number, number]>) {
    if (reduced.has(last)) state.fold(base + q, data, at, run, index + i);
    else state.foldEach(base + q, data, at, run, index + i);
  }
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
function* evaluateMatmul(node: MatmulNode, box: Block, out: TypedArray, pass: Pass): Steps<void> {
  const { left, right, dtype } = node;
  const [rows, columns] = box.shape as [number, number];
  const shared = left.shape[1]!;
  const sums = sumsFor(dtype, rows * columns);
  const depth = Math.max(1, Math.min(shared, Math.floor(pass.boxElements / Math.max(rows, columns, 1))));
  for (let k = 0; k < shared; k += depth) {
    const n = Math.min(depth, shared - k);
    const a = pass.scratch(node, 0, left.dtype, rows * n);
    const b = pass.scratch(node, 1, right.dtype, n * columns);
    yield* evaluate(left, { start: [box.start[0]!, k], shape: [rows, n] }, a, pass);
    yield* evaluate(right, { start: [k, box.start[1]!], shape: [n, columns] }, b, pass);
    multiplyInto(sums, a, b, rows, columns, n);
  }
  // Truth values: whether any product was true.
  if (dtype === "bool") for (let i = 0; i < sums.length; i++) out[i] = sums[i] === 0 ? 0 : 1;
  else for (let i = 0; i < sums.length; i++) out[i] = sums[i] as never;
}

type Sums = Float64Array | Int32Array | BigInt64Array;

/** Integers wrap around at the width of their arithmetic, which is never less than their own. */
function sumsFor(dtype: DType, count: number): Sums {
  if (isBig(dtype)) return new BigInt64Array(count);
  return isInteger(dtype) ? new Int32Array(count) : new Float64Array(count);
}

// i, k, j: the inner loop runs along memory of both the result and the right one.
function multiplyInto(sums: Sums, a: TypedArray, b: TypedArray, rows: number, columns: number, depth: number): void {
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < depth; k++) {
      const x = a[i * depth + k]!;
      if (sums instanceof BigInt64Array)
        addBig(sums, i * columns, x as bigint, b as BigInt64Array, k * columns, columns);
      else if (sums instanceof Int32Array) addIntegers(sums, i * columns, x as number, b, k * columns, columns);
      else addFloats(sums, i * columns, x as number, b, k * columns, columns);
    }
}

function addBig(sums: BigInt64Array, at: number, x: bigint, b: BigInt64Array, from: number, n: number): void {
  for (let j = 0; j < n; j++) sums[at + j] = BigInt.asIntN(64, sums[at + j]! + x * b[from + j]!);
}

function addIntegers(sums: Int32Array, at: number, x: number, b: TypedArray, from: number, n: number): void {
  for (let j = 0; j < n; j++) sums[at + j] = sums[at + j]! + Math.imul(x, b[from + j] as number);
}

function addFloats(sums: Float64Array, at: number, x: number, b: TypedArray, from: number, n: number): void {
  for (let j = 0; j < n; j++) sums[at + j]! += x * (b[from + j] as number);
}

/** Calls the function with the blocks of the operands, and checks what it gives. */
function* evaluateApply(node: ApplyNode, box: Block, out: TypedArray, pass: Pass): Steps<void> {
  const loop = node.shape.length - node.resultCore;
  const blocks: NDArray[] = [];
  for (let i = 0; i < node.operands.length; i++) {
    const operand = node.operands[i]!;
    const own = operand.shape.length - node.core[i]!;
    const lead = partOf(operand.shape.slice(0, own), {
      start: box.start.slice(0, loop),
      shape: box.shape.slice(0, loop),
    });
    const core = operand.shape.slice(own);
    const block = { start: [...lead.start, ...core.map(() => 0)], shape: [...lead.shape, ...core] };
    const memory = ndarray(operand.dtype, block.shape);
    yield* evaluate(operand, block, memory.data, pass);
    const to = [...box.shape.slice(0, loop), ...core];
    // Axes that this operand does not have come first, as in a broadcast; its own core axes stay last.
    blocks.push(broadcastTo(memory, to));
  }
  const given = yield* step(node.fn(...blocks));
  if (!isNDArray(given)) throw new TypeError("the function of apply gives arrays: return ndarray(dtype, shape, data)");
  const result = checkNDArray(given, "what the function of apply gave");
  const expected = [...box.shape.slice(0, loop), ...node.shape.slice(loop)];
  if (result.dtype !== node.dtype)
    throw new TypeError(`the function of apply gave ${result.dtype}; the option dtype says ${node.dtype}`);
  if (String(result.shape) !== String(expected))
    throw new DaosError("DER_INVAL", "shapes do not match", {
      detail: `the function of apply gave [${result.shape}], and by its signature it is [${expected}]`,
    });
  const part = wholeBlock(box.shape);
  const start = part.start.map((_, axis) => (axis < loop ? 0 : box.start[axis]!));
  copyInto(boxOf(result, { start, shape: box.shape }), {
    data: out,
    shape: box.shape,
    stride: rowMajor(box.shape),
    offset: 0,
    dtype: node.dtype,
  });
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

/** A result in memory as a node. */
export function memoryNode(array: NDArray): Extract<Node, { type: "leaf" }> {
  return { type: "leaf", dtype: array.dtype, shape: array.shape, source: new MemorySource(array) };
}
