/** Elements as numbers that can be compared and drawn. Pure. */
import type { NDArray } from "../../index.ts";

/** The elements, in memory of their own in C order; of complex numbers, their absolute values. */
export function numbersOf({ dtype, data }: NDArray): ArrayLike<number> | ArrayLike<bigint> {
  if (dtype !== "complex64" && dtype !== "complex128") return data;
  const parts = data as Float32Array | Float64Array;
  return Float64Array.from({ length: parts.length / 2 }, (_, i) => Math.hypot(parts[2 * i]!, parts[2 * i + 1]!));
}
