/** Pictures of rasters and histograms, as palette colours. Pure. */
import { type Color, type ColorMap, colorAt } from "./color-map.ts";
import type { Picture } from "./png.ts";
import { type Raster, type Scale, shareOf } from "./raster.ts";

/** Colour 0 is NaN and background, the others are those of the scale. */
const NOTHING = 0;
const COLORS = 255;

function paletteOf(map: ColorMap): Color[] {
  return [[255, 255, 255], ...Array.from({ length: COLORS }, (_, i) => colorAt(map, i / (COLORS - 1)))];
}

/** The raster, each value a square of `zoom` by `zoom` pixels. */
export function pictureOfRaster(raster: Raster, scale: Scale, map: ColorMap, zoom: number): Picture {
  const [width, height] = [raster.width * zoom, raster.height * zoom];
  const colors = Uint8Array.from(raster.values, (value) => {
    const share = shareOf(value, scale);
    return Number.isNaN(share) ? NOTHING : 1 + Math.round(share * (COLORS - 1));
  });
  const pixels = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++)
      pixels[i] = colors[Math.floor(y / zoom) * raster.width + Math.floor(x / zoom)]!;
  return { width, height, pixels, palette: paletteOf(map), transparent: NOTHING };
}

/** Bars that stand side by side, each in the colour of its place on the scale. */
export function pictureOfBars(counts: ArrayLike<number>, width: number, height: number, map: ColorMap): Picture {
  const most = Array.from(counts).reduce((a, b) => Math.max(a, b), 1);
  const pixels = new Uint8Array(width * height);
  for (let x = 0; x < width; x++) {
    const bin = Math.floor((x * counts.length) / width);
    const color = 1 + Math.round((bin / Math.max(1, counts.length - 1)) * (COLORS - 1));
    const top = height - Math.round((counts[bin]! / most) * height);
    for (let y = top; y < height; y++) pixels[y * width + x] = color;
  }
  return { width, height, pixels, palette: paletteOf(map), transparent: NOTHING };
}
