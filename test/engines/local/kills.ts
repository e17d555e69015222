/** What the test of kills and its programs agree on. */

/** Keys of one batch. */
export const BATCH_KEYS = 40;

/** The value of write `n`: every seventh is too big to be stored inside its row. */
export function valueOfWrite(n: number): string {
  return `${n}:${"x".repeat(n % 7 === 0 ? 3000 : 20)}`;
}

/** The write that a value is of; -1 when it is none whole. */
export function writeOf(value: string): number {
  const n = Number.parseInt(value, 10);
  return value === valueOfWrite(n) ? n : -1;
}

/** What a survivor saw. */
export interface SurvivorReport {
  operations: number;
  longestMs: number;
  readonly errors: string[];
}
