/** What every suite needs: interleaved rounds, medians, ratios, and the report. Knows nothing of what is measured. */

/** A value or a promise of it: contenders block or not, as they are. */
export type Answer<T> = T | Promise<T>;

/** Something that is measured against others. */
export interface Contender {
  readonly name: string;
  /** Called before each piece of work, outside the measured time. */
  prepare?(): void;
  /** Does a piece of work; the number of operations that it was. */
  work(): Answer<number>;
}

/** Median and extremes of some measurements. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What was measured of each contender, by its name: one number a round. */
export type Samples = ReadonlyMap<string, readonly number[]>;

/** The value in the middle; the mean of the two in the middle of an even number. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("the median of nothing");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median, least and greatest. */
export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** `a` over `b`, round by round: what disturbs one round disturbs both of them. */
export function ratio(samples: Samples, a: string, b: string): Spread {
  const [over, under] = [of(samples, a), of(samples, b)];
  return spread(over.map((value, round) => value / under[round]!));
}

/** The samples of one contender. */
export function of(samples: Samples, name: string): readonly number[] {
  const values = samples.get(name);
  if (values === undefined) throw new RangeError(`${name} was not measured`);
  return values;
}

/**
 * Measures the contenders in turns: every round runs each of them once, and begins with another one than the round
 * before. A first round is not counted.
 *
 * @param measure - measures one contender once.
 */
export async function interleave<T extends { readonly name: string }>(
  rounds: number,
  contenders: readonly T[],
  measure: (contender: T) => Answer<number>,
): Promise<Samples> {
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[(i + round + contenders.length) % contenders.length]!;
      const value = await measure(contender);
      if (round >= 0) samples.get(contender.name)!.push(value);
    }
  }
  return samples;
}

/**
 * Operations per second of the contenders. Within a round they take turns after every piece of work, until each has
 * worked for `ms` milliseconds: so all of them meet the same noise of a busy machine. A first round is not counted.
 */
export async function race(rounds: number, ms: number, contenders: readonly Contender[]): Promise<Samples> {
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    const lanes = contenders.map((contender) => ({ contender, operations: 0, elapsed: 0 }));
    // Another one begins each round.
    const first = (round + lanes.length) % lanes.length;
    let running = [...lanes.slice(first), ...lanes.slice(0, first)];
    while (running.length > 0) {
      for (const lane of running) {
        lane.contender.prepare?.();
        const started = performance.now();
        const done = lane.contender.work();
        // Blocking work must not pay for a turn of the event loop.
        lane.operations += typeof done === "number" ? done : await done;
        lane.elapsed += performance.now() - started;
      }
      running = running.filter(({ elapsed }) => elapsed < ms);
    }
    if (round < 0) continue;
    for (const { contender, operations, elapsed } of lanes)
      samples.get(contender.name)!.push((operations / elapsed) * 1000);
  }
  return samples;
}

/** A figure with its target. */
export interface Figure {
  readonly what: string;
  readonly measured: Spread;
  readonly target: Target;
}

/** What a figure has to reach: at least, or less than, in a unit (`x` for a ratio). */
export interface Target {
  readonly atLeast?: number;
  readonly under?: number;
  readonly unit: string;
}

/** Whether the median reaches the target. */
export function isMet({ measured, target }: Figure): boolean {
  return (
    (target.atLeast === undefined || measured.median >= target.atLeast) &&
    (target.under === undefined || measured.median < target.under)
  );
}

/** One operation, measured of everyone that has it, in operations per second. */
export interface Comparison {
  readonly what: string;
  readonly samples: Samples;
  /** Names of those that are ours. */
  readonly ours: readonly string[];
}

/** A pair of ours and a peer in which the peer is faster. */
export interface Loss {
  readonly what: string;
  readonly ours: string;
  readonly peer: string;
  readonly ratio: Spread;
}

/** Where a peer is faster than ours, the worst first. */
export function losses(comparisons: readonly Comparison[]): Loss[] {
  const found: Loss[] = [];
  for (const { what, samples, ours } of comparisons)
    for (const peer of samples.keys()) {
      if (ours.includes(peer)) continue;
      for (const mine of ours) {
        const quotient = ratio(samples, mine, peer);
        if (quotient.median < 1) found.push({ what, ours: mine, peer, ratio: quotient });
      }
    }
  return found.sort((a, b) => a.ratio.median - b.ratio.median);
}

/** Gathers what a suite finds, and prints it. */
export class Report {
  readonly #figures: Figure[] = [];
  readonly #comparisons: Comparison[] = [];
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** A line for the reader: what is measured how, what is left out and why. */
  note(text: string): void {
    this.#print(text);
  }

  /** Adds a figure, and prints it at once: a run is long. */
  figure(figure: Figure): void {
    this.#figures.push(figure);
    this.#print(`  ${isMet(figure) ? "ok    " : "MISSED"} ${figure.what}: ${figureText(figure)}`);
  }

  /** Adds a comparison, and prints it at once. */
  comparison(comparison: Comparison): void {
    this.#comparisons.push(comparison);
    const rows = [...comparison.samples].map(([name, values]) => ({ name, ...spread(values) }));
    rows.sort((a, b) => b.median - a.median);
    const head = ["", "ops/s", "min - max", ...comparison.ours.map((name) => `${name} ÷ it`)];
    const body = rows.map(({ name, ...s }) => [
      name,
      count(s.median),
      `${count(s.min)} - ${count(s.max)}`,
      ...comparison.ours.map((mine) => (mine === name ? "" : ratio(comparison.samples, mine, name).median.toFixed(2))),
    ]);
    this.#print(`\n${comparison.what}`);
    for (const line of table([head, ...body])) this.#print(`  ${line}`);
  }

  /** Prints the table of figures and where it loses; whether every figure was met. */
  end(): boolean {
    this.#print("\nFigures: median of the rounds (min - max)\n");
    const head = ["figure", "target", "measured", "min - max", ""];
    const body = this.#figures.map((figure) => [
      figure.what,
      targetText(figure.target),
      amount(figure.measured.median, figure.target.unit),
      `${amount(figure.measured.min, figure.target.unit)} - ${amount(figure.measured.max, figure.target.unit)}`,
      isMet(figure) ? "ok" : "MISSED",
    ]);
    for (const line of table([head, ...body])) this.#print(`  ${line}`);
    this.#print("\nWhere it loses\n");
    const lost = losses(this.#comparisons).map((loss) => [
      loss.what,
      loss.ours,
      `x${loss.ratio.median.toFixed(2)} of`,
      loss.peer,
    ]);
    for (const line of lost.length > 0 ? table(lost) : ["nowhere, in what was measured"]) this.#print(`  ${line}`);
    return this.#figures.every(isMet);
  }
}

/** Rows of text with their columns aligned. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd(),
  );
}

function figureText({ measured, target }: Figure): string {
  const { median, min, max } = measured;
  const extremes = `${amount(min, target.unit)} - ${amount(max, target.unit)}`;
  return `${amount(median, target.unit)} (${extremes}), target ${targetText(target)}`;
}

function targetText({ atLeast, under, unit }: Target): string {
  if (atLeast !== undefined) return `>= ${amount(atLeast, unit)}`;
  return under === undefined ? "" : `< ${amount(under, unit)}`;
}

function amount(value: number, unit: string): string {
  return unit === "x" ? `x${value.toFixed(2)}` : `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ${unit}`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
