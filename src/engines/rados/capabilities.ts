/** What the rados engine can do. */
import type { Capabilities } from "../../engine/contract.ts";
import { VALUE_MAX_BYTES } from "./format.ts";

/** The declaration that the conformance suite holds the engine to. */
export const capabilities: Capabilities = Object.freeze({
  atomicBatch: false,
  orderedKeys: true,
  constantTimeCount: false,
  sharedAcrossHosts: true,
  objectClasses: true,
  detectsDestroyed: true,
  createsPools: true,
  arrays: false,
  maxValueBytes: VALUE_MAX_BYTES,
});
