/** Parts of expressions: which parts of its operands a part of a node needs, and where it is best cut. Pure. */

import { lengthOf, type Pick, whole } from "../selection.ts";
import { ViewSource } from "../source.ts";
import { fullView, pickView, type View } from "../view.ts";
import { evenSplits, type Splits } from "./boxes.ts";
import { type LeafNode, type MatmulNode, type Node, operandsOf, type ReduceNode } from "./node.ts";

/** The side of a tile of a product of matrices. */
const TILE = 512;

/** Nodes whose results are at hand instead of being computed again. */
export type Ready = ReadonlyMap<Node, LeafNode>;

/** Picks of all axes of a node; an `index` counts as a range of one. */
export type Picks = readonly Exclude<Pick, { type: "index" }>[];

/** All of an axis. */
function isWhole(pick: Pick, length: number): boolean {
  return pick.type === "range" && pick.length === length && pick.start === 0 && (pick.step === 1 || length <= 1);
}

/** The node that computes just what the picks take of a node: the picks are moved down to what is read. */
export function pickNode(node: Node, picks: Picks, ready: Ready = new Map()): Node {
  return pickOnce(node, picks, ready, new Map());
}

/** A node that is an operand of several others stays one. */
function pickOnce(node: Node, picks: Picks, ready: Ready, seen: Map<Node, Map<string, Node>>): Node {
  let own = seen.get(node);
  if (own === undefined) {
    own = new Map();
    seen.set(node, own);
  }
  const key = JSON.stringify(picks);
  let picked = own.get(key);
  if (picked === undefined) {
    picked = pickAnew(node, picks, ready, (operand, inner) => pickOnce(operand, inner, ready, seen));
    own.set(key, picked);
  }
  return picked;
}

function pickAnew(node: Node, picks: Picks, ready: Ready, pick: (node: Node, picks: Picks) => Node): Node {
  const have = ready.get(node);
  if (have !== undefined) return pick(have, picks);
  const shape = picks.map((p) => lengthOf(p)!);
  const all = picks.every((p, axis) => isWhole(p, node.shape[axis]!));
  if (all && ready.size === 0) return node;
  switch (node.type) {
    case "scalar":
      return node;
    case "leaf":
      if (all) return node;
      return { ...node, shape, source: new ViewSource(node.source, pickView(fullView(node.shape), picks)) };
    case "map":
      return {
        ...node,
        shape,
        operands: node.operands.map((operand) => pick(operand, picksOfOperand(operand.shape, node.shape, picks))),
      };
    case "reduce": {
      let next = 0;
      const inner = node.operand.shape.map((n, axis) => (node.axes.includes(axis) ? wholePick(n) : picks[next++]!));
      return { ...node, shape, operand: pick(node.operand, inner) };
    }
    case "matmul": {
      const [rows, columns] = picks as [Picks[number], Picks[number]];
      return {
        ...node,
        shape,
        left: pick(node.left, [rows, wholePick(node.left.shape[1]!)]),
        right: pick(node.right, [wholePick(node.right.shape[0]!), columns]),
      };
    }
    case "view": {
      const view = pickView(node.view, picks);
      const { picks: inner, layout } = splitView(view);
      const operand = pick(node.operand, inner);
      if (operand.type === "leaf") return { ...operand, shape, source: new ViewSource(operand.source, layout) };
      return { ...node, shape, operand, view: layout };
    }
    case "apply": {
      // Axes inside the blocks come whole from the function.
      const loop = node.shape.length - node.resultCore;
      const outer = picks.map((p, axis) => (axis < loop ? p : wholePick(node.shape[axis]!)));
      const picked: Node = {
        ...node,
        shape: outer.map((p) => lengthOf(p)!),
        operands: node.operands.map((operand, i) => {
          const loops = operand.shape.length - node.core[i]!;
          const own = picksOfOperand(operand.shape.slice(0, loops), node.shape.slice(0, loop), picks.slice(0, loop));
          return pick(operand, [...own, ...operand.shape.slice(loops).map(wholePick)]);
        }),
      };
      const inner = picks.map((p, axis) => (axis < loop ? wholePick(lengthOf(p)!) : p));
      if (inner.every((p, axis) => isWhole(p, picked.shape[axis]!))) return picked;
      return { type: "view", dtype: node.dtype, shape, operand: picked, view: pickView(fullView(picked.shape), inner) };
    }
  }
}

