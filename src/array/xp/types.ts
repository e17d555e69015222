/** The public type of `xp`, for both faces by a type parameter. */
import type { Face } from "../../engine/contract.ts";
import type { Arr } from "../darray.ts";
import type { Arr as SyncArr } from "../darray-sync.ts";
import type { DType, Scalar } from "../dtype.ts";
import type { NDArray } from "../ndarray.ts";
import type { ApplyOptions } from "./apply.ts";

/** An array of a face. */
export type ArrayOf<F extends Face, D extends DType = DType> = F extends "async" ? Arr<D> : SyncArr<D>;
/** The second operand of a function: an array, in memory or not, or a number, whose dtype bends to that of the array. */
type Operand<F extends Face, D extends DType> = ArrayOf<F, D> | NDArray<D> | Scalar<D>;

/** The dtype of quotients and means. */
export type Mean<D extends DType> = D extends "float16" | "float32" | "complex64" | "complex128" ? D : "float64";
/** The dtype of sums and products. */
export type Sum<D extends DType> = D extends "bool" | "int8" | "int16" | "int32"
  ? "int64"
  : D extends "uint8" | "uint16" | "uint32"
    ? "uint64"
    : D;
/** The dtype of roots, logarithms, sines: the smallest float that holds the elements. */
export type Floating<D extends DType> = D extends "bool" | "int8" | "uint8"
  ? "float16"
  : D extends "int16" | "uint16"
    ? "float32"
    : D extends "int32" | "uint32" | "int64" | "uint64"
      ? "float64"
      : D;
/** The dtype of parts and absolute values of complex numbers; of others, their own. */
export type Real<D extends DType> = D extends "complex64" ? "float32" : D extends "complex128" ? "float64" : D;
type Variance<D extends DType> = Real<Mean<D>>;

/** Which axes a reduction goes over, and what is left of them. */
export interface Axis {
  /** One axis or several, negative ones from the end; default all of them. */
  readonly axis?: number | readonly number[] | undefined;
  /** Keep the axes that are reduced, with length 1. */
  readonly keepdims?: boolean | undefined;
}

/**
 * Computing with arrays, in memory or not: the names of the Python array API. Every function gives an expression, an array
 * that is computed when it is read (`get`, `at`), written to an array that exists (`into`) or to a new one (`store`), box
 * by box, in bounded memory: `xp.mean(temps, { axis: 0 })` reads nothing.
 *
 * Operands are broadcast against each other. The types ask for one dtype (convert with `astype`); where operands differ, the
 * dtype of the result is NumPy's, and a number bends to the dtype of the array beside it (NEP 50). Sums of floats add up
 * in float64. Arrays in memory are read when the expression is, not copied before.
 *
 * The functions throw at once: a TypeError for operands and dtypes that a function does not have, DER_INVAL for shapes that
 * do not broadcast and axes that are not there. Reading fails with DER_NOMEM when the memory, `maxBytes` in the call or what
 * is free, does not suffice; before anything is read, and with the number of bytes.
 */
