/**
 * Sums, minima and maxima of float64 in WebAssembly SIMD, over memory that storage reads straight into: no copy on the way.
 * The module is put together here, instruction by instruction (WebAssembly core specification 2.0, chapter 5).
 */
import { wasm, wasmMemory } from "../wasm.ts";

/** Elements that one memory holds: 4 MiB. */
const CAPACITY = 2 ** 19;
/** Elements that one turn of the loop takes: 4 vectors of 2. */
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

const free: SimdMemory[] = [];
const byBuffer = new WeakMap<ArrayBufferLike, SimdMemory>();
let compiled: object | undefined;

/** Memory for `count` elements, to be given back; `undefined` when that is too much, or there is none to be had. */
export function takeMemory(count: number): SimdMemory | undefined {
  if (count > CAPACITY || wasm === undefined) return undefined;
  const pooled = free.pop();
  if (pooled !== undefined) return pooled;
  const memory = wasmMemory(CAPACITY * 8);
  if (memory === undefined) return undefined;
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

const [I32, F64, V128] = [0x7f, 0x7c, 0x7b] as const;

// Locals: the two parameters, the accumulators of a turn's vectors, and what an extreme needs besides.
const [FROM, TO] = [0, 1];
const VECTORS = [2, 3, 4, 5];
const [UNORDERED, SIGNS, VECTOR, EXTREME] = [6, 7, 8, 9];

const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const simd = (...instruction: number[]): number[] => [0xfd, ...instruction];
/** The vector number `k` of a turn. */
const load = (k: number): number[] => [...get(FROM), ...simd(0x00, 3, 16 * k)];
/** `a` becomes what the vector instruction makes of `a` and `b`. */
const fold = (instruction: readonly number[], a: number, b: number): number[] => [
  ...get(a),
  ...get(b),
  ...simd(...instruction),
  ...set(a),
];
const lane = (local: number, k: number): number[] => [...get(local), ...simd(0x21, k)];
const lane64 = (local: number, k: number): number[] => [...get(local), ...simd(0x1d, k)];
const ZERO = simd(0x0c, ...new Array<number>(16).fill(0));

/** The module: `sum`, `min` and `max` over the memory `host.memory`. */
export function assemble(): Uint8Array<ArrayBuffer> {
  const bodies = [
    sumBody(),
    // pmin, min; the signs joined by or: one that is negative, if only -0, shows
    extremeBody({ vector: [0xf6, 0x01], scalar: 0xa4, join: [0x50], join64: 0x84 }),
    // pmax, max; the signs joined by and: one that is positive, if only 0, shows
    extremeBody({ vector: [0xf7, 0x01], scalar: 0xa5, join: [0x4e], join64: 0x83 }),
  ];
  const section = (id: number, content: readonly number[]): number[] => [id, ...leb(content.length), ...content];
  const text = (name: string): number[] => [name.length, ...Buffer.from(name)];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 2, I32, I32, 1, F64]),
    ...section(2, [1, ...text("host"), ...text("memory"), 0x02, 0x00, ...leb((CAPACITY * 8) / PAGE_BYTES)]),
    ...section(3, [3, 0, 0, 0]),
    ...section(7, [3, ...["sum", "min", "max"].flatMap((name, i) => [...text(name), 0x00, i])]),
    ...section(10, [3, ...bodies.flatMap((code) => [...leb(code.length), ...code])]),
  ]);
}

function sumBody(): number[] {
  const add = [0xf0, 0x01];
  return [
    ...[1, 4, V128],
    ...VECTORS.flatMap((local) => [...ZERO, ...set(local)]),
    ...turns(VECTORS.flatMap((local, k) => [...get(local), ...load(k), ...simd(...add), ...set(local)])),
    ...joinVectors(add),
    ...[...lane(VECTORS[0]!, 0), ...lane(VECTORS[0]!, 1), 0xa0, 0x0b],
  ];
}

/**
 * The instructions that keep to IEEE 754 (NaN wins, -0 is less than 0) take several of the processor's each. So the loop uses
 * those that do not, and notes whether there was a NaN, and what the signs were: they decide when the result is a zero.
 */
function extremeBody(o: {
  readonly vector: readonly number[];
  readonly scalar: number;
  readonly join: readonly number[];
  readonly join64: number;
}): number[] {
  const first = VECTORS[0]!;
  return [
    ...[2, 7, V128, 1, F64],
    ...[...VECTORS, SIGNS].flatMap((local) => [...get(FROM), ...simd(0x0a, 3, 0), ...set(local)]), // load64_splat
    ...[...ZERO, ...set(UNORDERED)],
    ...turns(
      VECTORS.flatMap((local, k) => [
        ...[...load(k), ...set(VECTOR)],
        ...fold(o.vector, local, VECTOR),
        ...fold(o.join, SIGNS, VECTOR),
        ...[...get(VECTOR), ...get(VECTOR), ...simd(0x48), ...get(UNORDERED), ...simd(0x50), ...set(UNORDERED)], // ne, or
      ]),
    ),
    ...joinVectors(o.vector),
    ...[...get(UNORDERED), ...simd(0x53)], // any_true
    ...[0x04, 0x40, 0x44, ...new Uint8Array(Float64Array.of(Number.NaN).buffer), 0x0f, 0x0b], // if: return NaN
    ...[...lane(first, 0), ...lane(first, 1), o.scalar, 0x22, EXTREME],
    ...[0x44, ...new Array<number>(8).fill(0), 0x61], // equal to 0
    ...[0x04, 0x40, ...get(EXTREME), ...lane64(SIGNS, 0), ...lane64(SIGNS, 1), o.join64], // if: with the sign of the joined ones
    ...[0xbf, 0xa6, 0x0f, 0x0b], // f64.reinterpret_i64, copysign, return
    ...[...get(EXTREME), 0x0b],
  ];
}

/** A loop over all turns. */
function turns(body: readonly number[]): number[] {
  return [
    ...[0x03, 0x40],
    ...body,
    ...[...get(FROM), 0x41, ...signedLeb(TURN * 8), 0x6a, 0x22, FROM], // i32.const, i32.add, local.tee
    ...[...get(TO), 0x49, 0x0d, 0x00, 0x0b], // i32.lt_u, br_if, end
  ];
}

/** All vectors become one, the first. */
function joinVectors(instruction: readonly number[]): number[] {
  const [a, b, c, d] = VECTORS as [number, number, number, number];
  return [...fold(instruction, a, b), ...fold(instruction, c, d), ...fold(instruction, a, c)];
}

/** A number as WebAssembly writes it. */
export function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)];
}

/** For numbers from 64 to 8191, whose sign takes a second byte. */
function signedLeb(value: number): number[] {
  return [(value & 127) | 128, value >> 7];
}
