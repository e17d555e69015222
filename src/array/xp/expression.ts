/** Expressions as sources: what makes them arrays like any other, which are read, viewed, stored and computed on. */
import type { Bulk } from "../../dict/options.ts";
import type { Steps } from "../../engine/steps.ts";
import { DaosError } from "../../errors.ts";
import { CONTEXT } from "../algorithms.ts";
import { DTYPES, type DType } from "../dtype.ts";
import { type NDArray, ndarray, sizeOf } from "../ndarray.ts";
import { ConvertedSource, type Source, ViewSource } from "../source.ts";
import { fullView, type View } from "../view.ts";
import { cutSplits } from "./boxes.ts";
import { castNode, viewNode } from "./build.ts";
import { BOX_ELEMENTS, countSteps, evaluateInto, memoryNode, Pass } from "./evaluate.ts";
import { neededFirst, pickNode, type Ready, splitsOf, splitView } from "./graph.ts";
import { type LeafNode, type Node, operandsOf } from "./node.ts";

/** Boxes are not made smaller than this to save memory. */
const BOX_ELEMENTS_MIN = 4096;

/** An array whose elements are computed when they are read. */
export class ExpressionSource<D extends DType = DType> implements Source<D> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly reads: ReadonlySet<string>;
  readonly node: Node;
  readonly #leaves: readonly LeafNode[];
  /** Results that a pass over all boxes needs again and again, since the last call that began one. */
  #ready = new Map<Node, LeafNode>();

  constructor(node: Node & { readonly dtype: D }) {
    this.dtype = node.dtype;
    this.shape = node.shape;
    this.node = node;
    this.#leaves = leavesOf(node);
    this.reads = new Set(this.#leaves.flatMap(({ source }) => [...source.reads]));
  }

  *refresh(o: (Bulk & { maxBytes?: number | undefined }) | undefined): Steps<void> {
    this.#ready = new Map();
    checkMemory(neededFirst(this.node), o?.maxBytes);
    for (const { source, shape } of this.#leaves) {
      yield* source.refresh(o);
      if (String(source.shape) !== String(shape))
        throw new DaosError("DER_INVAL", "shapes do not match", {
          detail: `an operand had the shape [${shape}] when the expression was made and has [${source.shape}] now; make it anew`,
        });
    }
  }

  *read(view: View, out: NDArray<D>, o: (Bulk & { maxBytes?: number | undefined }) | undefined): Steps<void> {
    const ready = this.#ready;
    const first = neededFirst(this.node).filter((node) => !ready.has(node));
    const results = sizeOf(view.shape) * DTYPES[this.dtype].bytes;
    const pass = new Pass(
      boxElements(this.node, o?.maxBytes, results + bytesOf(neededFirst(this.node))),
      o?.signal,
      o?.onProgress,
    );
    const { picks, layout } = splitView(view);
    const before = o?.onProgress === undefined ? 0 : first.reduce((n, node) => n + countSteps(node, pass), 0);
    // What is not ready yet counts as much as if it were.
    const estimate = o?.onProgress === undefined ? 0 : countSteps(pickNode(this.node, picks), pass);
    pass.expect(before + estimate);
    try {
      for (const node of first) {
        const array = ndarray(node.dtype, node.shape);
        yield* evaluateInto(pickNode(node, picksOfAll(node), without(ready, node)), array, pass);
        ready.set(node, memoryNode(array));
      }
      yield* evaluateInto(viewNode(pickNode(this.node, picks, ready), layout), out as NDArray, pass);
    } finally {
      pass.end();
    }
  }

  splits(view: View): readonly (readonly number[])[] {
    const { picks, layout } = splitView(view);
    const picked = pickNode(this.node, picks);
    const splits = cutSplits(splitsOf(picked), picked.shape, BOX_ELEMENTS);
    return layout.axes.map((on, axis) => (on === undefined ? (view.shape[axis] === 0 ? [] : [0]) : splits[on]!));
  }
}

/** The expression behind a source: expressions in expressions become one, so that their chains are computed in one go. */
export function nodeOf(source: Source): Node {
  if (source instanceof ExpressionSource) return source.node;
  if (source instanceof ConvertedSource) return castNode(nodeOf(source.base as Source), source.dtype as DType);
  if (source instanceof ViewSource && isComputed(source.base)) return viewNode(nodeOf(source.base), source.view);
  let leaf = leaves.get(source);
  // The shape of a stored array may have changed since.
  if (leaf === undefined || String(leaf.shape) !== String(source.shape)) {
    leaf = { type: "leaf", dtype: source.dtype, shape: source.shape, source };
    leaves.set(source, leaf);
  }
  return leaf;
}

/** One leaf for each source: an array that occurs twice in an expression is read once. */
const leaves = new WeakMap<Source, LeafNode>();

function isComputed(source: Source): boolean {
  if (source instanceof ViewSource || source instanceof ConvertedSource) return isComputed(source.base as Source);
  return source instanceof ExpressionSource;
}

function leavesOf(root: Node): LeafNode[] {
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    for (const operand of operandsOf(node)) visit(operand);
  };
  visit(root);
  return [...seen].filter((node) => node.type === "leaf");
}

function bytesOf(nodes: readonly Node[]): number {
  return nodes.reduce((sum, { shape, dtype }) => sum + sizeOf(shape) * DTYPES[dtype].bytes, 0);
}

/** DER_NOMEM when results that are needed again and again have no room. */
function checkMemory(first: readonly Node[], maxBytes: number | undefined): void {
  const needed = bytesOf(first);
  const most = maxBytes ?? process.availableMemory();
  if (needed <= most) return;
  throw new DaosError("DER_NOMEM", CONTEXT.read, {
    detail: `what the expression needs again for each of its parts has ${needed} bytes, ${
      maxBytes === undefined ? "free are" : "maxBytes is"
    } ${most}; store a part of the expression first`,
  });
}

/** How many elements a box may have, so that those of all operands fit into what is left. */
function boxElements(node: Node, maxBytes: number | undefined, taken: number): number {
  if (maxBytes === undefined) return BOX_ELEMENTS;
  const perElement = DTYPES[node.dtype].bytes + leavesOf(node).reduce((sum, { dtype }) => sum + DTYPES[dtype].bytes, 0);
  return Math.min(BOX_ELEMENTS, Math.max(BOX_ELEMENTS_MIN, Math.floor((maxBytes - taken) / perElement)));
}

function picksOfAll({ shape }: Node): { type: "range"; start: number; step: 1; length: number }[] {
  return fullView(shape).picks as { type: "range"; start: number; step: 1; length: number }[];
}

/** What is ready, but for the node that is about to be. */
function without(ready: Ready, node: Node): Ready {
  return new Map([...ready].filter(([other]) => other !== node));
}
