/** The types of elements. Pure. */
import type { DType } from "../../index.ts";

const BYTES: Readonly<Record<DType, number>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
  complex64: 8,
  complex128: 16,
};

/** Their names. */
export const DTYPES = Object.keys(BYTES) as readonly DType[];

/** Bytes of an element. */
export function bytesOf(dtype: DType): number {
  return BYTES[dtype];
}
