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
  add(values: ArrayLike<number | bigint>): void {
    let [count, sum] = [0, 0];
    let { min, max } = this;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      const number = Number(value);
      if (Number.isNaN(number)) continue;
      count++;
      sum += number;
      if (number === 0) this.zeros++;
      else if (number === Infinity || number === -Infinity) this.infinite++;
      if (min === undefined || value < min) min = value;
      if (max === undefined || value > max) max = value;
    }
    this.elements += values.length;
    this.nan += values.length - count;
    if (count === 0) return;
    this.min = min;
    this.max = max;
    const mean = sum / count;
    let squares = 0;
    for (let i = 0; i < values.length; i++) {
      const distance = Number(values[i]) - mean;
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
