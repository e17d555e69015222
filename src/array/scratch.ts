/**
 * Memory for chunks on their way between the storage and the caller. Where it begins decides how fast it is (see `wasm.ts`):
 * pages of files begin at 0, big typed arrays of Node at 16, and these buffers in the middle of a page, far from both.
 */
import { wasmMemory } from "./wasm.ts";

const PAGE_BYTES = 4096;
/** Smaller buffers are plain memory: it makes no difference for them. */
const SMALL_BYTES = 65_536;
/** A memory of WebAssembly has several buffers, up to this size: each takes gigabytes of the address space. */
const SLAB_BYTES = 8 * 1024 * 1024;
/** The most that a memory of WebAssembly may have. */
const SLAB_MAX_BYTES = 2 ** 31;
/** What is kept for the next call. */
const KEPT_BYTES = 64 * 1024 * 1024;

const free = new Map<number, Uint8Array[]>();
let kept = 0;

/** Memory of so many bytes, to be given back; its content is arbitrary. */
export function takeScratch(bytes: number): Uint8Array {
  if (bytes < SMALL_BYTES) return new Uint8Array(bytes);
  const list = free.get(bytes);
  const buffer = list?.pop();
  if (buffer !== undefined) {
    kept -= bytes;
    return buffer;
  }
  const [first, ...others] = slab(bytes);
  for (const other of others) giveScratchBack(other);
  return first;
}

/** Nobody uses the memory any more. */
export function giveScratchBack(buffer: Uint8Array): void {
  const bytes = buffer.length;
  if (bytes < SMALL_BYTES || bytes > KEPT_BYTES) return;
  if (kept + bytes > KEPT_BYTES) {
    // What is kept is of sizes that nobody asks for now, or more than anybody does.
    free.clear();
    kept = 0;
  }
  kept += bytes;
  const list = free.get(bytes);
  if (list === undefined) free.set(bytes, [buffer]);
  else list.push(buffer);
}

/** Buffers that lie in one memory. */
function slab(bytes: number): [Uint8Array, ...Uint8Array[]] {
  const slot = Math.ceil(bytes / PAGE_BYTES + 0.5) * PAGE_BYTES;
  const count = Math.max(1, Math.floor(SLAB_BYTES / slot));
  const memory = slot > SLAB_MAX_BYTES ? undefined : wasmMemory(slot * count);
  if (memory === undefined) return [new Uint8Array(bytes)];
  const buffer = (i: number): Uint8Array => new Uint8Array(memory.buffer, i * slot + PAGE_BYTES / 2, bytes);
  return [buffer(0), ...Array.from({ length: count - 1 }, (_, i) => buffer(i + 1))];
}
