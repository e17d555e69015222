/** Drawing two axes of an array. */
import type { Arr, DArray } from "../../index.ts";
import type { Answer } from "../call.ts";
import { printable } from "../output.ts";
import { PartProgress } from "../progress.ts";
import { pictureOfRaster } from "./draw/picture.ts";
import { type Raster, readRaster, type Scale, scaleOf } from "./draw/raster.ts";
import { drawLegend, drawRaster } from "./draw/terminal.ts";
import { elementJson } from "./elements.ts";
import { shapeText } from "./selected.ts";
import { label, scaleFor, type Wish, writePicture } from "./wish.ts";

/** Pixels of a file's longer side, unless told otherwise: bigger arrays are scaled down to this, small ones enlarged to that. */
const PNG_MOST = 1024;
const PNG_LEAST = 512;
const PNG_HEIGHT_MAX = 8192;
/** What is taken for the size of a terminal where there is none. */
const COLUMNS = 80;
const LINES = 24;
/** Lines of a terminal that are not drawn on: caption, legend, and the prompt that follows. */
const LINES_KEPT = 3;

/** Draws the last two axes of `part`, of which there are at least two; of those before them, the first index. */
export async function showMatrix(array: DArray, part: Arr, wish: Wish): Promise<Answer> {
  const { matrix, note } = matrixOf(part);
  const [rows = 1, columns = 1] = matrix.shape;
  const { width, height } = fit(rows, columns, wish.png === undefined ? terminalFrame(wish) : fileFrame(wish));
  const raster = await read(matrix, width, height);
  const scale = scaleFor(wish, scaleOf(raster.values));
  const about = { name: array.name, shape: matrix.shape, width, height, min: json(scale.min), max: json(scale.max) };
  if (wish.png !== undefined) {
    const zoom = wish.width === undefined ? Math.max(1, Math.floor(PNG_LEAST / Math.max(width, height))) : 1;
    const text = writePicture(pictureOfRaster(raster, scale, wish.map, zoom), wish);
    return { text, response: { ...about, png: wish.png } };
  }
  const caption = `${printable(array.name)} ${shapeText(matrix.shape)} ${array.dtype}${note}`;
  return { text: [caption, ...draw(raster, scale, wish)].join("\n"), response: { ...about, means: gridOf(raster) } };
}

function matrixOf(part: Arr): { readonly matrix: Arr; readonly note: string } {
  if (part.ndim === 2) return { matrix: part, note: "" };
  const whole = part.squeeze();
  const outer = whole.shape.slice(0, -2);
  if (outer.length === 0) return { matrix: whole, note: "" };
  return {
    matrix: whole.view(outer.map(() => 0)),
    note: `, the first of ${outer.join(" x ")}; --select takes another`,
  };
}

/** What there is room for, and how much taller than wide a pixel is. */
interface Frame {
  readonly width: number;
  readonly height: number;
  readonly aspect: number;
}

/** Half blocks are square, two in a character; plain characters are twice as tall as wide. */
function terminalFrame({ width, depth }: Wish): Frame {
  const [perLine, aspect] = depth === "plain" ? [1, 2] : [2, 1];
  const lines = Math.max(1, (process.stdout.rows || LINES) - LINES_KEPT);
  return {
    width: width ?? (process.stdout.columns || COLUMNS),
    height: width === undefined ? lines * perLine : Number.POSITIVE_INFINITY,
    aspect,
  };
}

function fileFrame({ width }: Wish): Frame {
  return { width: width ?? PNG_MOST, height: width === undefined ? PNG_MOST : PNG_HEIGHT_MAX, aspect: 1 };
}

/** The biggest picture of the array's proportions for which there is room, no finer than the array. */
function fit(rows: number, columns: number, { width, height, aspect }: Frame): { width: number; height: number } {
  const scale = Math.min(1, width / columns, (height * aspect) / rows);
  return {
    width: Math.max(1, Math.round(columns * scale)),
    height: Math.max(1, Math.round((rows * scale) / aspect)),
  };
}

async function read(matrix: Arr, width: number, height: number): Promise<Raster> {
  using progress = new PartProgress();
  return await readRaster(matrix, width, height, progress.update);
}

function draw(raster: Raster, scale: Scale, { map, depth }: Wish): string[] {
  if (Number.isNaN(scale.min + scale.max)) return ["every element is NaN or infinite"];
  return [...drawRaster(raster, scale, map, depth), drawLegend([label(scale.min), label(scale.max)], map, depth)];
}

/** The means, for programs; null where all elements are NaN. */
function gridOf({ width, height, values }: Raster): unknown {
  return Array.from({ length: height }, (_, y) => Array.from(values.subarray(y * width, (y + 1) * width), json));
}

function json(value: number): unknown {
  return Number.isNaN(value) ? null : elementJson("float64", value);
}
