/** Drawing with characters: coloured half blocks, or a ramp of plain ones. Pure. */
import { type Color, type ColorMap, colorAt } from "./color-map.ts";
import { type Raster, type Scale, shareOf } from "./raster.ts";

/** How many colours there are: none, the 256 of xterm, or all. */
export type Depth = "plain" | "256" | "truecolor";

/** From the smallest value to the largest; a blank is NaN. */
const RAMP = ".:-=+*#%@";
const RESET = "\x1b[0m";
const LEGEND_CELLS = 20;

/** The raster in lines. Of half blocks a line has two rows of it, of plain characters one. */
export function drawRaster(raster: Raster, scale: Scale, map: ColorMap, depth: Depth): string[] {
  const { width, height, values } = raster;
  const share = (x: number, y: number): number => (y < height ? shareOf(values[y * width + x]!, scale) : Number.NaN);
  const lines: string[] = [];
  const perLine = depth === "plain" ? 1 : 2;
  for (let y = 0; y < height; y += perLine) {
    const cells = Array.from({ length: width }, (_, x) =>
      depth === "plain" ? rampOf(share(x, y)) : halfBlocks(share(x, y), share(x, y + 1), map, depth),
    );
    lines.push(depth === "plain" ? cells.join("").trimEnd() : `${joinCells(cells)}`);
  }
  return lines;
}

/** The scale in a line: which colour or character is which value. */
export function drawLegend(labels: readonly [min: string, max: string], map: ColorMap, depth: Depth): string {
  const [min, max] = labels;
  if (depth === "plain") return `${min} ${RAMP} ${max}`;
  const cells = Array.from({ length: LEGEND_CELLS }, (_, i) => {
    const share = i / (LEGEND_CELLS - 1);
    return halfBlocks(share, share, map, depth);
  });
  return `${min} ${joinCells(cells)} ${max}`;
}

function rampOf(share: number): string {
  return Number.isNaN(share) ? " " : RAMP[Math.min(RAMP.length - 1, Math.floor(share * RAMP.length))]!;
}

/** A character that shows two pixels, one above the other; where there is NaN, nothing. */
function halfBlocks(top: number, bottom: number, map: ColorMap, depth: Depth): string {
  if (Number.isNaN(top)) return Number.isNaN(bottom) ? `${RESET} ` : `\x1b[49;38;${code(bottom, map, depth)}m▄`;
  const upper = `38;${code(top, map, depth)}`;
  return `\x1b[${upper};${Number.isNaN(bottom) ? "49" : `48;${code(bottom, map, depth)}`}m▀`;
}

/** Cells in a row; orders that are those of the cell before are left out. */
function joinCells(cells: readonly string[]): string {
  let line = "";
  let before = "";
  for (const cell of cells) {
    const orders = cell.slice(0, -1);
    line += orders === before ? cell.slice(-1) : cell;
    before = orders;
  }
  return line + RESET;
}

function code(share: number, map: ColorMap, depth: Depth): string {
  const color = colorAt(map, share);
  return depth === "truecolor" ? `2;${color.join(";")}` : `5;${nearestOf256(color)}`;
}

/** The 6 x 6 x 6 cube of xterm's 256 colours has these levels. */
const LEVELS = [0, 95, 135, 175, 215, 255];

function nearestOf256(color: Color): number {
  const [red, green, blue] = color.map((part) =>
    LEVELS.reduce((best, level, i) => (Math.abs(level - part) < Math.abs(LEVELS[best]! - part) ? i : best), 0),
  ) as [number, number, number];
  return 16 + 36 * red + 6 * green + blue;
}
