/** Exact equality of types, for tests that `tsc` runs. */

/** `true` when `A` and `B` are one and the same type. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only when `T` is `true`: `same<Equal<typeof value, string>>()`. */
export function same<T extends true>(): T | undefined {
  return undefined;
}
