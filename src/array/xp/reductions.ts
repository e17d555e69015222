/**
 * Reductions: an accumulator for each element of the result, fed with runs of contiguous elements. Sums of floats add up
 * in float64, of integers in 64 bits without loss; `var` and `std` merge means and squared deviations (Chan, Golub and
 * LeVeque, 1979), so one pass is enough. Pure.
 */
import type { DType, TypedArray } from "../dtype.ts";
import { fractional, isBig, isComplex, isFloat, realOf, summed } from "./promotion.ts";
import { reduceSimd } from "./simd.ts";

/** All reductions, by the array API's names. */
export const REDUCTIONS = [
  "sum",
  "prod",
  "mean",
  "var",
  "std",
  "min",
  "max",
  "any",
  "all",
  "argmin",
  "argmax",
  "count_nonzero",
] as const;

/** The name of a reduction. */
export type ReductionName = (typeof REDUCTIONS)[number];

/** The state of a reduction for a box of results. */
export interface Accumulator {
  /** Whether it looks at positions: then elements of a run have positions that follow each other. */
  readonly positional: boolean;
  /** Folds `n` contiguous elements into result `q`. `index` is the position of the first one (for argmin and argmax). */
  fold(q: number, data: TypedArray, at: number, n: number, index: number): void;
  /** Folds `n` contiguous elements each into a result of its own, from `q` on, all at `index`. */
  foldEach(q: number, data: TypedArray, at: number, n: number, index: number): void;
  /** Writes the results, `total` elements having gone into each. */
  finish(out: TypedArray, total: number): void;
}

/** The dtype of a reduction; a TypeError where NumPy has none. */
export function reducedDtype(name: ReductionName, dtype: DType, asked: DType | undefined): DType {
  switch (name) {
    case "sum":
    case "prod":
      return asked ?? summed(dtype);
    case "mean":
      return fractional(dtype);
    case "var":
    case "std":
      if (isComplex(dtype)) throw new TypeError(`${name} is not defined for ${dtype}; take xp.real and xp.imag of it`);
      return realOf(fractional(dtype));
    case "any":
    case "all":
      return "bool";
    case "argmin":
    case "argmax":
    case "count_nonzero":
      if (isComplex(dtype) && name !== "count_nonzero") throw new TypeError(`${name} is not defined for ${dtype}`);
      return "float64"; // an index or count: exact to 2^53
    default:
      if (isComplex(dtype)) throw new TypeError(`${name} is not defined for ${dtype}`);
      return dtype;
  }
}

/** Whether an empty selection has a result. */
export function hasIdentity(name: ReductionName): boolean {
  return name !== "min" && name !== "max" && name !== "argmin" && name !== "argmax";
}

/** The accumulator of `count` results over elements of `dtype`. */
export function accumulator(name: ReductionName, dtype: DType, count: number, correction: number): Accumulator {
  switch (name) {
    case "sum":
    case "prod":
    case "mean":
      if (isComplex(dtype)) return new ComplexTotals(name, count);
      return isFloat(dtype) || name === "mean" ? new FloatTotals(name, count) : new IntegerTotals(name, count);
    case "var":
    case "std":
      return new Deviations(name, count, correction);
    case "min":
    case "max":
      return new Extremes(name, dtype, count);
    case "argmin":
    case "argmax":
      return new Positions(name, count);
    default:
      return new Truths(name, dtype, count);
  }
}

class FloatTotals implements Accumulator {
  readonly positional = false;
  readonly #name: "sum" | "prod" | "mean";
  readonly #totals: Float64Array;

  constructor(name: "sum" | "prod" | "mean", count: number) {
    this.#name = name;
    this.#totals = new Float64Array(count).fill(name === "prod" ? 1 : 0);
  }

  fold(q: number, data: TypedArray, at: number, n: number): void {
    this.#totals[q] =
      this.#name === "prod" ? this.#totals[q]! * productOf(data, at, n) : this.#totals[q]! + sumOf(data, at, n);
  }

  foldEach(q: number, data: TypedArray, at: number, n: number): void {
    const totals = this.#totals;
    if (this.#name === "prod") for (let i = 0; i < n; i++) totals[q + i]! *= Number(data[at + i]);
    else addEach(totals, q, data, at, n);
  }

  finish(out: TypedArray, total: number): void {
    const totals = this.#totals;
    const divisor = this.#name === "mean" ? total : 1;
    const big = out instanceof BigInt64Array || out instanceof BigUint64Array;
    for (let q = 0; q < totals.length; q++) {
      const result = divisor === 1 ? totals[q]! : totals[q]! / divisor;
      out[q] = (big ? BigInt(Math.trunc(result)) : result) as never;
    }
  }
}

// Two pairs of lanes: one accumulator would wait for the addition before it.
function sumOf(data: TypedArray, at: number, n: number): number {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    let sum = 0;
    for (let i = at; i < at + n; i++) sum += Number(data[i]);
    return sum;
  }
  const fast = data instanceof Float64Array ? reduceSimd("sum", data, at, n) : undefined;
  return fast === undefined ? sumLanes(data, at, n) : fast.value + sumLanes(data, at + fast.count, n - fast.count);
}

