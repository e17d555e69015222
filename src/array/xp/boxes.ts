/** Boxes: the parts in which an expression is computed. Pure. */

/** A box of an array: from `start` to `stop`, excluded. */
export interface Box {
  readonly start: readonly number[];
  readonly stop: readonly number[];
}

/** The whole of a shape. */
export function wholeBox(shape: readonly number[]): Box {
  return { start: shape.map(() => 0), stop: shape };
}

/** The shape of a box. */
export function boxShape({ start, stop }: Box): number[] {
  return stop.map((s, axis) => s - start[axis]!);
}

/**
 * The shape of the boxes to compute: whole chunks, as many as fit into `maxElements`, grown from the last axis on, so that
 * a box is a run of memory as long as possible. A single chunk that is larger is cut along its first axes.
 */
export function boxUnit(shape: readonly number[], chunks: readonly number[] | undefined, maxElements: number): number[] {
  const unit = shape.map((n, axis) => Math.max(1, Math.min(n, chunks?.[axis] ?? n)));
  let size = unit.reduce((a, b) => a * b, 1);
  for (let axis = 0; axis < unit.length && size > maxElements; axis++) {
    const fits = Math.max(1, Math.floor(unit[axis]! / Math.ceil(size / maxElements)));
    size = (size / unit[axis]!) * fits;
    unit[axis] = fits;
  }
  for (let axis = unit.length - 1; axis >= 0; axis--) {
    const times = Math.min(Math.ceil(shape[axis]! / unit[axis]!), Math.floor(maxElements / size));
    if (times <= 1) {
      if (unit[axis]! < shape[axis]!) break;
      continue;
    }
    size = (size / unit[axis]!) * Math.min(shape[axis]!, unit[axis]! * times);
    unit[axis] = Math.min(shape[axis]!, unit[axis]! * times);
    if (unit[axis]! < shape[axis]!) break;
  }
  return unit;
}

/** All boxes of that shape that make up `box`, in C order; those at its end may be smaller. */
export function* boxesOf(box: Box, unit: readonly number[]): Generator<Box> {
  if (box.start.some((s, axis) => s >= box.stop[axis]!)) return;
  const start = [...box.start];
  for (;;) {
    yield { start: [...start], stop: start.map((s, axis) => Math.min(s + unit[axis]!, box.stop[axis]!)) };
    let axis = start.length - 1;
    for (; axis >= 0; axis--) {
      start[axis]! += unit[axis]!;
      if (start[axis]! < box.stop[axis]!) break;
      start[axis] = box.start[axis]!;
    }
    if (axis < 0) return;
  }
}

/** The steps, in elements, from one index of each axis to the next, in C order. */
export function cStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/** The offsets of the rows (runs along the last axis) of a shape, for several layouts at once. */
export function* rowOffsets(shape: readonly number[], layouts: readonly (readonly number[])[]): Generator<number[]> {
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
