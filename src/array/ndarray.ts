/** Arrays in memory: what reads give and writes take. Pure. */
import { types } from "node:util";
import { DaosError } from "../errors.ts";
import { allocate, checkDType, DTYPES, type DType, type DTypes } from "./dtype.ts";

/**
 * An N-d array in memory. Element (i, j, ...) is number `offset + i * stride[0] + j * stride[1] + ...` of `data`, counted
 * in elements (a complex number is one element, two entries of `data`). Strides may be 0 or negative.
 *
 * It has the fields that `ndarray` of scijs and chunks of zarrita have, and `dtype`.
 */
export interface NDArray<D extends DType = DType> {
  readonly data: DTypes[D];
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly offset: number;
  readonly dtype: D;
}

/** The number of elements. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
}

/** Strides of C order, in elements. */
export function rowMajor(shape: readonly number[]): number[] {
  const stride = new Array<number>(shape.length);
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    stride[axis] = step;
    step *= shape[axis]!;
  }
  return stride;
}

/**
 * An array over memory that holds its elements in C order, or over new memory, zeros.
 *
 * @example
 * ```ts
 * import { ndarray } from "tsdaos";
 * const a = ndarray("float64", [2, 3], new Float64Array([1, 2, 3, 4, 5, 6]));
 * ```
 */
export function ndarray<D extends DType>(dtype: D, shape: readonly number[], data?: DTypes[D]): NDArray<D> {
  checkDType(dtype);
  checkShape(shape, "an array in memory");
  if (data !== undefined && !ArrayBuffer.isView(data))
    throw new TypeError(`the data of an array in memory is typed; write ${DTYPES[dtype].array.name}.from(data)`);
  const wrapped: NDArray<D> = {
    data: data ?? allocate(dtype, sizeOf(shape)),
    shape: [...shape],
    stride: rowMajor(shape),
    offset: 0,
    dtype,
  };
  return data === undefined ? wrapped : checkNDArray(wrapped, "the array");
}

/** Throws TypeError unless `shape` is a list of lengths. */
export function checkShape(shape: unknown, what: string): asserts shape is readonly number[] {
  if (!Array.isArray(shape) || !shape.every((n) => Number.isSafeInteger(n) && n >= 0 && !Object.is(n, -0)))
    throw new TypeError(`the shape of ${what} is a list of lengths such as [100, 200], not ${JSON.stringify(shape)}`);
  if (!Number.isSafeInteger(sizeOf(shape) * 16))
    throw new DaosError("DER_INVAL", "invalid shape", { detail: `[${shape}] has more elements than can be counted` });
}

/** Whether it looks like an {@link NDArray}: whether it is sound is for {@link checkNDArray} to say. */
export function isNDArray(value: unknown): value is NDArray {
  return typeof value === "object" && value !== null && "data" in value && ArrayBuffer.isView(value.data);
}

/**
 * The array, checked: every element lies inside the memory, which has the type that `dtype` says. Absent `stride` and
 * `offset` mean C order from the start.
 *
 * @throws TypeError for what is no such array, DER_INVAL when it reaches out of its memory.
 */
export function checkNDArray<D extends DType>(value: unknown, what: string): NDArray<D> {
  if (!isNDArray(value)) throw new TypeError(`${what} is no { data, shape, stride, offset, dtype }`);
  const { data, shape, dtype } = value;
  checkDType(dtype);
  checkShape(shape, what);
  const { array, slots } = DTYPES[dtype];
  if (!(data instanceof (array as unknown as typeof Uint8Array)) && nameOf(data) !== nameOf(array.prototype))
    throw new TypeError(`${what} says ${dtype}, whose memory is a ${array.name}, but has a ${nameOf(data)}`);
  const stride = value.stride ?? rowMajor(shape);
  const offset = value.offset ?? 0;
  if (!Array.isArray(stride) || stride.length !== shape.length || !stride.every(Number.isSafeInteger))
    throw new TypeError(
      `${what} has ${shape.length} axes and needs as many whole strides, not ${JSON.stringify(stride)}`,
    );
  if (!Number.isSafeInteger(offset)) throw new TypeError(`the offset of ${what} is not a whole number`);
  if (sizeOf(shape) > 0) {
    let [low, high] = [offset, offset];
    shape.forEach((n, axis) => {
      const reach = (n - 1) * stride[axis]!;
      if (reach < 0) low += reach;
      else high += reach;
    });
    const count = Math.floor(data.length / slots);
    if (low < 0 || high >= count)
      throw new DaosError("DER_INVAL", "invalid array", {
        detail: `${what} of shape [${shape}] reaches from element ${low} to ${high}, its memory has ${count}`,
      });
  }
  return { data: data as DTypes[D], shape, stride, offset, dtype: dtype as D };
}

/** Whether the elements lie one after the other in C order. */
export function isContiguous({ shape, stride }: Pick<NDArray, "shape" | "stride">): boolean {
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    const n = shape[axis]!;
    if (n !== 1 && stride[axis] !== step) return n === 0;
    step *= n;
  }
  return true;
}

/**
 * `a` seen with `shape`: axes of length 1 are repeated, missing leading axes added, as NumPy broadcasts.
 *
 * @throws DaosError DER_INVAL when it does not fit.
 */
export function broadcastTo<D extends DType>(a: NDArray<D>, shape: readonly number[]): NDArray<D> {
  const lead = shape.length - a.shape.length;
  // As NumPy assigns: leading axes of length 1 that are too many count for nothing.
  const spare = Math.max(0, -lead);
  const fits =
    a.shape.slice(0, spare).every((n) => n === 1) &&
    a.shape.slice(spare).every((n, i) => n === 1 || n === shape[i + Math.max(0, lead)]);
  if (!fits)
    throw new DaosError("DER_INVAL", "shapes do not match", {
      detail: `values of shape [${a.shape}] do not broadcast to [${shape}]`,
    });
  const stride = shape.map((_, i) => {
    const axis = i - lead;
    return axis < 0 || a.shape[axis] === 1 ? 0 : a.stride[axis]!;
  });
  return { ...a, shape, stride };
}

/**
 * The shape to which all of `shapes` broadcast.
 *
 * @throws DaosError DER_INVAL when there is none.
 */
export function broadcastShapes(...shapes: readonly (readonly number[])[]): number[] {
  const ndim = Math.max(0, ...shapes.map(({ length }) => length));
  return Array.from({ length: ndim }, (_, axis) => {
    let length = 1;
    for (const shape of shapes) {
      const n = shape[axis - ndim + shape.length];
      if (n === undefined || n === 1 || n === length) continue;
      if (length !== 1)
        throw new DaosError("DER_INVAL", "shapes do not match", {
          detail: `${shapes.map((s) => `[${s}]`).join(" and ")} do not broadcast together`,
        });
      length = n;
    }
    return length;
  });
}

// Memory of another realm (a vm context, another copy of the globals) is as good.
function nameOf(data: object): string {
  return (
    (data as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ??
    (types.isProxy(data) ? "Proxy" : data.constructor.name)
  );
}
