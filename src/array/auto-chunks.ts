/** The chunk shape when nobody asks for one. Pure. */

/** About this many bytes a chunk: the best of what was measured for reads and writes of whole chunks. */
const TARGET_BYTES = 1024 * 1024;
/** The last axis of a chunk has at least this many elements, where the array has them: then rows copy at the speed of memory. */
const LAST_AXIS_MIN = 128;

/**
 * A chunk shape of about 1 MiB, alike on all axes, the last one at least 128.
 *
 * @param bytes - bytes of an element.
 */
export function autoChunks(shape: readonly number[], bytes: number): number[] {
  const chunks = shape.map((n) => Math.max(1, n));
  let excess = chunks.reduce((product, n) => product * n, bytes) / TARGET_BYTES;
  // Halve the longest axis until a chunk is small enough.
  while (excess > 1) {
    const floor = (axis: number): number => (axis === chunks.length - 1 ? LAST_AXIS_MIN : 1);
    let longest = -1;
    chunks.forEach((n, axis) => {
      if (n > floor(axis) && (longest === -1 || n > chunks[longest]!)) longest = axis;
    });
    if (longest === -1) break;
    const n = chunks[longest]!;
    // Not below what is asked for: the last cut is only as deep as it has to be.
    const cut = Math.max(floor(longest), Math.ceil(n / Math.min(2, excess)));
    if (cut === n) break;
    chunks[longest] = cut;
    excess *= cut / n;
  }
  return chunks;
}
