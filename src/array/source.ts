/**
 * What every array that can be read comes down to: stored arrays, views of them, files, and whatever computes its elements
 * when they are asked for. A view is handed down to what it is a view of, so that nothing is read that is not seen.
 */
import type { Bulk } from "../dict/options.ts";
import type { Steps } from "../engine/steps.ts";
import { convert } from "./convert.ts";
import { copyBox } from "./copy.ts";
import { allocate, asBytes, DTYPES, type DType } from "./dtype.ts";
import { isContiguous, type NDArray, ndarray, sizeOf } from "./ndarray.ts";
import { composeViews, pickView, type View } from "./view.ts";

/** A readable array. */
export interface Source<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  /** Objects whose content it reads, by their ids: writing one of them while reading would mix old and new. */
  readonly reads: ReadonlySet<string>;
  /** Brings what is known of the storage (`shape`) up to date. */
  refresh(o: Bulk | undefined): Steps<void>;
  /** Reads what `view`, a view of this array, sees into `out`, which has its shape and this dtype. */
  read(view: View, out: NDArray<D>, o: Bulk | undefined): Steps<void>;
  /** For each axis of `view`, where blocks that read well begin: ascending from 0; empty for an axis without elements. */
  splits(view: View): readonly (readonly number[])[];
}

/** Array objects of either face have their source under this name. */
export const SOURCE: unique symbol = Symbol.for("tsdaos.source");

/** The source behind an array object; `undefined` for anything else. */
export function sourceBehind(value: unknown): Source | undefined {
  return typeof value === "object" && value !== null ? (value as { [SOURCE]?: Source })[SOURCE] : undefined;
}

/** A box of an array: where it begins on each axis, and its shape. */
export interface Block {
  readonly start: readonly number[];
  readonly shape: readonly number[];
}

/** Blocks of fewer bytes are joined, so that what is done once a block does not count. */
const BLOCK_BYTES = 1024 * 1024;

/** A part of another source. */
export class ViewSource<D extends DType> implements Source<D> {
  readonly dtype: D;
  /** What it is a part of. */
  readonly base: Source<D>;
  /** Which part. */
  readonly view: View;

  constructor(base: Source<D>, view: View) {
    this.dtype = base.dtype;
    this.base = base;
    this.view = view;
  }

  get shape(): readonly number[] {
    return this.view.shape;
  }

  get reads(): ReadonlySet<string> {
    return this.base.reads;
  }

  refresh(o: Bulk | undefined): Steps<void> {
    return this.base.refresh(o);
  }

  read(view: View, out: NDArray<D>, o: Bulk | undefined): Steps<void> {
    return this.base.read(composeViews(this.view, view), out, o);
  }

  splits(view: View): readonly (readonly number[])[] {
    return this.base.splits(composeViews(this.view, view));
  }
}

/** Another source with its elements converted, block by block. */
export class ConvertedSource<D extends DType, E extends DType> implements Source<E> {
  readonly dtype: E;
  /** What is converted. */
  readonly base: Source<D>;

  constructor(base: Source<D>, dtype: E) {
    this.dtype = dtype;
    this.base = base;
  }

  get shape(): readonly number[] {
    return this.base.shape;
  }

  get reads(): ReadonlySet<string> {
    return this.base.reads;
  }

  refresh(o: Bulk | undefined): Steps<void> {
    return this.base.refresh(o);
  }

  *read(view: View, out: NDArray<E>, o: Bulk | undefined): Steps<void> {
    for (const block of blocksOf(this.splits(view), view.shape, DTYPES[this.base.dtype].bytes)) {
      const part = pickView(view, picksOf(block));
      const from = ndarray(this.base.dtype, block.shape);
      yield* this.base.read(part, from, o);
      const to = ndarray(this.dtype, block.shape);
      convert(this.base.dtype, from.data, this.dtype, to.data, sizeOf(block.shape));
      copyInto(to, boxOf(out, block));
    }
  }

  splits(view: View): readonly (readonly number[])[] {
    return this.base.splits(view);
  }
}

