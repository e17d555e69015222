/** Selections: which elements of an array, in NumPy's terms. Pure. */
import { DaosError } from "../errors.ts";
import { isNDArray, type NDArray } from "./ndarray.ts";

/** A range of indices with NumPy's meaning; `null` is the end of the axis on that side. */
export interface Slice {
  readonly start: number | null;
  readonly stop: number | null;
  readonly step: number;
}

/** Which elements of one axis, or `"..."`: all of the axes that are not named. */
export type SelectionItem = number | Slice | null | "..." | readonly number[] | readonly boolean[] | NDArray<"bool">;

/**
 * Which elements of an array, an item an axis: an integer drops the axis, a {@link slice} takes a range, `null` the whole
 * axis, a list of integers or a boolean mask those elements, each axis for itself (as NumPy's `ix_`). One `"..."` stands for
 * all axes that are not named; missing trailing axes are whole. Negative indices count from the end.
 */
export type Selection = readonly SelectionItem[];

/** Which elements of one axis, resolved against its length. */
export type Pick =
  /** One element; the axis is dropped. */
  | { readonly type: "index"; readonly index: number }
  /** Elements `start`, `start + step`, ...: `length` of them, all inside the axis. */
  | { readonly type: "range"; readonly start: number; readonly step: number; readonly length: number }
  /** These elements, all inside the axis, in this order, perhaps repeated. */
  | { readonly type: "list"; readonly indices: readonly number[] };

const CONTEXT = "invalid selection";

/**
 * The range `start:stop:step` of NumPy: `slice(2, 10)` is `2:10`, `slice(null, 10)` is `:10`, `slice(null, null, -1)` is
 * `::-1`. With one argument it is `start:` (not, as Python's function of that name, `:stop`).
 *
 * @throws TypeError for what is no whole number, DaosError DER_INVAL for a step of 0.
 */
export function slice(start?: number | null, stop?: number | null, step?: number): Slice {
  return checkSlice({ start: start ?? null, stop: stop ?? null, step: step ?? 1 });
}

const PART = "\\s*([+-]?\\d+)?\\s*";
const RANGE = new RegExp(`^${PART}:${PART}(?::${PART})?$`);
const INTEGER = /^\s*[+-]?\d+\s*$/;
const MASK = /^\s*\[\s*((?:true|false)(?:\s*,\s*(?:true|false))*)\s*\]\s*$/i;
const LIST = /^\s*\[\s*([+-]?\d+(?:\s*,\s*[+-]?\d+)*)?\s*\]\s*$/;

/**
 * A selection written as in Python: `sel("0:10:2, ..., -1, [3, 1], [true, false]")`.
 *
 * @throws TypeError when it is not a text, DaosError DER_INVAL when it cannot be read.
 */
export function sel(text: string): Selection {
  if (typeof text !== "string") throw new TypeError(`sel takes a text, not ${typeof text}`);
  const inner = text.trim();
  if (inner === "") return [];
  // A comma inside brackets separates indices, not axes.
  return inner.split(/,(?![^[]*\])/).map((part): SelectionItem => {
    const trimmed = part.trim();
    if (trimmed === "...") return "...";
    if (INTEGER.test(part)) return Number(trimmed);
    const range = RANGE.exec(part);
    if (range !== null) {
      const [start, stop, step] = range.slice(1).map((digits) => (digits === undefined ? null : bound(digits)));
      return checkSlice({ start: start!, stop: stop!, step: step ?? 1 });
    }
    const list = LIST.exec(part);
    if (list !== null) return list[1] === undefined ? [] : list[1].split(",").map(Number);
    const mask = MASK.exec(part);
    if (mask !== null) return mask[1]!.split(",").map((word) => word.trim().toLowerCase() === "true");
    throw new DaosError("DER_INVAL", CONTEXT, {
      detail: `${JSON.stringify(trimmed)} in ${JSON.stringify(text)} is no index, range, list, mask or "..."`,
    });
  });
}

