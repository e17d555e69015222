/** A 2-d array of any size as a grid of few values: what is drawn. Pure but for reading the array, a block at a time. */
import { type Arr, slice } from "../../../index.ts";
import { numbersOf } from "../numbers.ts";

/** Elements that count for a pixel, along each axis: of more, some are taken at even distances. */
const SAMPLES = 8;

/** The means of the elements behind each pixel. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /** Row by row from the top; NaN where all elements are. */
  readonly values: Float64Array;
}

/** Smallest and largest value of a scale. */
export interface Scale {
  readonly min: number;
  readonly max: number;
}

/** Reads a grid of `width` by `height` values, neither more than the array has. NaN does not count in a mean. */
export async function readRaster(
  matrix: Arr,
  width: number,
  height: number,
  onProgress?: (done: number, total: number | undefined) => void,
): Promise<Raster> {
  const [rows = 0, columns = 0] = matrix.shape;
  const step = (length: number, pixels: number): number => Math.max(1, Math.floor(length / (pixels * SAMPLES)));
  const samples = matrix.view([slice(0, null, step(rows, height)), slice(0, null, step(columns, width))]);
  const [down = 0, across = 0] = samples.shape;
  const sums = new Float64Array(width * height);
  const counts = new Uint32Array(width * height);
  for await (const { start, shape, data } of samples.blocks({ onProgress })) {
    const [top = 0, left = 0] = start;
    const [blockRows = 0, blockColumns = 0] = shape;
    const values = numbersOf(data);
    for (let r = 0, i = 0; r < blockRows; r++) {
      const line = Math.floor(((top + r) * height) / down) * width;
      for (let c = 0; c < blockColumns; c++, i++) {
        const value = Number(values[i]);
        if (Number.isNaN(value)) continue;
        const pixel = line + Math.floor(((left + c) * width) / across);
        sums[pixel]! += value;
        counts[pixel]!++;
      }
    }
  }
  return { width, height, values: sums.map((sum, pixel) => (counts[pixel] === 0 ? Number.NaN : sum / counts[pixel]!)) };
}

/** The scale of what is finite; NaN, NaN when nothing is. */
export function scaleOf(values: ArrayLike<number | bigint>): Scale {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min > max ? { min: Number.NaN, max: Number.NaN } : { min, max };
}

/** Where a value is on the scale, 0 to 1; what is beyond is at the end of it. NaN for NaN. */
export function shareOf(value: number, { min, max }: Scale): number {
  if (Number.isNaN(value)) return value;
  if (value <= min) return 0;
  return value >= max ? 1 : (value - min) / (max - min);
}
