/** What the local engine can do. */
import { CHUNK_MAX_BYTES } from "../../array/layout.ts";
import type { Capabilities } from "../../engine/contract.ts";
import { VALUE_MAX_BYTES } from "./schema.ts";

/** The declaration that the conformance suite holds the engine to. */
export const capabilities: Capabilities = Object.freeze({
  atomicBatch: true,
  orderedKeys: true,
  constantTimeCount: true,
  sharedAcrossHosts: false,
  objectClasses: false,
  detectsDestroyed: true,
  createsPools: true,
  arrays: true,
  maxValueBytes: VALUE_MAX_BYTES,
  maxChunkBytes: CHUNK_MAX_BYTES,
});