function sumLanes(data: Numbers, at: number, n: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const end = at + n;
  let i = at;
  for (; i + 4 <= end; i += 4) {
    a += data[i]!;
    b += data[i + 1]!;
    c += data[i + 2]!;
    d += data[i + 3]!;
  }
  for (; i < end; i++) a += data[i]!;
  return a + b + (c + d);
}

/** The sum of squared distances from the mean; in lanes, which round less than one sum would, and do not wait for each other. */
function squaresOf(data: TypedArray, at: number, n: number, mean: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const square = (i: number): number => (Number(data[i]) - mean) ** 2;
  const end = at + n;
  let i = at;
  for (; i + 4 <= end; i += 4) {
    a += square(i);
    b += square(i + 1);
    c += square(i + 2);
    d += square(i + 3);
  }
  for (; i < end; i++) a += square(i);
  return a + b + (c + d);
}

function productOf(data: TypedArray, at: number, n: number): number {
  let product = 1;
  for (let i = at; i < at + n; i++) product *= Number(data[i]);
  return product;
}

function addEach(totals: Float64Array, q: number, data: TypedArray, at: number, n: number): void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    for (let i = 0; i < n; i++) totals[q + i]! += Number(data[at + i]);
  else for (let i = 0; i < n; i++) totals[q + i]! += data[at + i]!;
}

/** Up to this many 32-bit integers add up exactly in a float64. */
const EXACT_RUN = 2 ** 20;

class IntegerTotals implements Accumulator {
  readonly positional = false;
  readonly #name: "sum" | "prod" | "mean";
  readonly #totals: BigInt64Array;

  constructor(name: "sum" | "prod" | "mean", count: number) {
    this.#name = name;
    this.#totals = new BigInt64Array(count).fill(name === "prod" ? 1n : 0n);
  }

  fold(q: number, data: TypedArray, at: number, n: number): void {
    if (this.#name === "prod") {
      for (let i = at; i < at + n; i++) this.#totals[q] = BigInt.asIntN(64, this.#totals[q]! * BigInt(data[i]!));
    } else if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
      let sum = this.#totals[q]!;
      for (let i = at; i < at + n; i++) sum = BigInt.asIntN(64, sum + data[i]!);
      this.#totals[q] = sum;
    } else {
      for (let from = 0; from < n; from += EXACT_RUN)
        this.#totals[q]! += BigInt(sumLanes(data, at + from, Math.min(EXACT_RUN, n - from)));
    }
  }

  foldEach(q: number, data: TypedArray, at: number, n: number): void {
    const totals = this.#totals;
    if (this.#name === "prod")
      for (let i = 0; i < n; i++) totals[q + i] = BigInt.asIntN(64, totals[q + i]! * BigInt(data[at + i]!));
    else for (let i = 0; i < n; i++) totals[q + i] = BigInt.asIntN(64, totals[q + i]! + BigInt(data[at + i]!));
  }

  finish(out: TypedArray): void {
    const big = out instanceof BigInt64Array || out instanceof BigUint64Array;
    // A typed array wraps what it is given, as the additions did.
    for (let q = 0; q < this.#totals.length; q++) out[q] = (big ? this.#totals[q]! : Number(this.#totals[q])) as never;
  }
}

/** Pairs of real and imaginary part. */
class ComplexTotals implements Accumulator {
  readonly positional = false;
  readonly #name: "sum" | "prod" | "mean";
  readonly #totals: Float64Array;

  constructor(name: "sum" | "prod" | "mean", count: number) {
    this.#name = name;
    this.#totals = new Float64Array(2 * count);
    if (name === "prod") for (let q = 0; q < count; q++) this.#totals[2 * q] = 1;
  }

  fold(q: number, data: TypedArray, at: number, n: number): void {
    for (let i = 0; i < n; i++) this.#add(q, data, at + i);
  }

  foldEach(q: number, data: TypedArray, at: number, n: number): void {
    for (let i = 0; i < n; i++) this.#add(q + i, data, at + i);
  }

  finish(out: TypedArray, total: number): void {
    const totals = this.#totals;
    const mean = this.#name === "mean";
    for (let i = 0; i < totals.length; i += 2) {
      const [re, im] = [totals[i]!, totals[i + 1]!];
      // As NumPy, which divides by a complex number: a part that is not finite makes the other one NaN.
      out[i] = (mean ? (re + im * 0) / total : re) as never;
      out[i + 1] = (mean ? (im - re * 0) / total : im) as never;
    }
  }

  #add(q: number, data: TypedArray, at: number): void {
    const totals = this.#totals;
    const [re, im] = [data[2 * at] as number, data[2 * at + 1] as number];
    const [a, b] = [totals[2 * q]!, totals[2 * q + 1]!];
    totals[2 * q] = this.#name === "prod" ? a * re - b * im : a + re;
    totals[2 * q + 1] = this.#name === "prod" ? a * im + b * re : b + im;
  }
}

