/** What the rados engine can do. */
import type { Capabilities } from "../../engine/contract.ts";
import { CHUNK_MAX_BYTES, VALUE_MAX_BYTES } from "./format.ts";

/** The declaration that the conformance suite holds the engine to. */
export const capabilities: Capabilities = Object.freeze({
  atomicBatch: false,
  orderedKeys: true,
  constantTimeCount: false,
  sharedAcrossHosts: true,
  objectClasses: true,
  detectsDestroyed: true,
  createsPools: true,
  arrays: true,
  maxValueBytes: VALUE_MAX_BYTES,
  maxChunkBytes: CHUNK_MAX_BYTES,
});
