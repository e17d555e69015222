/** Boxes: the parts in which an expression is computed. Pure. */
import type { Block } from "../source.ts";

/** The whole of a shape. */
export function wholeBlock(shape: readonly number[]): Block {
  return { start: shape.map(() => 0), shape };
}

/** Where blocks begin on each axis. */
export type Splits = readonly (readonly number[])[];

/** The splits with blocks cut, along their first axes, until none has more than `maxElements`. */
export function cutSplits(splits: Splits, shape: readonly number[], maxElements: number): number[][] {
  const cut = splits.map((starts) => [...starts]);
  const longest = cut.map((starts, axis) =>
    starts.reduce((most, start, i) => Math.max(most, (starts[i + 1] ?? shape[axis]!) - start), 0),
  );
  let size = longest.reduce((product, n) => product * n, 1);
  for (let axis = 0; axis < cut.length && size > maxElements; axis++) {
    const most = Math.max(1, Math.floor(longest[axis]! / Math.ceil(size / maxElements)));
    cut[axis] = cut[axis]!.flatMap((start, i) => {
      const end = cut[axis]![i + 1] ?? shape[axis]!;
      return Array.from({ length: Math.ceil((end - start) / most) }, (_, k) => start + k * most);
    });
    size = (size / longest[axis]!) * most;
  }
  return cut;
}

/** Splits at whole numbers of `step`. */
export function evenSplits(length: number, step: number): number[] {
  return Array.from({ length: Math.ceil(length / step) }, (_, i) => i * step);
}

/** The offsets of the rows (runs along the last axis) of a shape, for several layouts at once. */
export function* rowOffsets(
  shape: readonly number[],
  layouts: readonly (readonly number[])[],
): Generator<number[], void, void> {
  const outer = shape.slice(0, -1);
  const index = outer.map(() => 0);
  const offsets = layouts.map(() => 0);
  if (shape.includes(0)) return;
  for (;;) {
    yield offsets;
    let axis = outer.length - 1;
    for (; axis >= 0; axis--) {
      index[axis]!++;
      for (let l = 0; l < layouts.length; l++) offsets[l]! += layouts[l]![axis]!;
      if (index[axis]! < outer[axis]!) break;
      for (let l = 0; l < layouts.length; l++) offsets[l]! -= layouts[l]![axis]! * outer[axis]!;
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}
