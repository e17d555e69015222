/**
 * Sums, minima and maxima of float64 in WebAssembly SIMD, over memory that storage reads straight into: no copy on the way.
 * The module is put together here, instruction by instruction (WebAssembly core specification 2.0, chapter 5).
 */

/** Elements that one memory holds: 4 MiB. */
const CAPACITY = 2 ** 19;
/** Elements that one turn of the loop takes: 4 accumulators of 2. */
const TURN = 8;
const PAGE_BYTES = 65_536;

/** The functions of the module: of elements that begin at a byte and end before another, whole turns and at least one. */
interface Functions {
  readonly sum: (from: number, to: number) => number;
  readonly min: (from: number, to: number) => number;
  readonly max: (from: number, to: number) => number;
}

/** Memory with functions that work inside it. */
export interface SimdMemory extends Functions {
  readonly data: Float64Array<ArrayBuffer>;
}

/** What is used of the WebAssembly API, which the types of Node do not have. */
interface WasmApi {
  readonly Memory: new (o: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly validate: (bytes: Uint8Array<ArrayBuffer>) => boolean;
}

/** The WebAssembly of this Node. */
export const wasm: WasmApi = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly;

const free: SimdMemory[] = [];
const byBuffer = new WeakMap<ArrayBufferLike, SimdMemory>();
let compiled: object | undefined;

/** Memory for `count` elements, to be given back; `undefined` when that is too much. */
export function takeMemory(count: number): SimdMemory | undefined {
  if (count > CAPACITY) return undefined;
  const pooled = free.pop();
  if (pooled !== undefined) return pooled;
  const memory = new wasm.Memory({ initial: (CAPACITY * 8) / PAGE_BYTES });
  compiled ??= new wasm.Module(assemble());
  const { exports } = new wasm.Instance(compiled, { host: { memory } });
  const made = {
    ...(exports as Functions),
    data: new Float64Array(memory.buffer),
  };
  byBuffer.set(memory.buffer, made);
  return made;
}

/** Nobody reads into the memory any more. */
export function giveMemoryBack(memory: SimdMemory): void {
  free.push(memory);
}

/** Reduces elements of such a memory: as many as make whole turns. `undefined`: it is other memory, or too few. */
export function reduceSimd(
  name: keyof Functions,
  data: Float64Array,
  at: number,
  n: number,
): { readonly value: number; readonly count: number } | undefined {
  const count = n - (n % TURN);
  const memory = count === 0 ? undefined : byBuffer.get(data.buffer);
  if (memory === undefined) return undefined;
  const from = data.byteOffset + at * 8;
  return { value: memory[name](from, from + count * 8), count };
}

/** The module: `sum`, `min` and `max` over the memory `host.memory`. */
export function assemble(): Uint8Array<ArrayBuffer> {
  const [i32, f64, v128] = [0x7f, 0x7c, 0x7b];
  // Vector instruction, scalar instruction, whether it begins with 0 instead of the first element.
  const bodies = [body([0xf0, 0x01], 0xa0, true), body([0xf4, 0x01], 0xa4, false), body([0xf5, 0x01], 0xa5, false)];
  const section = (id: number, content: readonly number[]): number[] => [id, ...leb(content.length), ...content];
  const text = (name: string): number[] => [name.length, ...Buffer.from(name)];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 2, i32, i32, 1, f64]),
    ...section(2, [1, ...text("host"), ...text("memory"), 0x02, 0x00, ...leb((CAPACITY * 8) / PAGE_BYTES)]),
    ...section(3, [3, 0, 0, 0]),
    ...section(7, [3, ...["sum", "min", "max"].flatMap((name, i) => [...text(name), 0x00, i])]),
    ...section(10, [3, ...bodies.flatMap((code) => [...leb(code.length), ...code])]),
  ]);

  function body(vector: readonly number[], scalar: number, fromZero: boolean): number[] {
    const [from, to, first] = [0, 1, 2];
    const accumulators = [0, 1, 2, 3].map((k) => first + k);
    const get = (local: number): number[] => [0x20, local];
    const set = (local: number): number[] => [0x21, local];
    const simd = (...instruction: number[]): number[] => [0xfd, ...instruction];
    const zero = simd(0x0c, ...new Array<number>(16).fill(0)); // v128.const
    const splat = [...get(from), ...simd(0x0a, 3, 0)]; // v128.load64_splat
    const lane = (k: number): number[] => [...get(first), ...simd(0x21, k)]; // f64x2.extract_lane
    const fold = (a: number, b: number): number[] => [...get(a), ...get(b), ...simd(...vector), ...set(a)];
    return [
      ...[1, 4, v128], // four locals
      ...accumulators.flatMap((local) => [...(fromZero ? zero : splat), ...set(local)]),
      ...[0x03, 0x40], // loop
      ...accumulators.flatMap((local, k) => [
        ...get(local),
        ...get(from),
        ...simd(0x00, 3, 16 * k), // v128.load
        ...simd(...vector),
        ...set(local),
      ]),
      ...get(from),
      ...[0x41, ...signedLeb(TURN * 8), 0x6a, 0x22, from], // i32.const, i32.add, local.tee
      ...get(to),
      ...[0x49, 0x0d, 0x00, 0x0b], // i32.lt_u, br_if, end
      ...fold(first, first + 1),
      ...fold(first + 2, first + 3),
      ...fold(first, first + 2),
      ...lane(0),
      ...lane(1),
      ...[scalar, 0x0b],
    ];
  }
}

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)];
}

/** For numbers from 64 to 8191, whose sign takes a second byte. */
function signedLeb(value: number): number[] {
  return [(value & 127) | 128, value >> 7];
}