export interface Xp<F extends Face> {
  /** Sum of each pair of elements. */
  add<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, D>;
  /** Difference. */
  subtract<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, D>;
  /** Product. */
  multiply<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, D>;
  /** Quotient, rounded down; of integers by 0: 0. */
  floor_divide<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, D>;
  /** Remainder with the sign of the divisor, as in Python. */
  remainder<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, D>;
  /** Power. */
  pow<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, D>;
  /** The smaller one; NaN wins. */
  minimum<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, D>;
  /** The larger one; NaN wins. */
  maximum<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, D>;
  /** Bitwise and, of integers and truth values. */
  bitwise_and<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, D>;
  /** Bitwise or, of integers and truth values. */
  bitwise_or<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, D>;
  /** Bitwise exclusive or, of integers and truth values. */
  bitwise_xor<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, D>;
  /** Quotient, of integers as float64. */
  divide<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, Mean<D>>;
  /** Length of the hypotenuse. */
  hypot<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, Floating<D>>;
  /** Angle of the point (b, a), radians. */
  atan2<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, Floating<D>>;
  /** Whether elements are equal. */
  equal<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, "bool">;
  /** Whether elements differ. */
  not_equal<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, "bool">;
  /** Whether the first is less. */
  less<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, "bool">;
  /** Whether the first is not greater. */
  less_equal<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, "bool">;
  /** Whether the first is greater. */
  greater<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, "bool">;
  /** Whether the first is not less. */
  greater_equal<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, "bool">;
  /** Whether both are not zero. */
  logical_and<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, "bool">;
  /** Whether one is not zero. */
  logical_or<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, "bool">;
  /** Whether just one is not zero. */
  logical_xor<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, "bool">;
  /** The negative. */
  negative<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, D>;
  /** The same. */
  positive<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, D>;
  /** -1, 0 or 1; NaN stays. */
  sign<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, D>;
  /** The square. */
  square<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, D>;
  /** The complex conjugate. */
  conj<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, D>;
  /** The next whole number below. */
  floor<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, D>;
  /** The next whole number above. */
  ceil<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, D>;
  /** The whole number towards zero. */
  trunc<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, D>;
  /** The nearest whole number, halves to even. */
  round<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, D>;
  /** Each bit inverted, of integers; the contrary of truth values. */
  bitwise_invert<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, D>;
  /** The absolute value. */
  abs<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Real<D>>;
  /** The real part. */
  real<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Real<D>>;
  /** The imaginary part. */
  imag<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Real<D>>;
  /** Whether it is zero. */
  logical_not(a: ArrayOf<F> | NDArray): ArrayOf<F, "bool">;
  /** Whether it is NaN. */
  isnan(a: ArrayOf<F> | NDArray): ArrayOf<F, "bool">;
  /** Whether it is infinite. */
  isinf(a: ArrayOf<F> | NDArray): ArrayOf<F, "bool">;
  /** Whether it is neither NaN nor infinite. */
  isfinite(a: ArrayOf<F> | NDArray): ArrayOf<F, "bool">;
  /** Square root. */
  sqrt<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** e to the power of it. */
  exp<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** e to the power of it, minus 1. */
  expm1<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** Natural logarithm. */
  log<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** Natural logarithm of 1 + it. */
  log1p<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** Logarithm to base 2. */
  log2<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** Logarithm to base 10. */
  log10<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** Sine. */
  sin<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** Cosine. */
  cos<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** Tangent. */
  tan<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** Inverse sine. */
  asin<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** Inverse cosine. */
  acos<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** Inverse tangent. */
  atan<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** Hyperbolic sine. */
  sinh<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** Hyperbolic cosine. */
  cosh<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** Hyperbolic tangent. */
  tanh<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** Inverse hyperbolic sine. */
  asinh<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** Inverse hyperbolic cosine. */
  acosh<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** Inverse hyperbolic tangent. */
  atanh<D extends DType>(a: ArrayOf<F, D> | NDArray<D>): ArrayOf<F, Floating<D>>;
  /** `a` where the condition holds, else `b`. */
  where<D extends DType>(
    condition: ArrayOf<F, "bool"> | NDArray<"bool">,
    a: ArrayOf<F, D> | NDArray<D>,
    b: Operand<F, NoInfer<D>>,
  ): ArrayOf<F, D>;
  /** Elements below `low` become `low`, those above `high` become `high`; either may be null. */
  clip<D extends DType>(
    a: ArrayOf<F, D> | NDArray<D>,
    low: Operand<F, NoInfer<D>> | null,
    high?: Operand<F, NoInfer<D>> | null,
  ): ArrayOf<F, D>;
  /** The product of matrices, or of a matrix and a vector; as NumPy's for arrays of one and two axes. */
  matmul<D extends DType>(
    a: ArrayOf<F, D> | NDArray<D>,
    b: ArrayOf<F, NoInfer<D>> | NDArray<NoInfer<D>>,
  ): ArrayOf<F, D>;
  /** The product of vectors and matrices, or with a number that of each element. */
  dot<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, b: Operand<F, NoInfer<D>>): ArrayOf<F, D>;
  /** Elements converted to another dtype. DER_INVAL from complex to real. */
  astype<E extends DType>(a: ArrayOf<F> | NDArray, dtype: E): ArrayOf<F, E>;
  /**
   * A function of your own over blocks of arrays. It gets a block of each input, in memory, and gives an array of `dtype`.
   * `signature` says which of the last axes blocks have whole: `"(n),(n)->()"` for one number of each pair of rows. The
   * axes before those are broadcast against each other, and blocks have parts of them.
   */
  apply<D extends DType>(
    fn: (...blocks: NDArray[]) => F extends "async" ? NDArray<D> | Promise<NDArray<D>> : NDArray<D>,
    inputs: readonly (ArrayOf<F> | NDArray)[],
    o?: ApplyOptions<D>,
  ): ArrayOf<F, D>;
  /** Sum; small integers in 64 bits. */
  sum<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, o?: Axis & { readonly dtype?: undefined }): ArrayOf<F, Sum<D>>;
  /** Sum in another dtype. */
  sum<E extends DType>(a: ArrayOf<F> | NDArray, o: Axis & { readonly dtype: E }): ArrayOf<F, E>;
  /** Product; small integers in 64 bits. */
  prod<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, o?: Axis & { readonly dtype?: undefined }): ArrayOf<F, Sum<D>>;
  /** Product in another dtype. */
  prod<E extends DType>(a: ArrayOf<F> | NDArray, o: Axis & { readonly dtype: E }): ArrayOf<F, E>;
  /** Arithmetic mean. */
  mean<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, o?: Axis): ArrayOf<F, Mean<D>>;
  /** Variance; `correction`: degrees of freedom that are left out, default 0. */
  var<D extends DType>(
    a: ArrayOf<F, D> | NDArray<D>,
    o?: Axis & { readonly correction?: number | undefined },
  ): ArrayOf<F, Variance<D>>;
  /** Standard deviation; `correction`: degrees of freedom that are left out, default 0. */
  std<D extends DType>(
    a: ArrayOf<F, D> | NDArray<D>,
    o?: Axis & { readonly correction?: number | undefined },
  ): ArrayOf<F, Variance<D>>;
  /** Smallest element; NaN wins. DER_INVAL of none. */
  min<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, o?: Axis): ArrayOf<F, D>;
  /** Largest element; NaN wins. DER_INVAL of none. */
  max<D extends DType>(a: ArrayOf<F, D> | NDArray<D>, o?: Axis): ArrayOf<F, D>;
  /** Whether any element is not zero. */
  any(a: ArrayOf<F> | NDArray, o?: Axis): ArrayOf<F, "bool">;
  /** Whether no element is zero. */
  all(a: ArrayOf<F> | NDArray, o?: Axis): ArrayOf<F, "bool">;
  /** Where the smallest element is: the first of equals, NaN first; exact to 2^53, in C order of the axes that are reduced. */
  argmin(a: ArrayOf<F> | NDArray, o?: Axis): ArrayOf<F, "float64">;
  /** Where the largest element is: the first of equals, NaN first; exact to 2^53, in C order of the axes that are reduced. */
  argmax(a: ArrayOf<F> | NDArray, o?: Axis): ArrayOf<F, "float64">;
  /** How many elements are not zero. */
  count_nonzero(a: ArrayOf<F> | NDArray, o?: Axis): ArrayOf<F, "float64">;
}
