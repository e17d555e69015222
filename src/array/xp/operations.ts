/** The functions of `xp`, once for both faces: operands in, the source of an expression out. Pure. */
import { canonical } from "../algorithms.ts";
import { type DType, isDType, shown } from "../dtype.ts";
import { checkNDArray, isNDArray } from "../ndarray.ts";
import { MemorySource, type Source, sourceBehind } from "../source.ts";
import { type ApplyOptions, applyNode } from "./apply.ts";
import { castNode, mapNode, matmulNode, type Operand, type ReduceOptions, reduceNode, whereNode } from "./build.ts";
import { ExpressionSource, nodeOf } from "./expression.ts";
import { FUNCTIONS, type FunctionName } from "./functions.ts";
import type { ApplyNode, Node } from "./node.ts";
import type { ScalarValue } from "./promotion.ts";
import { REDUCTIONS } from "./reductions.ts";

/** A function of `xp`, in terms of what it is given and the source that it gives. */
type Operation = (...args: readonly unknown[]) => Source;

/** Makes all functions of `xp`; `wrap` makes an array of a face from a source and the operands of the call. */
export function createOperations<A>(
  wrap: (source: Source, operands: readonly unknown[]) => A,
): Readonly<Record<string, (...args: unknown[]) => A>> {
  const made: Record<string, (...args: unknown[]) => A> = {};
  const define = (name: string, arity: number, operation: Operation): void => {
    made[name] = (...args) =>
      wrap(operation(...args), name === "apply" ? (args[1] as unknown[]) : args.slice(0, arity));
  };
  for (const name of Object.keys(FUNCTIONS) as FunctionName[]) {
    const { operands: count } = FUNCTIONS[name];
    define(name, count, (...args) => {
      if (args.length !== count)
        throw new TypeError(`xp.${name} takes ${count === 1 ? "one operand" : "two operands"}, not ${args.length}`);
      return expression(
        mapNode(
          name,
          args.map((arg) => operand(name, arg)),
        ),
      );
    });
  }
  for (const name of REDUCTIONS)
    define(name, 1, (a, o) => expression(reduceNode(name, array(name, a), options(name, o))));
  define("where", 3, (condition, a, b) =>
    expression(whereNode(array("where", condition), operand("where", a), operand("where", b))),
  );
  define("clip", 3, (x, low, high) => {
    if ((low ?? undefined) === undefined && (high ?? undefined) === undefined)
      throw new TypeError("xp.clip takes a lower bound, an upper one, or both");
    let node: Node = array("clip", x);
    if (low !== undefined && low !== null) node = mapNode("maximum", [node, operand("clip", low)]);
    if (high !== undefined && high !== null) node = mapNode("minimum", [node, operand("clip", high)]);
    return expression(node);
  });
  define("matmul", 2, (a, b) => expression(matmulNode("matmul", array("matmul", a), array("matmul", b))));
  define("dot", 2, (a, b) => {
    const nodes = [operand("dot", a), operand("dot", b)] as const;
    // As in NumPy, the product with a scalar is one of each element.
    if (nodes.some((node) => !isNode(node) || node.shape.length === 0)) return expression(mapNode("multiply", nodes));
    return expression(matmulNode("dot", nodes[0] as Node, nodes[1] as Node));
  });
  define("astype", 1, (a, dtype) => {
    if (!isDType(dtype)) throw new TypeError(`xp.astype takes a dtype, not ${shown(dtype)}`);
    return expression(castNode(array("astype", a), dtype));
  });
  define("apply", 0, (fn, inputs, o) => {
    if (typeof fn !== "function") throw new TypeError(`xp.apply takes a function, not ${shown(fn)}`);
    if (!Array.isArray(inputs) || inputs.length === 0) throw new TypeError("xp.apply takes a list of arrays");
    return expression(
      applyNode(
        fn as ApplyNode["fn"],
        inputs.map((input) => array("apply", input)),
        (o ?? {}) as ApplyOptions,
      ),
    );
  });
  return Object.freeze(made);
}

function expression(node: Node): Source {
  return new ExpressionSource(node as Node & { readonly dtype: DType });
}

/** An operand that is an array. TypeError for anything else. */
function array(name: string, value: unknown): Node {
  const source = sourceBehind(value);
  if (source !== undefined) return nodeOf(source);
  if (isNDArray(value)) {
    const checked = checkNDArray(value, `an operand of ${name}`);
    let memory = memories.get(value);
    // The elements may change between calls, but not what they are.
    if (memory === undefined || memory.array.data !== checked.data || String(memory.shape) !== String(checked.shape)) {
      memory = new MemorySource(canonical(checked));
      memories.set(value, memory);
    }
    return nodeOf(memory as Source);
  }
  throw new TypeError(`xp.${name} takes arrays; ${shown(value)} is none: write ndarray(dtype, shape, data)`);
}

/** One source for each array in memory, so that one that occurs twice is read once. */
const memories = new WeakMap<object, MemorySource<DType>>();

/** An operand that is an array or a number. */
function operand(name: string, value: unknown): Operand {
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return value;
  if (typeof value === "object" && value !== null && !isNDArray(value) && sourceBehind(value) === undefined) {
    const { re, im } = value as { re?: unknown; im?: unknown };
    if (typeof re === "number" && typeof im === "number") return { re, im } satisfies ScalarValue;
  }
  return array(name, value);
}

function isNode(value: Operand): value is Node {
  return typeof value === "object" && "type" in value;
}

function options(name: string, o: unknown): ReduceOptions {
  if (o === undefined || o === null) return {};
  if (typeof o !== "object") throw new TypeError(`xp.${name} takes { axis, keepdims }, not ${shown(o)}`);
  return o;
}
