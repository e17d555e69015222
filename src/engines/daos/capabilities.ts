/** What the daos engine can do. */
import type { Capabilities } from "../../engine/contract.ts";
import { CHUNK_MAX_BYTES } from "./array-operations.ts";

/** The most bytes of a value: DAOS has no limit of its own below this one, which memory for one copy sets. */
const VALUE_MAX_BYTES = 512 * 1024 * 1024;

/** The declaration that the conformance suite holds the engine to. */
export const capabilities: Capabilities = Object.freeze({
  // One transaction holds up to 60,000 records with small values: most batches are atomic, but not all.
  atomicBatch: false,
  orderedKeys: false,
  constantTimeCount: false,
  sharedAcrossHosts: true,
  objectClasses: true,
  detectsDestroyed: false,
  createsPools: false,
  arrays: true,
  maxValueBytes: VALUE_MAX_BYTES,
  maxChunkBytes: CHUNK_MAX_BYTES,
});
