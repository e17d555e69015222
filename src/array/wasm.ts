/** What is used of WebAssembly. It may be missing: `node --jitless` has none, and little address space leaves no room for it. */

/** A memory: it begins where a page does. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** The part of the WebAssembly API that is used; the types of Node do not have it. */
export interface WasmApi {
  readonly Memory: new (o: { initial: number }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly validate: (bytes: Uint8Array<ArrayBuffer>) => boolean;
}

const WASM_PAGE_BYTES = 65_536;
const PAGE_BYTES = 4096;

/** The WebAssembly of this Node, if it has one. */
export const wasm: WasmApi | undefined = (globalThis as { WebAssembly?: WasmApi }).WebAssembly;

/** Those that were made here. */
const memories = new WeakMap<ArrayBufferLike, WasmMemory>();

/** The memory that is seen through a buffer; `undefined`: it is plain memory, or one that threads share. */
export function memoryOf(buffer: ArrayBufferLike): WasmMemory | undefined {
  return buffer instanceof SharedArrayBuffer ? undefined : memories.get(buffer);
}

/** A memory of at least so many bytes; `undefined` when there is none to be had. */
export function wasmMemory(bytes: number): WasmMemory | undefined {
  if (wasm === undefined) return undefined;
  try {
    const memory = new wasm.Memory({ initial: Math.ceil(bytes / WASM_PAGE_BYTES) });
    memories.set(memory.buffer, memory);
    return memory;
  } catch (e) {
    if (e instanceof RangeError) return undefined;
    throw e;
  }
}

/**
 * Whether it is known that bytes from `offset` of a file are copied to `target` at full speed: AMD's `rep movsb`, with which
 * the kernel copies, has a fifth of it when the target begins 1 to 31 bytes after the source, counted modulo a page. Big typed arrays
 * of Node begin 16 bytes after a page does.
 */
export function takesFast(target: Uint8Array, offset: number): boolean {
  if (!memories.has(target.buffer)) return false;
  const after = (target.byteOffset - offset) & (PAGE_BYTES - 1);
  return after === 0 || after >= 32;
}
