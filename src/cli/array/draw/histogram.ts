/** Histograms. Pure. */
import type { Scale } from "./raster.ts";

/** How many values lie in equal parts of a scale. */
export class Histogram {
  readonly scale: Scale;
  readonly counts: Float64Array;
  /** Values below and above the scale, the infinite ones among them. */
  outside = 0;
  /** NaNs. */
  missing = 0;

  constructor(scale: Scale, bins: number) {
    this.scale = scale;
    this.counts = new Float64Array(bins);
  }

  /** Counts values; one at the upper end belongs to the last part. */
  add(values: ArrayLike<number | bigint>): void {
    const { min, max } = this.scale;
    const bins = this.counts.length;
    const perUnit = max > min ? bins / (max - min) : 0;
    for (let i = 0; i < values.length; i++) {
      const value = Number(values[i]);
      if (value >= min && value <= max) this.counts[Math.min(bins - 1, Math.floor((value - min) * perUnit))]!++;
      else if (Number.isNaN(value)) this.missing++;
      else this.outside++;
    }
  }

  /** Where part `i` begins; of `i` parts, where the last one ends. */
  edge(i: number): number {
    const { min, max } = this.scale;
    return i === this.counts.length ? max : min + (i * (max - min)) / this.counts.length;
  }
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of `share` of `width` cells: of eighths of blocks, or of plain characters. */
export function bar(share: number, width: number, isPlain: boolean): string {
  // What is not nothing is seen.
  if (isPlain) return "#".repeat(share > 0 ? Math.max(1, Math.round(share * width)) : 0);
  const eighths = share > 0 ? Math.max(1, Math.round(share * width * 8)) : 0;
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
}
