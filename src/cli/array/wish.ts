/** What a picture shall be, as the options and the terminal say. */
import { writeFileSync } from "node:fs";
import type { Call } from "../call.ts";
import { CliError } from "../failure.ts";
import { printable } from "../output.ts";
import type { ColorMap } from "./draw/color-map.ts";
import { encodePng, type Picture } from "./draw/png.ts";
import type { Scale } from "./draw/raster.ts";
import type { Depth } from "./draw/terminal.ts";
import { parseElement } from "./elements.ts";

/** Bars of a histogram unless told otherwise. */
const BINS = 16;
const BINS_MAX = 4096;
const WIDTH_MAX = 8192;

/** What the options say. */
export interface Wish {
  readonly histogram: boolean;
  readonly map: ColorMap;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly width: number | undefined;
  readonly bins: number;
  /** The file to write instead of drawing. */
  readonly png: string | undefined;
  readonly force: boolean;
  readonly depth: Depth;
}

/** The options, checked. */
export function wishOf(call: Call): Wish {
  const options = call.options as Readonly<Record<string, string | undefined>>;
  const [min, max] = [finite(options.min, "min"), finite(options.max, "max")];
  if (min !== undefined && max !== undefined && min >= max) throw new CliError("--min is not less than --max");
  const bins = positive(call, "bins", BINS_MAX);
  return {
    histogram: call.options.histogram === true || bins !== undefined,
    map: options.colors as ColorMap,
    min,
    max,
    width: positive(call, "width", WIDTH_MAX),
    bins: bins ?? BINS,
    png: options.png,
    force: call.options.force === true,
    depth: depthOf(),
  };
}

/** The scale that was found, as far as none is asked for. */
export function scaleFor({ min, max }: Wish, found: Scale): Scale {
  return {
    min: min ?? (max === undefined ? found.min : Math.min(found.min, max)),
    max: max ?? (min === undefined ? found.max : Math.max(found.max, min)),
  };
}

/** A value in a caption. */
export function label(value: number): string {
  return String(Number(value.toPrecision(5)));
}

/** Writes the picture; a file that is there stays, unless `--force`. What to say about it. */
export function writePicture(picture: Picture, { png, force }: Wish): string {
  const file = png!;
  try {
    writeFileSync(file, encodePng(picture), { flag: force ? "w" : "wx" });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CliError(code === "EEXIST" ? `${file} exists; --force replaces it` : `cannot write ${file}: ${message}`);
  }
  return `Successfully drew ${picture.width} x ${picture.height} pixels to ${printable(file)}`;
}

/** The colours of the terminal; a pipe has none. Node looks at NO_COLOR, COLORTERM and TERM. */
function depthOf(): Depth {
  const bits = process.stdout.isTTY ? process.stdout.getColorDepth() : 1;
  if (bits >= 24) return "truecolor";
  return bits >= 8 ? "256" : "plain";
}

function finite(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const value = parseElement("float64", text) as number;
  if (!Number.isFinite(value)) throw new CliError(`--${option} takes a finite number, not ${text}`);
  return value;
}

function positive(call: Call, option: string, most: number): number | undefined {
  const value = call.count(option);
  if (value !== undefined && (value < 1 || value > most))
    throw new CliError(`--${option} is from 1 to ${most}, not ${value}`);
  return value;
}
