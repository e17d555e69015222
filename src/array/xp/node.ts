/** Expressions before they are computed: a graph of nodes with known dtypes and shapes. Pure. */
import type { DType } from "../dtype.ts";
import type { NDArray } from "../ndarray.ts";
import type { Source } from "../source.ts";
import type { View } from "../view.ts";
import type { FunctionName } from "./functions.ts";
import type { ScalarValue } from "./promotion.ts";
import type { ReductionName } from "./reductions.ts";

/** An operand that is read: a stored array, a view of one, memory. */
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

/** A reduction over axes, which are gone from the result. */
export interface ReduceNode {
  readonly type: "reduce";
  readonly name: ReductionName;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly operand: Node;
  /** The axes that are reduced, in order. */
  readonly axes: readonly number[];
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

/** A part or another layout of an expression. */
export interface ViewNode {
  readonly type: "view";
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly operand: Node;
  readonly view: View;
}

/** A function of blocks of arrays: what `apply` makes. */
export interface ApplyNode {
  readonly type: "apply";
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly fn: (...blocks: NDArray[]) => unknown;
  readonly operands: readonly Node[];
  /** How many axes at the end of each operand are whole in every block, and how many at the end of the result. */
  readonly core: readonly number[];
  readonly resultCore: number;
}

/** Any expression. */
export type Node = LeafNode | ScalarNode | MapNode | ReduceNode | MatmulNode | ViewNode | ApplyNode;

/** The nodes that a node is computed from. */
export function operandsOf(node: Node): readonly Node[] {
  switch (node.type) {
    case "leaf":
    case "scalar":
      return [];
    case "map":
    case "apply":
      return node.operands;
    case "matmul":
      return [node.left, node.right];
    default:
      return [node.operand];
  }
}
