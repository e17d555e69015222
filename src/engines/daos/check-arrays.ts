/** The arrays' part of `checkContainer`: is the metadata there, are chunks whole, which lie beyond the shape. */
import { DTYPES } from "../../array/dtype.ts";
import { chunkCoordinates } from "../../array/grid.ts";
import { type ArrayMetadata, parseMetadata } from "../../array/metadata.ts";
import { sizeOf } from "../../array/ndarray.ts";
import type { Finding } from "../../engine/contract.ts";
import { DaosError } from "../../errors.ts";
import type { Operation, Slot } from "../../ffi/events.ts";
import { listChunks, readMetadata, sizeOfChunk, writeChunk } from "./array-operations.ts";
import type { KvHandle } from "./kv-operations.ts";

/** Keys that one call lists. */
const KEYS_PAGE = 4096;

/** Looks at an array that has a name; `shown` is that name. */
export function* checkArray(
  handle: KvHandle,
  slot: Slot,
  shown: string,
  repair: boolean,
  findings: Finding[],
): Operation<void> {
  const found = (message: string, repaired = false): void => {
    findings.push({ message, repaired });
  };
  let meta: ArrayMetadata;
  try {
    const document = yield* readMetadata(handle, slot);
    if (document === undefined) {
      found(`array ${shown} has no metadata document`);
      return;
    }
    meta = parseMetadata(document);
  } catch (e) {
    if (!DaosError.is(e, "DER_INVAL", "DER_IO", "DER_MISMATCH")) throw e;
    found(`array ${shown} cannot be opened: ${e.message}`);
    return;
  }
  const bytes = sizeOf(meta.chunks) * DTYPES[meta.dtype].bytes;
  let after: Uint8Array | undefined;
  do {
    const page = yield* listChunks(handle, slot, after, KEYS_PAGE);
    after = page.next;
    for (const key of page.keys) {
      const at = chunkCoordinates(key, meta.shape.length);
      if (at === undefined) {
        found(`array ${shown} has a key that is no chunk of it: ${JSON.stringify(key)}`);
        continue;
      }
      const size = yield* sizeOfChunk(handle, slot, key);
      if (size !== undefined && meta.compressions.length === 0 && size !== bytes)
        found(
          `chunk ${key} of array ${shown} has ${size} bytes where ${bytes} are expected: it was cut short or changed`,
        );
      // What was cut off by a resize that was interrupted would be back when the array grows again.
      if (isBeyond(at, meta) && (yield* isBeyondNow(handle, slot, at))) {
        if (repair) yield* writeChunk(handle, slot, key, null);
        found(`chunk ${key} of array ${shown} lies beyond its shape`, repair);
      }
    }
  } while (after !== undefined);
}

function isBeyond(at: readonly number[], { shape, chunks }: ArrayMetadata): boolean {
  return at.some((c, axis) => c * chunks[axis]! >= shape[axis]!);
}

/** Others may have made the array grow meanwhile. */
function* isBeyondNow(handle: KvHandle, slot: Slot, at: readonly number[]): Operation<boolean> {
  const document = yield* readMetadata(handle, slot);
  return document !== undefined && isBeyond(at, parseMetadata(document));
}
