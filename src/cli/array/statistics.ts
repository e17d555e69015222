/** Figures of many elements in one pass, block by block. Pure. */

/** Smallest, largest, mean, standard deviation, and what is special. NaNs are counted, and count for nothing else. */
export class Statistics {
  elements = 0;
  nan = 0;
  infinite = 0;
  zeros = 0;
  /** `undefined` of nothing; of 64-bit integers a bigint. */
  min: number | bigint | undefined;
  max: number | bigint | undefined;
  #count = 0;
  #mean = 0;
  /** The sum of the squares of the distances from the mean. */
  #squares = 0;

  /** The arithmetic mean; `undefined` of nothing. */
  get mean(): number | undefined {
    return this.#count === 0 ? undefined : this.#mean;
  }

  /** The standard deviation of all, not of a sample; `undefined` of nothing. */
  get std(): number | undefined {
    return this.#count === 0 ? undefined : Math.sqrt(this.#squares / this.#count);
  }

  /** Takes a block of elements. */
  add(values: ArrayLike<number> | ArrayLike<bigint>): void {
    const numbers = areBig(values) ? asNumbers(values) : values;
    let [count, zeros, infinite, sum] = [0, 0, 0, 0];
    let [low, high] = [Infinity, -Infinity];
    for (let i = 0; i < numbers.length; i++) {
      const value = numbers[i]!;
      if (Number.isNaN(value)) continue;
      count++;
      sum += value;
      if (value < low) low = value;
      if (value > high) high = value;
      if (value === 0) zeros++;
      else if (value === Infinity || value === -Infinity) infinite++;
    }
    this.elements += numbers.length;
    this.nan += numbers.length - count;
    this.zeros += zeros;
    this.infinite += infinite;
    if (count === 0) return;
    const [min, max] = areBig(values) ? extremes(values) : [low, high];
    if (this.min === undefined || min < this.min) this.min = min;
    if (this.max === undefined || max > this.max) this.max = max;
    const mean = sum / count;
    let squares = 0;
    for (let i = 0; i < numbers.length; i++) {
      const distance = numbers[i]! - mean;
      if (!Number.isNaN(distance)) squares += distance * distance;
    }
    this.#join(count, mean, Number.isFinite(mean) ? squares : Number.NaN);
  }

  /** As Chan, Golub and LeVeque join the figures of two samples: nothing is lost to the size of the sums. */
  #join(count: number, mean: number, squares: number): void {
    const all = this.#count + count;
    const distance = mean - this.#mean;
    if (this.#count === 0) this.#mean = mean;
    else if (Number.isFinite(distance)) this.#mean += (distance * count) / all;
    else this.#mean += mean; // an infinity stays, two contrary ones are NaN
    this.#squares += squares + (this.#count === 0 ? 0 : (distance * distance * this.#count * count) / all);
    this.#count = all;
  }
}

function areBig(values: ArrayLike<number> | ArrayLike<bigint>): values is ArrayLike<bigint> {
  return typeof values[0] === "bigint";
}

function asNumbers(values: ArrayLike<bigint>): Float64Array {
  const numbers = new Float64Array(values.length);
  for (let i = 0; i < numbers.length; i++) numbers[i] = Number(values[i]);
  return numbers;
}

function extremes(values: ArrayLike<bigint>): [bigint, bigint] {
  let [min, max] = [values[0]!, values[0]!];
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}