/** Count, mean and sum of squared deviations, merged run by run. */
class Deviations implements Accumulator {
  readonly positional = false;
  readonly #name: "var" | "std";
  readonly #correction: number;
  readonly #counts: Float64Array;
  readonly #means: Float64Array;
  readonly #squares: Float64Array;

  constructor(name: "var" | "std", count: number, correction: number) {
    this.#name = name;
    this.#correction = correction;
    this.#counts = new Float64Array(count);
    this.#means = new Float64Array(count);
    this.#squares = new Float64Array(count);
  }

  fold(q: number, data: TypedArray, at: number, n: number): void {
    const mean = sumOf(data, at, n) / n;
    this.#merge(q, n, mean, squaresOf(data, at, n, mean));
  }

  foldEach(q: number, data: TypedArray, at: number, n: number): void {
    for (let i = 0; i < n; i++) this.#merge(q + i, 1, Number(data[at + i]), 0);
  }

  finish(out: TypedArray, total: number): void {
    const divisor = Math.max(total - this.#correction, 0);
    for (let q = 0; q < this.#squares.length; q++) {
      // No deviation from an infinite mean is defined.
      const variance = Number.isFinite(this.#means[q]!) ? this.#squares[q]! / divisor : Number.NaN;
      out[q] = (this.#name === "std" ? Math.sqrt(variance) : variance) as never;
    }
  }

  #merge(q: number, n: number, mean: number, squares: number): void {
    const before = this.#counts[q]!;
    const count = before + n;
    const delta = mean - this.#means[q]!;
    this.#counts[q] = count;
    this.#means[q]! += (delta * n) / count;
    this.#squares[q]! += squares + delta * delta * ((before * n) / count);
  }
}

type Numbers = Exclude<TypedArray, BigInt64Array | BigUint64Array>;

// Four lanes, as for sums. Math.max and Math.min hand NaN on.
function maxLanes(data: Numbers, at: number, n: number): number {
  const fast = data instanceof Float64Array ? reduceSimd("max", data, at, n) : undefined;
  if (fast !== undefined && fast.count === n) return fast.value;
  if (fast !== undefined) return Math.max(fast.value, maxLanes(data, at + fast.count, n - fast.count));
  const end = at + n;
  let [a, b, c, d] = [data[at]!, data[at]!, data[at]!, data[at]!];
  let i = at;
  for (; i + 4 <= end; i += 4) {
    a = Math.max(a, data[i]!);
    b = Math.max(b, data[i + 1]!);
    c = Math.max(c, data[i + 2]!);
    d = Math.max(d, data[i + 3]!);
  }
  for (; i < end; i++) a = Math.max(a, data[i]!);
  return Math.max(Math.max(a, b), Math.max(c, d));
}

function minLanes(data: Numbers, at: number, n: number): number {
  const fast = data instanceof Float64Array ? reduceSimd("min", data, at, n) : undefined;
  if (fast !== undefined && fast.count === n) return fast.value;
  if (fast !== undefined) return Math.min(fast.value, minLanes(data, at + fast.count, n - fast.count));
  const end = at + n;
  let [a, b, c, d] = [data[at]!, data[at]!, data[at]!, data[at]!];
  let i = at;
  for (; i + 4 <= end; i += 4) {
    a = Math.min(a, data[i]!);
    b = Math.min(b, data[i + 1]!);
    c = Math.min(c, data[i + 2]!);
    d = Math.min(d, data[i + 3]!);
  }
  for (; i < end; i++) a = Math.min(a, data[i]!);
  return Math.min(Math.min(a, b), Math.min(c, d));
}

function bestBig(data: BigInt64Array | BigUint64Array, at: number, n: number, sign: 1 | -1): bigint {
  let best = data[at]!;
  for (let i = at + 1; i < at + n; i++) if (sign > 0 ? data[i]! > best : data[i]! < best) best = data[i]!;
  return best;
}

/** The smallest or largest; NaN wins, as in NumPy. */
class Extremes implements Accumulator {
  readonly positional = false;
  readonly #sign: 1 | -1;
  readonly #values: TypedArray;
  readonly #seen: Uint8Array;

  constructor(name: "min" | "max", dtype: DType, count: number) {
    this.#sign = name === "max" ? 1 : -1;
    this.#values = isBig(dtype)
      ? dtype === "int64"
        ? new BigInt64Array(count)
        : new BigUint64Array(count)
      : new Float64Array(count);
    this.#seen = new Uint8Array(count);
  }

  fold(q: number, data: TypedArray, at: number, n: number): void {
    if (n === 0) return;
    const best =
      data instanceof BigInt64Array || data instanceof BigUint64Array
        ? bestBig(data, at, n, this.#sign)
        : this.#sign > 0
          ? maxLanes(data, at, n)
          : minLanes(data, at, n);
    this.#take(q, best);
  }

  foldEach(q: number, data: TypedArray, at: number, n: number): void {
    for (let i = 0; i < n; i++) this.#take(q + i, data[at + i]!);
  }

  finish(out: TypedArray): void {
    for (let q = 0; q < this.#values.length; q++) out[q] = this.#values[q] as never;
  }

  #take(q: number, value: number | bigint): void {
    const old = this.#values[q]!;
    if (
      this.#seen[q] === 0 ||
      Number.isNaN(value) ||
      (!Number.isNaN(old) && (this.#sign > 0 ? value > old : value < old))
    ) {
      this.#values[q] = value as never;
      this.#seen[q] = 1;
    }
  }
}

/** Where the smallest or largest is: the first of equals, and the first NaN before all. */
class Positions implements Accumulator {
  readonly positional = true;
  readonly #sign: 1 | -1;
  readonly #values: (number | bigint | undefined)[];
  readonly #indices: Float64Array;

  constructor(name: "argmin" | "argmax", count: number) {
    this.#sign = name === "argmax" ? 1 : -1;
    this.#values = new Array(count).fill(undefined);
    this.#indices = new Float64Array(count);
  }

  fold(q: number, data: TypedArray, at: number, n: number, index: number): void {
    for (let i = 0; i < n; i++) this.#take(q, data[at + i]!, index + i);
  }

  foldEach(q: number, data: TypedArray, at: number, n: number, index: number): void {
    for (let i = 0; i < n; i++) this.#take(q + i, data[at + i]!, index);
  }

  finish(out: TypedArray): void {
    out.set(this.#indices as never);
  }

  #take(q: number, value: number | bigint, index: number): void {
    const order = this.#compare(value, this.#values[q]);
    if (order < 0 || (order === 0 && index >= this.#indices[q]!)) return;
    this.#values[q] = value;
    this.#indices[q] = index;
  }

  /** Above zero: `value` is the better one. */
  #compare(value: number | bigint, best: number | bigint | undefined): number {
    if (best === undefined) return 1;
    const [a, b] = [Number.isNaN(value), Number.isNaN(best)];
    if (a || b) return Number(a) - Number(b);
    return value === best ? 0 : value > best === this.#sign > 0 ? 1 : -1;
  }
}

/** Counts of elements that are not zero, which also say whether any or all are. */
class Truths implements Accumulator {
  readonly positional = false;
  readonly #name: ReductionName;
  readonly #complex: boolean;
  readonly #counts: Float64Array;

  constructor(name: ReductionName, dtype: DType, count: number) {
    this.#name = name;
    this.#complex = isComplex(dtype);
    this.#counts = new Float64Array(count);
  }

  fold(q: number, data: TypedArray, at: number, n: number): void {
    let count = 0;
    for (let i = at; i < at + n; i++) if (this.#isTrue(data, i)) count++;
    this.#counts[q]! += count;
  }

  foldEach(q: number, data: TypedArray, at: number, n: number): void {
    for (let i = 0; i < n; i++) if (this.#isTrue(data, at + i)) this.#counts[q + i]!++;
  }

  finish(out: TypedArray, total: number): void {
    for (let q = 0; q < this.#counts.length; q++) {
      const count = this.#counts[q]!;
      out[q] = (
        this.#name === "count_nonzero" ? count : Number(this.#name === "any" ? count > 0 : count === total)
      ) as never;
    }
  }

  #isTrue(data: TypedArray, i: number): boolean {
    // biome-ignore lint/suspicious/noDoubleEquals: 0 and 0n are both zero
    return this.#complex ? data[2 * i] != 0 || data[2 * i + 1] != 0 : data[i] != 0;
  }
}