/** A bound beyond what a number counts exactly is beyond every axis. */
function bound(digits: string): number {
  return Math.min(Math.max(Number(digits), -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

/**
 * The selection resolved against `shape`: a pick for each axis.
 *
 * @throws TypeError for what is no selection; DaosError DER_INVAL for an index out of range, too many axes, two `"..."`, a
 * mask of another length, a step of 0.
 */
export function resolve(selection: Selection | null | undefined, shape: readonly number[]): Pick[] {
  if (selection === undefined || selection === null) return shape.map(whole);
  if (!Array.isArray(selection))
    throw new TypeError(
      typeof selection === "string"
        ? `a selection is a list; write sel(${JSON.stringify(selection)})`
        : `a selection is a list of indices, slices, null, "...", lists and masks, not ${typeof selection}`,
    );
  const items: readonly unknown[] = selection;
  const dots = items.indexOf("...");
  if (dots !== -1 && items.indexOf("...", dots + 1) !== -1)
    throw new DaosError("DER_INVAL", CONTEXT, { detail: 'there is more than one "..."' });
  const named = items.length - (dots === -1 ? 0 : 1);
  if (named > shape.length)
    throw new DaosError("DER_INVAL", CONTEXT, {
      detail: `${named} axes are indexed, but the array has ${shape.length}`,
    });
  const before = dots === -1 ? items.length : dots;
  const after = dots === -1 ? [] : items.slice(dots + 1);
  const firstAfter = shape.length - after.length;
  return shape.map((length, axis) => {
    if (axis < before) return resolveItem(items[axis], length, axis);
    return axis < firstAfter ? whole(length) : resolveItem(after[axis - firstAfter], length, axis);
  });
}

/** The number of elements that a pick has; `undefined` for one that drops its axis. */
export function lengthOf(pick: Pick): number | undefined {
  if (pick.type === "index") return undefined;
  return pick.type === "range" ? pick.length : pick.indices.length;
}

/** The whole axis. */
export function whole(length: number): Pick {
  return { type: "range", start: 0, step: 1, length };
}

function resolveItem(item: unknown, length: number, axis: number): Pick {
  if (item === null) return whole(length);
  if (typeof item === "number") return { type: "index", index: resolveIndex(item, length, axis) };
  if (Array.isArray(item)) return resolveList(item, length, axis);
  if (isNDArray(item)) return resolveMaskArray(item, length, axis);
  if (typeof item === "object" && item !== null && "step" in item) return resolveSlice(item as Slice, length);
  throw new TypeError(
    `axis ${axis} is indexed by ${item === undefined ? "undefined; write null for the whole axis" : describe(item)}`,
  );
}

/** Python's `slice.indices`. */
function resolveSlice(range: Slice, length: number): Pick {
  const { start, stop, step } = checkSlice(range);
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const clip = (bound: number): number => Math.min(Math.max(bound < 0 ? bound + length : bound, low), high);
  const first = start === null ? (step > 0 ? low : high) : clip(start);
  const end = stop === null ? (step > 0 ? high : low) : clip(stop);
  const count = Math.max(0, Math.ceil((end - first) / step));
  // An empty range starts anywhere; one of a single element may have any step.
  return { type: "range", start: count === 0 ? 0 : first, step: count <= 1 ? 1 : step, length: count };
}

function resolveIndex(index: number, length: number, axis: number): number {
  if (!Number.isInteger(index)) throw new TypeError(`axis ${axis} is indexed by ${index}, which is no whole number`);
  const resolved = index < 0 ? index + length : index;
  if (resolved < 0 || resolved >= length)
    throw new DaosError("DER_INVAL", CONTEXT, {
      detail: `index ${index} is out of range for axis ${axis} with length ${length}`,
    });
  return resolved + 0; // -0 becomes 0
}

function resolveList(list: readonly unknown[], length: number, axis: number): Pick {
  if (list.length > 0 && list.every((v) => typeof v === "boolean")) {
    if (list.length !== length) throw badMask(list.length, length, axis);
    return { type: "list", indices: list.flatMap((v, i) => (v ? [i] : [])) };
  }
  return {
    type: "list",
    indices: Array.from(list, (v) => {
      if (typeof v !== "number") throw new TypeError(`axis ${axis} is indexed by a list with ${describe(v)} in it`);
      return resolveIndex(v, length, axis);
    }),
  };
}

function resolveMaskArray({ data, shape, stride, offset, dtype }: NDArray, length: number, axis: number): Pick {
  if (dtype !== "bool" || shape.length !== 1)
    throw new TypeError(
      `axis ${axis} is indexed by an array of ${dtype} with ${shape.length} axes; a mask is of bool, with one axis`,
    );
  if (shape[0] !== length) throw badMask(shape[0]!, length, axis);
  const indices: number[] = [];
  for (let i = 0; i < length; i++) if (data[(offset ?? 0) + i * (stride?.[0] ?? 1)]) indices.push(i);
  return { type: "list", indices };
}

function checkSlice(range: Slice): Slice {
  for (const value of [range.start, range.stop])
    if (value !== null && !Number.isSafeInteger(value))
      throw new TypeError(`the bounds of a slice are whole numbers or null, not ${describe(value)}`);
  if (!Number.isSafeInteger(range.step))
    throw new TypeError(`the step of a slice is a whole number, not ${describe(range.step)}`);
  if (range.step === 0) throw new DaosError("DER_INVAL", CONTEXT, { detail: "the step of a slice cannot be 0" });
  return range;
}

function badMask(got: number, length: number, axis: number): DaosError<"DER_INVAL"> {
  return new DaosError("DER_INVAL", CONTEXT, {
    detail: `the mask of axis ${axis} has ${got} elements, the axis has ${length}`,
  });
}

function describe(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : typeof value === "object" ? "an object" : String(value);
}