/** A view as picks of each axis of its base, and how the axes of what they take are laid out. */
export function splitView(view: View): { readonly picks: Picks; readonly layout: View } {
  const picks = view.picks.map((pick): Picks[number] =>
    pick.type === "index" ? { type: "range", start: pick.index, step: 1, length: 1 } : pick,
  );
  const shape = picks.map((pick) => lengthOf(pick)!);
  const inner = shape.map((n, axis): Pick => (view.axes.includes(axis) ? whole(n) : { type: "index", index: 0 }));
  return { picks, layout: { shape: view.shape, axes: view.axes, picks: inner } };
}

/** Where blocks of a node begin on each axis, so that as few chunks as can be are read twice. */
export function splitsOf(node: Node): Splits {
  switch (node.type) {
    case "leaf":
      return node.source.splits(fullView(node.shape));
    case "scalar":
      return [];
    case "map":
      return joinedSplits(
        node.shape,
        node.operands.map((operand) => splitsOf(operand)),
        node.operands.map((operand) => operand.shape),
      );
    case "reduce":
      return splitsOf(node.operand).filter((_, axis) => !node.axes.includes(axis));
    case "matmul":
      return node.shape.map((n) => evenSplits(n, TILE));
    case "view": {
      const splits = splitsOf(pickNode(node.operand, splitView(node.view).picks));
      return node.view.axes.map((on, axis) => (on === undefined ? (node.shape[axis] === 0 ? [] : [0]) : splits[on]!));
    }
    case "apply": {
      const loop = node.shape.length - node.resultCore;
      const outer = joinedSplits(
        node.shape.slice(0, loop),
        node.operands.map((operand, i) => splitsOf(operand).slice(0, operand.shape.length - node.core[i]!)),
        node.operands.map((operand, i) => operand.shape.slice(0, operand.shape.length - node.core[i]!)),
      );
      return [...outer, ...node.shape.slice(loop).map((n) => (n === 0 ? [] : [0]))];
    }
  }
}

/**
 * Results that are needed more than once in a pass over the boxes of a node: what is broadcast, and what a product of
 * matrices reads. They are computed first. Those that others are computed from come first.
 */
export function neededFirst(root: Node): (ReduceNode | MatmulNode)[] {
  const found = new Set<ReduceNode | MatmulNode>();
  const visit = (node: Node, again: boolean): void => {
    if (node.type === "map" || node.type === "apply")
      for (const operand of node.operands)
        visit(operand, again || (node.operands.length > 1 && String(operand.shape) !== String(node.shape)));
    else if (node.type === "matmul") for (const operand of operandsOf(node)) visit(operand, true);
    else if (node.type === "reduce") visit(node.operand, again);
    else if (node.type === "view") visit(node.operand, again || node.view.axes.includes(undefined));
    if (again && (node.type === "reduce" || node.type === "matmul")) found.add(node);
  };
  visit(root, false);
  return [...found];
}

function wholePick(length: number): Picks[number] {
  return { type: "range", start: 0, step: 1, length };
}

/** The picks of an operand that is broadcast to `to`: an axis of one element is never picked from, only repeated. */
function picksOfOperand(shape: readonly number[], to: readonly number[], picks: Picks): Picks {
  const lead = to.length - shape.length;
  return shape.map((n, axis) => (n === 1 && to[axis + lead] !== 1 ? wholePick(1) : picks[axis + lead]!));
}

/** For each axis the splits of that operand which has most of them altogether and is not broadcast there. */
function joinedSplits(
  shape: readonly number[],
  splits: readonly Splits[],
  shapes: readonly (readonly number[])[],
): Splits {
  const blocks = splits.map((own) => own.reduce((count, { length }) => count * length, 1));
  const order = splits.map((_, i) => i).sort((a, b) => blocks[b]! - blocks[a]!);
  return shape.map((n, axis) => {
    if (n === 0) return [];
    for (const i of order) {
      const own = axis - shape.length + shapes[i]!.length;
      if (own >= 0 && shapes[i]![own] === n) return splits[i]![own]!;
    }
    return [0];
  });
}
