/** Element types: their names (Zarr's and the array API's), their sizes and the typed arrays that hold them. */
import { DaosError } from "../errors.ts";

/** The typed array of each element type. `bool` is 0 or 1 a byte; complex numbers are pairs (re, im). */
export interface DTypes {
  bool: Uint8Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  float16: Float16Array;
  float32: Float32Array;
  float64: Float64Array;
  complex64: Float32Array;
  complex128: Float64Array;
}

/** The name of an element type. */
export type DType = keyof DTypes;

/** One complex number. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

/** One element of an array of type `D`. */
export type Scalar<D extends DType> = D extends "int64" | "uint64"
  ? bigint
  : D extends "bool"
    ? boolean
    : D extends "complex64" | "complex128"
      ? Complex
      : number;

/** A typed array that holds elements. */
export type TypedArray = DTypes[DType];

interface TypedArrayClass {
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
}

/** Families of element types: what may be stored in one, how scalars look. */
export type Kind = "bool" | "int" | "uint" | "float" | "complex";

/** What is known of an element type. */
export interface DTypeInfo {
  readonly kind: Kind;
  /** Bytes of one element. */
  readonly bytes: number;
  /** Entries of the typed array that one element takes: 2 for complex numbers. */
  readonly slots: 1 | 2;
  readonly array: TypedArrayClass;
}

const of = (kind: Kind, bytes: number, array: unknown): DTypeInfo => ({
  kind,
  bytes,
  slots: kind === "complex" ? 2 : 1,
  array: array as TypedArrayClass,
});

/** All element types. */
export const DTYPES: Readonly<Record<DType, DTypeInfo>> = {
  bool: of("bool", 1, Uint8Array),
  int8: of("int", 1, Int8Array),
  int16: of("int", 2, Int16Array),
  int32: of("int", 4, Int32Array),
  int64: of("int", 8, BigInt64Array),
  uint8: of("uint", 1, Uint8Array),
  uint16: of("uint", 2, Uint16Array),
  uint32: of("uint", 4, Uint32Array),
  uint64: of("uint", 8, BigUint64Array),
  float16: of("float", 2, Float16Array),
  float32: of("float", 4, Float32Array),
  float64: of("float", 8, Float64Array),
  complex64: of("complex", 8, Float32Array),
  complex128: of("complex", 16, Float64Array),
};

/** Whether it is the name of an element type. */
export function isDType(name: unknown): name is DType {
  return typeof name === "string" && Object.hasOwn(DTYPES, name);
}

/** TypeError unless it is the name of an element type. */
export function checkDType(name: unknown): asserts name is DType {
  if (!isDType(name))
    throw new TypeError(`${JSON.stringify(name)} is no dtype; there are ${Object.keys(DTYPES).join(", ")}`);
}

/** New memory for `count` elements, zeros. */
export function allocate<D extends DType>(dtype: D, count: number): DTypes[D] {
  const { array, slots } = DTYPES[dtype];
  return new array(count * slots) as DTypes[D];
}

/** Bytes as elements, in the same memory where its alignment lets. */
export function asTyped<D extends DType>(dtype: D, bytes: Uint8Array): DTypes[D] {
  const { array } = DTYPES[dtype];
  const unit = array.BYTES_PER_ELEMENT;
  const { buffer, byteOffset, byteLength } = byteOffsetFits(bytes, unit) ? bytes : bytes.slice();
  return new array(buffer, byteOffset, byteLength / unit) as DTypes[D];
}

/** Memory as bytes. */
export function asBytes(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** The element at `index` (counted in elements). */
export function readScalar<D extends DType>(dtype: D, data: DTypes[D], index: number): Scalar<D> {
  switch (DTYPES[dtype].kind) {
    case "bool":
      return (data[index] !== 0) as Scalar<D>;
    case "complex":
      return { re: data[2 * index], im: data[2 * index + 1] } as Scalar<D>;
    default:
      return data[index] as Scalar<D>;
  }
}

/** One element as a typed array of one element. TypeError or DER_INVAL for a value that the type cannot hold. */
export function encodeScalar<D extends DType>(dtype: D, value: unknown): DTypes[D] {
  const data = allocate(dtype, 1);
  const { kind, bytes } = DTYPES[dtype];
  switch (kind) {
    case "bool":
      if (typeof value !== "boolean") throw notA(dtype, "a boolean", value);
      data[0] = value ? 1 : 0;
      break;
    case "int":
    case "uint":
      if (bytes === 8) {
        if (typeof value !== "bigint") throw notA(dtype, "a bigint", value);
        data[0] = value;
        if (data[0] !== value) throw outOfRange(dtype, value);
      } else {
        if (typeof value !== "number") throw notA(dtype, "a number", value);
        if (!Number.isInteger(value)) throw notA(dtype, "an integer", value);
        data[0] = value;
        if (data[0] !== value) throw outOfRange(dtype, value); // also tells -0 from nothing: -0 === 0
      }
      break;
    case "float":
      if (typeof value !== "number") throw notA(dtype, "a number", value);
      data[0] = value;
      if (!Number.isFinite(data[0]) && Number.isFinite(value)) throw outOfRange(dtype, value);
      break;
    case "complex": {
      const { re, im } = (value ?? {}) as Complex;
      if (typeof re !== "number" || typeof im !== "number") throw notA(dtype, "{ re, im }", value);
      data[0] = re;
      data[1] = im;
      if (!(Number.isFinite(data[0]) || !Number.isFinite(re)) || !(Number.isFinite(data[1]) || !Number.isFinite(im)))
        throw outOfRange(dtype, `{ re: ${re}, im: ${im} }`);
    }
  }
  return data;
}

/** A value as it stands in a message. */
export function shown(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "object" && value !== null ? `an ${value.constructor?.name ?? "object"}` : String(value);
}

function byteOffsetFits(bytes: Uint8Array, unit: number): boolean {
  return bytes.byteOffset % unit === 0;
}

function notA(dtype: DType, wanted: string, value: unknown): TypeError {
  return new TypeError(`an element of ${dtype} is ${wanted}, not ${shown(value)}`);
}

function outOfRange(dtype: DType, value: unknown): DaosError<"DER_INVAL"> {
  return new DaosError("DER_INVAL", "invalid element", { detail: `${shown(value)} is out of the range of ${dtype}` });
}
