/** Drawing how often values occur. */
import type { Arr, DArray } from "../../index.ts";
import type { Answer } from "../call.ts";
import { CliError } from "../failure.ts";
import { printable } from "../output.ts";
import { PartProgress } from "../progress.ts";
import { bar, Histogram } from "./draw/histogram.ts";
import { pictureOfBars } from "./draw/picture.ts";
import { type Scale, scaleOf } from "./draw/raster.ts";
import { numbersOf } from "./numbers.ts";
import { shapeText } from "./selected.ts";
import { label, scaleFor, type Wish, writePicture } from "./wish.ts";

const PNG_WIDTH = 512;
/** What is taken for the width of a terminal where there is none. */
const COLUMNS = 80;

/** Draws a bar for each equal part of the range of the values. */
export async function showHistogram(array: DArray, part: Arr, wish: Wish): Promise<Answer> {
  const histogram = new Histogram(await scaleOfPart(part, wish), wish.bins);
  await eachBlock(part, (values) => histogram.add(values));
  const { counts, outside, missing } = histogram;
  const bins = Array.from(counts, (count, i) => ({ from: histogram.edge(i), to: histogram.edge(i + 1), count }));
  const about = { name: array.name, shape: part.shape, bins, outside, nan: missing };
  if (wish.png !== undefined) {
    const width = wish.width ?? PNG_WIDTH;
    const text = writePicture(pictureOfBars(counts, width, Math.ceil(width / 2), wish.map), wish);
    return { text, response: { ...about, png: wish.png } };
  }
  const others = `${outside > 0 ? `, ${outside} outside` : ""}${missing > 0 ? `, ${missing} NaN` : ""}`;
  const caption = `${printable(array.name)} ${shapeText(part.shape)} ${array.dtype}${others}`;
  return { text: [caption, ...drawBars(histogram, wish)].join("\n"), response: about };
}

/** The range of what is finite, unless one is asked for. */
async function scaleOfPart(part: Arr, wish: Wish): Promise<Scale> {
  if (wish.min !== undefined && wish.max !== undefined) return { min: wish.min, max: wish.max };
  let found: Scale = { min: Number.NaN, max: Number.NaN };
  await eachBlock(part, (values) => {
    const here = scaleOf(values);
    found = scaleOf([found.min, found.max, here.min, here.max]);
  });
  if (Number.isNaN(found.min)) throw new CliError("every element is NaN or infinite: there is no range of values");
  return scaleFor(wish, found);
}

async function eachBlock(part: Arr, work: (values: ArrayLike<number | bigint>) => void): Promise<void> {
  using progress = new PartProgress();
  for await (const { data } of part.blocks({ onProgress: progress.update })) work(numbersOf(data));
}

/** A line for each part: where it begins, its bar, how many. */
function drawBars(histogram: Histogram, { width = process.stdout.columns || COLUMNS, depth }: Wish): string[] {
  const { counts } = histogram;
  const edges = Array.from(counts, (_, i) => label(histogram.edge(i)));
  const edgeWidth = Math.max(...edges.map(({ length }) => length));
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  const room = Math.max(1, width - edgeWidth - String(most).length - 4);
  return edges.map((edge, i) => {
    const drawn = bar(counts[i]! / most, room, depth === "plain");
    return `${edge.padStart(edgeWidth)} |${drawn}${drawn === "" ? "" : " "}${counts[i]}`;
  });
}
