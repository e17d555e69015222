/** The content of one chunk in memory, by the metadata of its array. Pure. */
import { copyBox } from "./copy.ts";
import { DTYPES } from "./dtype.ts";
import type { ParsedMetadata } from "./metadata.ts";
import { sizeOf } from "./ndarray.ts";

/** Bytes of a chunk that is not compressed. */
export function chunkBytesOf({ chunks, dtype }: ParsedMetadata): number {
  return sizeOf(chunks) * DTYPES[dtype].bytes;
}

/** Makes every element the fill value. */
export function fillChunk({ fill }: ParsedMetadata, content: Uint8Array): void {
  if (fill.every((byte) => byte === 0)) content.fill(0);
  else copyBox(fill.length, aligned(fill), 0, content, 0, [{ count: content.length / fill.length, from: 0, to: 1 }]);
}

/** A chunk that was never written. */
export function emptyChunk(meta: ParsedMetadata): Uint8Array {
  const content = new Uint8Array(chunkBytesOf(meta));
  fillChunk(meta, content);
  return content;
}

/** Whether every element is the fill value, bit for bit. */
export function isFill({ fill }: ParsedMetadata, content: Uint8Array): boolean {
  const { length } = fill;
  if (Buffer.compare(content.subarray(0, length), fill) !== 0) return false;
  // Content that equals itself moved by one element has one element only.
  return Buffer.compare(content.subarray(0, content.length - length), content.subarray(length)) === 0;
}

/** Bytes that may be seen as bigger units. */
export function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
}
