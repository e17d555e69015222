/**
 * Memory for copies of large values, used again: new memory of a megabyte costs as much as the copy itself, for the kernel
 * clears it page by page.
 */

/** Sizes are powers of two from this one on. */
const LEAST_BYTES = 8 * 1024;
/** What is kept at most. */
const KEPT_BYTES = 32 * 1024 * 1024;

const spare = new Map<number, Buffer<ArrayBuffer>[]>();
let kept = 0;

/** Memory of at least that size, with anything in it. */
export function takeMemory(bytes: number): Buffer<ArrayBuffer> {
  const size = Math.max(LEAST_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
  const memory = spare.get(size)?.pop();
  if (memory === undefined) return Buffer.allocUnsafeSlow(size <= KEPT_BYTES ? size : bytes);
  kept -= size;
  return memory;
}

/** Gives back what {@link takeMemory} gave, once neither C nor anybody else uses it. */
export function giveBackMemory(memory: Buffer<ArrayBuffer>): void {
  const { length } = memory;
  if (kept + length > KEPT_BYTES) return;
  kept += length;
  const same = spare.get(length);
  if (same === undefined) spare.set(length, [memory]);
  else same.push(memory);
}
