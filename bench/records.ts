/** The records that are measured: keys of 16 characters, values of 100 bytes. */
import type { Entry } from "./stores/store.ts";

/** The bytes of every value. */
export const VALUE_BYTES = 100;

/** Some numbers, the same in every run; https://prng.di.unimi.it/splitmix64.c is its model, in 32 bits. */
export class Dice {
  #state = 1;

  /** A whole number below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) % limit;
  }
}

/** The key of the record `i`: in the order of `i`. */
export function keyOf(i: number): string {
  return `record-${String(i).padStart(9, "0")}`;
}

/** Some keys of a store of `records`, at random. */
export function someKeys(dice: Dice, records: number, count: number): string[] {
  return Array.from({ length: count }, () => keyOf(dice.below(records)));
}

/** Some records with values of their own memory. */
export function someEntries(dice: Dice, records: number, count: number): Entry[] {
  return someKeys(dice, records, count).map((key) => [key, Buffer.alloc(VALUE_BYTES, key)]);
}

/** All records from `from` to `to` (excluded). */
export function entriesFrom(from: number, to: number): Entry[] {
  return Array.from({ length: to - from }, (_, i) => [keyOf(from + i), Buffer.alloc(VALUE_BYTES, keyOf(from + i))]);
}

let version = 0;

/** Changes every value a little: SQLite skips a rewrite of what is there already, and would look too fast. */
export function freshen(entries: readonly Entry[]): void {
  version++;
  for (const [, value] of entries) value.writeUInt32LE(version, 8);
}
