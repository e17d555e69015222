/** Copying boxes of elements between memories with any strides. Pure. */

/** One axis of a box: how many elements, and how far apart they are in both memories, or where each of them is. */
export interface CopyAxis {
  readonly count: number;
  readonly from: Step;
  readonly to: Step;
}

/** Distances in elements: even ones, or one for each element. */
export type Step = number | readonly number[];

/** Rows of at least this many entries are copied by `TypedArray.set`, whose call costs as much as copying 32 in a loop. */
const SET_MIN = 32;

type Units = Uint8Array | Uint16Array | Uint32Array;

/**
 * Copies elements of `bytes` bytes, bit for bit, from `from` (the first one is number `fromAt`) to `to`, along `axes`, the
 * last of which runs fastest. Where elements coincide in `to`, the last one stays.
 */
export function copyBox(
  bytes: number,
  from: Uint8Array,
  fromAt: number,
  to: Uint8Array,
  toAt: number,
  axes: readonly CopyAxis[],
): void {
  const unit = Math.min(bytes, 4);
  const per = bytes / unit;
  const merged = merge(axes);
  if (merged === undefined) return;
  const source = unitsOf(from, unit);
  const target = unitsOf(to, unit);
  const scaled = per === 1 ? merged : merged.map((axis) => scale(axis, per));
  copyAxes(source, fromAt * per, target, toAt * per, scaled, 0, per);
}

/** Copies along `axes[depth]` and those after it. */
function copyAxes(
  from: Units,
  fromAt: number,
  to: Units,
  toAt: number,
  axes: readonly CopyAxis[],
  depth: number,
  per: number,
): void {
  const axis = axes[depth];
  if (axis === undefined) {
    for (let k = 0; k < per; k++) to[toAt + k] = from[fromAt + k]!;
    return;
  }
  const { count } = axis;
  if (depth === axes.length - 1) {
    if (typeof axis.from === "number" && typeof axis.to === "number")
      copyRow(from, fromAt, axis.from, to, toAt, axis.to, count, per);
    else copyListed(from, fromAt, to, toAt, axis, per);
    return;
  }
  for (let i = 0; i < count; i++)
    copyAxes(from, fromAt + distance(axis.from, i), to, toAt + distance(axis.to, i), axes, depth + 1, per);
}

function copyRow(
  from: Units,
  fromAt: number,
  fromStep: number,
  to: Units,
  toAt: number,
  toStep: number,
  count: number,
  per: number,
): void {
  if (fromStep === per && toStep === per) {
    const length = count * per;
    if (length >= SET_MIN) to.set(from.subarray(fromAt, fromAt + length), toAt);
    else for (let i = 0; i < length; i++) to[toAt + i] = from[fromAt + i]!;
    return;
  }
  if (fromStep === 0 && toStep === 1) {
    to.fill(from[fromAt]!, toAt, toAt + count);
    return;
  }
  let f = fromAt;
  let t = toAt;
  switch (per) {
    case 1:
      for (let i = 0; i < count; i++, f += fromStep, t += toStep) to[t] = from[f]!;
      break;
    case 2:
      for (let i = 0; i < count; i++, f += fromStep, t += toStep) {
        to[t] = from[f]!;
        to[t + 1] = from[f + 1]!;
      }
      break;
    default:
      for (let i = 0; i < count; i++, f += fromStep, t += toStep)
        for (let k = 0; k < per; k++) to[t + k] = from[f + k]!;
  }
}

function copyListed(from: Units, fromAt: number, to: Units, toAt: number, axis: CopyAxis, per: number): void {
  for (let i = 0; i < axis.count; i++) {
    const f = fromAt + distance(axis.from, i);
    const t = toAt + distance(axis.to, i);
    for (let k = 0; k < per; k++) to[t + k] = from[f + k]!;
  }
}

function distance(step: Step, i: number): number {
  return typeof step === "number" ? step * i : step[i]!;
}

/** Without axes of one element, and with axes joined that are one even run in both memories; `undefined`: nothing to copy. */
function merge(axes: readonly CopyAxis[]): CopyAxis[] | undefined {
  const merged: CopyAxis[] = [];
  for (const axis of axes) {
    if (axis.count === 0) return undefined;
    if (axis.count === 1 && typeof axis.from === "number" && typeof axis.to === "number") continue;
    const outer = merged.at(-1);
    if (
      outer !== undefined &&
      typeof axis.from === "number" &&
      typeof axis.to === "number" &&
      outer.from === axis.from * axis.count &&
      outer.to === axis.to * axis.count
    )
      merged[merged.length - 1] = { count: outer.count * axis.count, from: axis.from, to: axis.to };
    else merged.push(axis);
  }
  return merged;
}

function scale({ count, from, to }: CopyAxis, per: number): CopyAxis {
  const scaled = (step: Step): Step => (typeof step === "number" ? step * per : step.map((d) => d * per));
  return { count, from: scaled(from), to: scaled(to) };
}

function unitsOf(bytes: Uint8Array, unit: number): Units {
  if (unit === 1) return bytes;
  const { buffer, byteOffset, byteLength } = bytes;
  return unit === 2
    ? new Uint16Array(buffer, byteOffset, byteLength / 2)
    : new Uint32Array(buffer, byteOffset, byteLength / 4);
}