/** An array in memory. */
export class MemorySource<D extends DType> implements Source<D> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly reads: ReadonlySet<string> = new Set();
  /** The array itself. */
  readonly array: NDArray<D>;

  constructor(array: NDArray<D>) {
    this.dtype = array.dtype;
    this.shape = array.shape;
    this.array = array;
  }

  *refresh(): Steps<void> {}

  *read(view: View, out: NDArray<D>): Steps<void> {
    const { data, stride, offset } = this.array;
    // Along an axis of the view, the way through memory is that of the axis of the array below it.
    const fixed = view.picks.reduce(
      (at, pick, axis) => at + (pick.type === "index" ? pick.index * stride[axis]! : 0),
      offset,
    );
    let start = fixed;
    const axes = view.axes.map((on, axis) => {
      const to = out.stride[axis]!;
      const count = view.shape[axis]!;
      const pick = on === undefined ? undefined : view.picks[on]!;
      if (pick === undefined || pick.type === "index") return { count, from: 0, to };
      const step = stride[on!]!;
      if (pick.type === "list") return { count, from: pick.indices.map((i) => i * step), to };
      start += pick.start * step;
      return { count, from: pick.step * step, to };
    });
    // An axis of a broadcast has a pick of one element that no axis of the view runs along.
    view.picks.forEach((pick, axis) => {
      if (pick.type !== "index" && !view.axes.includes(axis))
        start += (pick.type === "range" ? pick.start : pick.indices[0]!) * stride[axis]!;
    });
    copyBox(DTYPES[this.dtype].bytes, asBytes(data), start, asBytes(out.data), out.offset, axes);
  }

  splits(view: View): readonly (readonly number[])[] {
    return view.shape.map((n) => (n === 0 ? [] : [0]));
  }
}

/** The blocks between the splits, in C order, joined along the last axes as long as they have few bytes. */
export function* blocksOf(
  splits: readonly (readonly number[])[],
  shape: readonly number[],
  bytes: number,
): Generator<Block, void, void> {
  if (splits.some((starts) => starts.length === 0)) return;
  const joined = joinSplits(splits, shape, bytes);
  const at = joined.map(() => 0);
  for (;;) {
    const start = joined.map((starts, axis) => starts[at[axis]!]!);
    yield { start, shape: joined.map((starts, axis) => (starts[at[axis]! + 1] ?? shape[axis]!) - start[axis]!) };
    let axis = joined.length - 1;
    while (axis >= 0 && ++at[axis]! === joined[axis]!.length) at[axis--] = 0;
    if (axis < 0) return;
  }
}

/** How many blocks there are. */
export function countBlocks(splits: readonly (readonly number[])[], shape: readonly number[], bytes: number): number {
  return joinSplits(splits, shape, bytes).reduce((count, starts) => count * starts.length, 1);
}

/** The block as picks. */
export function picksOf({ start, shape }: Block): { type: "range"; start: number; step: 1; length: number }[] {
  return start.map((first, axis) => ({ type: "range", start: first, step: 1, length: shape[axis]! }));
}

/** The block of an array in memory. */
export function boxOf<D extends DType>(a: NDArray<D>, { start, shape }: Block): NDArray<D> {
  return { ...a, shape, offset: start.reduce((at, first, axis) => at + first * a.stride[axis]!, a.offset) };
}

/** Copies elements of arrays of the same shape and dtype. */
export function copyInto<D extends DType>(from: NDArray<D>, to: NDArray<D>): void {
  copyBox(
    DTYPES[from.dtype].bytes,
    asBytes(from.data),
    from.offset,
    asBytes(to.data),
    to.offset,
    from.shape.map((count, axis) => ({ count, from: from.stride[axis]!, to: to.stride[axis]! })),
  );
}

/** The array with its elements in C order: itself, or a copy. */
export function contiguous<D extends DType>(a: NDArray<D>): NDArray<D> {
  if (isContiguous(a)) return a;
  const copy = ndarray(a.dtype, a.shape, allocate(a.dtype, sizeOf(a.shape)));
  copyInto(a, copy);
  return copy;
}

/** From the last axis to the first, while blocks are small: intervals are joined. */
function joinSplits(splits: readonly (readonly number[])[], shape: readonly number[], bytes: number): number[][] {
  const joined = splits.map((starts) => [...starts]);
  // The biggest block that there is now.
  const longest = joined.map((starts, axis) =>
    starts.reduce((most, start, i) => Math.max(most, (starts[i + 1] ?? shape[axis]!) - start), 0),
  );
  let size = longest.reduce((product, n) => product * n, bytes);
  for (let axis = joined.length - 1; axis >= 0 && size * 2 <= BLOCK_BYTES; axis--) {
    const room = Math.floor((BLOCK_BYTES / size) * longest[axis]!);
    const starts: number[] = [];
    const old = joined[axis]!;
    let most = 0;
    old.forEach((start, i) => {
      const end = old[i + 1] ?? shape[axis]!;
      if (starts.length === 0 || end - starts.at(-1)! > room) starts.push(start);
      most = Math.max(most, end - starts.at(-1)!);
    });
    joined[axis] = starts;
    size = (size / longest[axis]!) * most;
    longest[axis] = most;
  }
  return joined;
}
