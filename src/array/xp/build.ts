/** Building expressions: dtypes and shapes are known, and refused, before anything is computed. Pure. */
import { DaosError } from "../../errors.ts";
import { checkConversion } from "../convert.ts";
import { checkDType, type DType, encodeScalar } from "../dtype.ts";
import { broadcastShapes } from "../ndarray.ts";
import { checkAxis, expandView, fullView, squeezeView, type View } from "../view.ts";
import { FUNCTIONS, type FunctionName } from "./functions.ts";
import type { MapNode, Node, ReduceNode, ScalarNode } from "./node.ts";
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
  const { takes, gives, counts } = FUNCTIONS[name];
  const common = takes(commonDtype(operands, counts));
  const nodes = operands.map((operand) => asNode(operand, common));
  return {
    type: "map",
    name,
    takes: common,
    dtype: gives(common),
    shape: broadcastShapes(...nodes.map(({ shape }) => shape)),
    operands: nodes,
  };
}

/** `a` where the condition holds, else `b`. */
export function whereNode(condition: Node, a: Operand, b: Operand): MapNode {
  if (condition.dtype !== "bool") throw new TypeError(`the condition of where is bool, not ${condition.dtype}`);
  const dtype = commonDtype([a, b]);
  const nodes = [condition, asNode(a, dtype), asNode(b, dtype)];
  return {
    type: "map",
    name: "where",
    takes: dtype,
    dtype,
    shape: broadcastShapes(...nodes.map((n) => n.shape)),
    operands: nodes,
  };
}

/** The same elements in another dtype. DER_INVAL from complex to real: something would be lost. */
export function castNode(operand: Node, dtype: DType): Node {
  if (operand.dtype === dtype) return operand;
  checkConversion(operand.dtype, dtype);
  return { type: "map", name: "astype", takes: operand.dtype, dtype, shape: operand.shape, operands: [operand] };
}

/** A part or another layout of an expression. */
export function viewNode(operand: Node, view: View): Node {
  return { type: "view", dtype: operand.dtype, shape: view.shape, operand, view };
}

/** A reduction. DER_INVAL for an axis that is not there, or occurs twice. */
export function reduceNode(name: ReductionName, operand: Node, o: ReduceOptions = {}): Node {
  if (o.dtype !== undefined) checkDType(o.dtype);
  const axes = normalAxes(o.axis, operand.shape.length);
  if (o.correction !== undefined && typeof o.correction !== "number")
    throw new TypeError(`the correction of ${name} is a number`);
  const reduced: ReduceNode = {
    type: "reduce",
    name,
    dtype: reducedDtype(name, operand.dtype, o.dtype),
    shape: operand.shape.filter((_, axis) => !axes.includes(axis)),
    // A sum in another dtype is a sum of elements of that dtype.
    operand: o.dtype === undefined || o.dtype === summed(operand.dtype) ? operand : castNode(operand, o.dtype),
    axes,
    correction: o.correction ?? 0,
  };
  if (o.keepdims !== true) return reduced;
  return viewNode(
    reduced,
    axes.reduce((view, axis) => expandView(view, axis), fullView(reduced.shape)),
  );
}

/**
 * The product of two matrices, or of a matrix and a vector on either side: a vector on the left counts as a row, on the
 * right as a column, and that axis is gone from the result.
 */
export function matmulNode(name: string, left: Node, right: Node): Node {
  const shapes = `[${left.shape}] and [${right.shape}]`;
  for (const { shape } of [left, right])
    if (shape.length < 1 || shape.length > 2)
      throw new DaosError("DER_INVAL", "invalid operand", {
        detail: `${name} takes arrays of one or two axes, not ${shapes}; take views of two axes`,
      });
  const expanded = (node: Node, axis: number): Node =>
    node.shape.length === 2 ? node : viewNode(node, expandView(fullView(node.shape), axis));
  const dtype = promote(left.dtype, right.dtype);
  if (isComplex(dtype))
    throw new TypeError(`${name} is not defined for ${dtype}; compute with xp.real and xp.imag of the operands`);
  const [a, b] = [castNode(expanded(left, 0), dtype), castNode(expanded(right, 1), dtype)];
  if (a.shape[1] !== b.shape[0])
    throw new DaosError("DER_INVAL", "shapes do not match", {
      detail: `${name} of ${shapes}: rows of ${a.shape[1]} elements meet columns of ${b.shape[0]}`,
    });
  const product: Node = { type: "matmul", dtype, shape: [a.shape[0]!, b.shape[1]!], left: a, right: b };
  const gone = [...(left.shape.length === 1 ? [0] : []), ...(right.shape.length === 1 ? [1] : [])];
  return gone.length === 0 ? product : viewNode(product, squeezeView(fullView(product.shape), gone));
}

/** The axes in order, each once, counted from 0. */
function normalAxes(axis: number | readonly number[] | undefined, ndim: number): number[] {
  if (axis === undefined) return Array.from({ length: ndim }, (_, i) => i);
  const axes = (typeof axis === "number" ? [axis] : [...axis]).map((a) => checkAxis(a, ndim));
  if (new Set(axes).size < axes.length)
    throw new DaosError("DER_INVAL", "invalid axes", { detail: `an axis occurs twice in [${axis}]` });
  return axes.sort((a, b) => a - b);
}

function isScalar(operand: Operand): operand is ScalarValue {
  return typeof operand !== "object" || !("type" in operand);
}

function asNode(operand: Operand, dtype: DType): Node {
  if (!isScalar(operand)) return operand;
  checkScalar(operand, dtype);
  return { type: "scalar", value: operand, dtype, shape: [] } satisfies ScalarNode;
}

/** The dtype that all operands fit into: arrays by NumPy's promotion, scalars by their kind. */
function commonDtype(operands: readonly Operand[], counts = (dtype: DType): DType => dtype): DType {
  const arrays = operands.filter((o): o is Node => !isScalar(o));
  const scalars = operands.filter(isScalar);
  if (scalars.length === 0) return arrays.map((a) => counts(a.dtype)).reduce(promote);
  if (arrays.length === 0) return scalars.map(ownDtype).reduce(promote);
  return scalars.reduce(
    (dtype: DType, scalar) => promoteScalar(dtype, scalar),
    arrays.map((a) => a.dtype).reduce(promote),
  );
}

function ownDtype(scalar: ScalarValue): DType {
  if (typeof scalar === "object") return "complex128";
  if (typeof scalar === "boolean") return "bool";
  return typeof scalar === "bigint" || Number.isInteger(scalar) ? "int64" : "float64";
}

/** An integer beside an array of integers has to be in their range, as in NumPy (NEP 50). */
function checkScalar(value: ScalarValue, dtype: DType): void {
  if (typeof value === "boolean" || typeof value === "object" || dtype === "bool") return;
  if (/^u?int(8|16|32)$/.test(dtype)) encodeScalar(dtype, Number(value));
  else if (/^u?int64$/.test(dtype)) encodeScalar(dtype, BigInt(value));
}
