/** Views: selections, transpositions and broadcasts of an array, composed without reading anything. Pure. */
import { DaosError } from "../errors.ts";
import { checkShape } from "./ndarray.ts";
import { lengthOf, type Pick, resolve, type Selection, whole } from "./selection.ts";

/** Which elements of a base array, and how they are laid out. */
export interface View {
  /** The shape of what is seen. */
  readonly shape: readonly number[];
  /** For each axis of the view, the axis of the base that it runs along; `undefined`: it only repeats. None occurs twice. */
  readonly axes: readonly (number | undefined)[];
  /** For each axis of the base, which of its elements are seen. */
  readonly picks: readonly Pick[];
}

/** All of an array. */
export function fullView(shape: readonly number[]): View {
  return { shape, axes: shape.map((_, axis) => axis), picks: shape.map(whole) };
}

/** The part of a view that a selection of it takes. */
export function selectView(view: View, selection: Selection | null | undefined): View {
  return pickView(view, resolve(selection, view.shape));
}

/** The part of a view that the picks, one for each of its axes, take. */
export function pickView(view: View, picks: readonly Pick[]): View {
  const base = [...view.picks];
  const shape: number[] = [];
  const axes: (number | undefined)[] = [];
  picks.forEach((pick, axis) => {
    const on = view.axes[axis];
    if (on !== undefined) base[on] = pickOf(base[on]!, pick);
    const length = lengthOf(pick);
    if (length === undefined) return;
    shape.push(length);
    axes.push(on);
  });
  return { shape, axes, picks: base };
}

/** What `inner`, a view of what `outer` shows, sees of the base of `outer`. */
export function composeViews(outer: View, inner: View): View {
  const picks = [...outer.picks];
  inner.picks.forEach((pick, axis) => {
    const on = outer.axes[axis];
    if (on !== undefined) picks[on] = pickOf(picks[on]!, pick);
  });
  return {
    shape: inner.shape,
    axes: inner.axes.map((axis) => (axis === undefined ? undefined : outer.axes[axis])),
    picks,
  };
}

/** The axes in another order; none given: reversed. Negative axes count from the end. */
export function transposeView(view: View, order: readonly number[]): View {
  const ndim = view.shape.length;
  const axes = order.length === 0 ? view.shape.map((_, i) => ndim - 1 - i) : order.map((a) => checkAxis(a, ndim));
  if (axes.length !== ndim || new Set(axes).size !== ndim)
    throw new DaosError("DER_INVAL", "invalid axes", { detail: `[${order}] is no order of ${ndim} axes` });
  return { ...view, shape: axes.map((a) => view.shape[a]!), axes: axes.map((a) => view.axes[a]) };
}

/** Without the axes of length 1, or without those that are named, which must have that length. */
export function squeezeView(view: View, which: readonly number[] | undefined): View {
  const ndim = view.shape.length;
  const gone = new Set(
    which?.map((a) => checkAxis(a, ndim)) ?? view.shape.flatMap((length, axis) => (length === 1 ? [axis] : [])),
  );
  for (const axis of gone)
    if (view.shape[axis] !== 1)
      throw new DaosError("DER_INVAL", "invalid axes", {
        detail: `axis ${axis} has length ${view.shape[axis]}; only an axis of length 1 can be squeezed`,
      });
  return pickView(
    view,
    view.shape.map((length, axis) => (gone.has(axis) ? { type: "index", index: 0 } : whole(length))),
  );
}

/** With a new axis of length 1 before axis `at` (negative: counted from the end of the result). */
export function expandView(view: View, at: number): View {
  const axis = checkAxis(at, view.shape.length + 1);
  return { ...view, shape: view.shape.toSpliced(axis, 0, 1), axes: view.axes.toSpliced(axis, 0, undefined) };
}

/** Repeated to `shape` as NumPy broadcasts: new axes in front, axes of length 1 repeated. */
export function broadcastView(view: View, shape: readonly number[]): View {
  checkShape(shape, "a broadcast");
  const lead = shape.length - view.shape.length;
  if (lead < 0 || view.shape.some((length, axis) => length !== 1 && length !== shape[axis + lead]))
    throw new DaosError("DER_INVAL", "shapes do not match", {
      detail: `[${view.shape}] does not broadcast to [${shape}]`,
    });
  const picks = [...view.picks];
  const axes = shape.map((length, i) => {
    const axis = i - lead;
    const on = view.axes[axis];
    if (axis < 0 || on === undefined || view.shape[axis] === length) return axis < 0 ? undefined : on;
    picks[on] = pickOf(picks[on]!, { type: "index", index: 0 });
    return undefined;
  });
  return { shape: [...shape], axes, picks };
}

/** The axis, counted from the front. DER_INVAL when there is no such axis, TypeError for what is no whole number. */
export function checkAxis(axis: number, ndim: number): number {
  if (!Number.isInteger(axis)) throw new TypeError(`an axis is a whole number, not ${String(axis)}`);
  const counted = axis < 0 ? axis + ndim : axis;
  if (counted < 0 || counted >= ndim)
    throw new DaosError("DER_INVAL", "invalid axes", { detail: `there is no axis ${axis}, the array has ${ndim}` });
  return counted;
}

/** What `inner` picks of that which `outer` picks of an axis. */
function pickOf(outer: Pick, inner: Pick): Pick {
  if (outer.type === "index") throw new Error("a dropped axis cannot be picked from");
  const at = (i: number): number => (outer.type === "range" ? outer.start + i * outer.step : outer.indices[i]!);
  switch (inner.type) {
    case "index":
      return { type: "index", index: at(inner.index) };
    case "list":
      return { type: "list", indices: inner.indices.map(at) };
    case "range":
      if (outer.type === "range")
        return {
          type: "range",
          start: inner.length === 0 ? 0 : at(inner.start),
          step: outer.step * inner.step,
          length: inner.length,
        };
      return {
        type: "list",
        indices: Array.from({ length: inner.length }, (_, i) => at(inner.start + i * inner.step)),
      };
  }
}
