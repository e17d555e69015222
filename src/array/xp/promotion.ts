/** Which dtype an operation gives: NumPy's promotion of arrays, and NEP 50 for scalars. Pure. */
import { DTYPES, type DType, type Kind } from "../dtype.ts";

function kindOf(dtype: DType): Kind {
  return DTYPES[dtype].kind;
}

/** Bits of one real number of the dtype. */
function bitsOf(dtype: DType): number {
  const { bytes, slots } = DTYPES[dtype];
  return (8 * bytes) / slots;
}

/** A number that stands beside an array: its type bends to the array's. */
export type ScalarValue = number | bigint | boolean | { readonly re: number; readonly im: number };

/** Whether the dtype holds whole numbers. */
export function isInteger(dtype: DType): boolean {
  return kindOf(dtype) === "int" || kindOf(dtype) === "uint";
}

/** Whether the dtype is float16, float32 or float64. */
export function isFloat(dtype: DType): boolean {
  return kindOf(dtype) === "float";
}

/** Whether the dtype is complex64 or complex128. */
export function isComplex(dtype: DType): boolean {
  return kindOf(dtype) === "complex";
}

/** Whether its elements are bigints. */
export function isBig(dtype: DType): boolean {
  return dtype === "int64" || dtype === "uint64";
}

/** The dtype that holds the values of both (`numpy.promote_types`). */
export function promote(a: DType, b: DType): DType {
  if (a === b) return a;
  const kinds = [kindOf(a), kindOf(b)];
  if (kinds.includes("complex")) return floatBits(a, b) > 32 ? "complex128" : "complex64";
  if (kinds.includes("float")) return `float${floatBits(a, b)}` as DType;
  if (kinds[0] === "bool") return b;
  if (kinds[1] === "bool") return a;
  const bits = Math.max(bitsOf(a), bitsOf(b));
  if (kinds[0] === kinds[1]) return `${kinds[0]}${bits}` as DType;
  // One has a sign: it needs one bit more than the other one has.
  const [signed, unsigned] = kinds[0] === "int" ? [bitsOf(a), bitsOf(b)] : [bitsOf(b), bitsOf(a)];
  if (signed > unsigned) return `int${signed}` as DType;
  return unsigned === 64 ? "float64" : (`int${unsigned * 2}` as DType);
}

/** The dtype of an operation of an array with a scalar (NEP 50): the scalar's kind counts, its size does not. */
export function promoteScalar(dtype: DType, scalar: ScalarValue): DType {
  const kind = kindOf(dtype);
  if (typeof scalar === "object") {
    if (kind === "complex") return dtype;
    return kind === "float" && bitsOf(dtype) <= 32 ? "complex64" : "complex128";
  }
  if (typeof scalar === "boolean" || kind === "float" || kind === "complex") return dtype;
  if (typeof scalar === "number" && !Number.isInteger(scalar)) return "float64";
  return kind === "bool" ? "int64" : dtype;
}

/** The dtype of quotients and means: floats and complex keep theirs (NumPy's rule). */
export function fractional(dtype: DType): DType {
  if (kindOf(dtype) === "float" || kindOf(dtype) === "complex") return dtype;
  return "float64";
}

/** The dtype of functions such as `sqrt` and `exp`: the smallest float that holds the integers (NumPy's rule). */
export function floating(dtype: DType): DType {
  return isInteger(dtype) || dtype === "bool" ? promote(dtype, "float16") : dtype;
}

/** The dtype of a sum or product: small integers add up in 64 bits. */
export function summed(dtype: DType): DType {
  if (dtype === "bool" || kindOf(dtype) === "int") return "int64";
  return kindOf(dtype) === "uint" ? "uint64" : dtype;
}

/** The dtype of the parts of a complex dtype; of a real one, itself. */
export function realOf(dtype: DType): DType {
  if (dtype === "complex64") return "float32";
  return dtype === "complex128" ? "float64" : dtype;
}

// The float that holds both: an integer of n bits needs a float of more than n.
function floatBits(a: DType, b: DType): number {
  const needed = (dtype: DType): number => {
    const bits = bitsOf(dtype);
    if (kindOf(dtype) === "bool") return 16;
    if (!isInteger(dtype)) return bits;
    return bits === 8 ? 16 : bits === 16 ? 32 : 64;
  };
  return Math.max(needed(a), needed(b));
}
