/** Expressions before they are computed: a graph of nodes with known dtypes and shapes. Pure. */
import type { DType, TypedArray } from "../dtype.ts";
import type { FunctionName } from "./functions.ts";
import type { ReductionName } from "./reductions.ts";
import type { ScalarValue } from "./promotion.ts";

/** Something that can be read box by box: an array, a view, an ndarray. */
export interface Source {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The shape of the boxes that are cheap to read; `undefined` for memory. */
  readonly chunks: readonly number[] | undefined;
  /**
   * Reads the box from `start` to `stop` (excluded) in C order into `out`, which has just its size (twice that for
   * complex dtypes). Blocking twins answer nothing, the others a promise.
   */
  read(start: readonly number[], stop: readonly number[], out: TypedArray, signal: AbortSignal | undefined): void | Promise<void>;
}

/** An operand that is read. */
export interface LeafNode {
  readonly type: "leaf";
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly source: Source;
}

/** A number. Its dtype is that of the operation it stands in. */
export interface ScalarNode {
  readonly type: "scalar";
  readonly value: ScalarValue;
  readonly dtype: DType;
  readonly shape: readonly [];
}

/** An elementwise function of operands that are broadcast against each other. */
export interface MapNode {
  readonly type: "map";
  readonly name: FunctionName | "where" | "astype";
  /** The dtype that the operands are brought to first. */
  readonly takes: DType;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly operands: readonly Node[];
}

/** A reduction over axes. */
export interface ReduceNode {
  readonly type: "reduce";
  readonly name: ReductionName;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly operand: Node;
  /** The axes that are reduced, in order. */
  readonly axes: readonly number[];
  readonly keepdims: boolean;
  /** Degrees of freedom that `std` and `var` leave out. */
  readonly correction: number;
}

/** The product of two matrices. */
export interface MatmulNode {
  readonly type: "matmul";
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly left: Node;
  readonly right: Node;
}

/** Any expression. */
export type Node = LeafNode | ScalarNode | MapNode | ReduceNode | MatmulNode;

/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** The shape of operands that are broadcast against each other. RangeError when they do not fit, as NumPy. */
export function broadcastShapes(shapes: readonly (readonly number[])[]): number[] {
  const ndim = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(ndim).fill(1);
  for (const shape of shapes)
    for (let i = 0; i < shape.length; i++) {
      const axis = ndim - shape.length + i;
      const n = shape[i]!;
      if (n === 1 || n === result[axis]) continue;
      if (result[axis] !== 1)
        throw new RangeError(`shapes ${shapes.map((s) => `(${s.join(", ")})`).join(" and ")} cannot be broadcast together`);
      result[axis] = n;
    }
  return result;
}
