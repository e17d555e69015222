/** Building expressions: dtypes and shapes are known, and refused, before anything is computed. Pure. */
import type { DType } from "../dtype.ts";
import { FUNCTIONS, type FunctionName } from "./functions.ts";
import { broadcastShapes, type MapNode, type MatmulNode, type Node, type ReduceNode, type ScalarNode } from "./node.ts";
import { isComplex, promote, promoteScalar, type ScalarValue, summed } from "./promotion.ts";
import { type ReductionName, reducedDtype } from "./reductions.ts";

/** An operand: an expression, or a number whose dtype bends to that of the others. */
export type Operand = Node | ScalarValue;

/** Which axes a reduction goes over, and what is left of them. */
export interface ReduceOptions {
  /** One axis or several, negative ones from the end; default all. */
  readonly axis?: number | readonly number[] | undefined;
  /** Keep reduced axes with one element. */
  readonly keepdims?: boolean | undefined;
  /** The dtype of a sum or product. */
  readonly dtype?: DType | undefined;
  /** Degrees of freedom left out by `var` and `std`; default 0. */
  readonly correction?: number | undefined;
}

/** An elementwise function of operands. TypeError for dtypes that it has not, RangeError for shapes that do not fit. */
export function mapNode(name: FunctionName, operands: readonly Operand[]): MapNode {
  const { takes, gives } = FUNCTIONS[name];
  const common = takes(commonDtype(operands));
  const nodes = operands.map((operand) => asNode(operand, common));
  return {
    type: "map",
    name,
    takes: common,
    dtype: gives(common),
    shape: broadcastShapes(nodes.map(({ shape }) => shape)),
    operands: nodes,
  };
}

/** `a` where the condition holds, else `b`. */
export function whereNode(condition: Node, a: Operand, b: Operand): MapNode {
  if (condition.dtype !== "bool") throw new TypeError(`the condition of where is bool, not ${condition.dtype}`);
  const dtype = commonDtype([a, b]);
  const nodes = [condition, asNode(a, dtype), asNode(b, dtype)];
  return { type: "map", name: "where", takes: dtype, dtype, shape: broadcastShapes(nodes.map((n) => n.shape)), operands: nodes };
}

/** The same elements in another dtype. TypeError from complex to real: something would be lost. */
export function castNode(operand: Node, dtype: DType): Node {
  if (operand.dtype === dtype) return operand;
  if (isComplex(operand.dtype) && !isComplex(dtype))
    throw new TypeError(`${operand.dtype} does not become ${dtype}: take xp.real or xp.abs of it`);
  return { type: "map", name: "astype", takes: operand.dtype, dtype, shape: operand.shape, operands: [operand] };
}

/** A reduction. RangeError for an axis that is not there. */
export function reduceNode(name: ReductionName, operand: Node, o: ReduceOptions = {}): ReduceNode {
  const axes = normalAxes(o.axis, operand.shape.length);
  const keepdims = o.keepdims === true;
  return {
    type: "reduce",
    name,
    dtype: reducedDtype(name, operand.dtype, o.dtype),
    shape: keepdims
      ? operand.shape.map((n, axis) => (axes.includes(axis) ? 1 : n))
      : operand.shape.filter((_, axis) => !axes.includes(axis)),
    // A sum in another dtype is a sum of elements of that dtype.
    operand: o.dtype === undefined || o.dtype === summed(operand.dtype) ? operand : castNode(operand, o.dtype),
    axes,
    keepdims,
    correction: o.correction ?? 0,
  };
}

/** The product of two matrices, or of a matrix and a vector on either side as NumPy has it, by way of matrices. */
export function matmulNode(left: Node, right: Node): MatmulNode {
  if (left.shape.length !== 2 || right.shape.length !== 2)
    throw new RangeError(`matmul takes matrices, not shapes (${left.shape.join(", ")}) and (${right.shape.join(", ")})`);
  if (left.shape[1] !== right.shape[0])
    throw new RangeError(
      `matmul of (${left.shape.join(", ")}) and (${right.shape.join(", ")}): ${left.shape[1]} columns meet ${right.shape[0]} rows`,
    );
  const dtype = promote(left.dtype, right.dtype);
  if (isComplex(dtype)) throw new TypeError(`matmul is not defined for ${dtype}; take xp.real and xp.imag`);
  return {
    type: "matmul",
    dtype,
    shape: [left.shape[0]!, right.shape[1]!],
    left: castNode(left, dtype),
    right: castNode(right, dtype),
  };
}

/** The axes in order, each once, counted from 0. */
export function normalAxes(axis: number | readonly number[] | undefined, ndim: number): number[] {
  const given = axis === undefined ? Array.from({ length: ndim }, (_, i) => i) : typeof axis === "number" ? [axis] : axis;
  const axes = given.map((a) => {
    if (!Number.isInteger(a) || a < -ndim || a >= ndim)
      throw new RangeError(`axis ${a} is out of bounds for an array of ${ndim} dimensions`);
    return a < 0 ? a + ndim : a;
  });
  if (new Set(axes).size < axes.length) throw new RangeError(`duplicate axis in [${given.join(", ")}]`);
  return axes.sort((a, b) => a - b);
}

function isScalar(operand: Operand): operand is ScalarValue {
  return typeof operand !== "object" || !("type" in operand);
}

function asNode(operand: Operand, dtype: DType): Node {
  if (!isScalar(operand)) return operand;
  return { type: "scalar", value: operand, dtype, shape: [] } satisfies ScalarNode;
}

/** The dtype that all operands fit into: arrays by NumPy's promotion, scalars by their kind. */
function commonDtype(operands: readonly Operand[]): DType {
  const arrays = operands.filter((o): o is Node => !isScalar(o));
  const scalars = operands.filter(isScalar);
  if (arrays.length === 0) return scalars.map(ownDtype).reduce(promote);
  return scalars.reduce((dtype: DType, scalar) => promoteScalar(dtype, scalar), arrays.map((a) => a.dtype).reduce(promote));
}

function ownDtype(scalar: ScalarValue): DType {
  if (typeof scalar === "object") return "complex128";
  if (typeof scalar === "boolean") return "bool";
  return typeof scalar === "bigint" || Number.isInteger(scalar) ? "int64" : "float64";
}
