/**
 * Chains of functions of floats in WebAssembly SIMD, a module for each form of tree, put together instruction by instruction
 * (WebAssembly core specification 3.0, chapter 5). Operands lie in one memory, the result in one: what is read goes straight
 * into the former, what is written comes straight from the latter. What has no vector instruction is left to `kernel.ts`.
 */
import type { DType, TypedArray } from "../dtype.ts";
import { memoryOf, type WasmMemory, wasm } from "../wasm.ts";
import type { FunctionName } from "./functions.ts";
import type { Input, Row } from "./kernel.ts";
import type { MapNode, Node, ScalarNode } from "./node.ts";
import { leb } from "./simd.ts";

/** Vectors of one turn of the loop. */
const VECTORS = 4;
const VECTOR_BYTES = 16;
/** Fewer elements are not worth the way into the module. */
const ELEMENTS_MIN = 128;
/** The most operands and numbers: each is a parameter. */
const PARAMETERS_MAX = 32;
/** Each has 16 bytes of the stack, whether the compiler needs them or not; a caller may have used most of it. */
const LOCALS_MAX = 4096;

/**
 * Computes as many of the first elements of a row as it can; gives how many.
 *
 * @param scalars - the numbers of the tree, each once, in the order in which one comes upon them.
 */
export type SimdKernel = (
  out: TypedArray,
  offset: number,
  n: number,
  rows: readonly Row[],
  scalars: readonly number[],
) => number;

type Run = (out: number, end: number, ...parameters: number[]) => void;

const [I32, F32, F64, V128] = [0x7f, 0x7d, 0x7c, 0x7b] as const;
/** The memories that a module imports. */
const [OPERANDS, RESULT] = [0, 1] as const;

type Instruction = readonly number[];

/** The vector instructions of a dtype. */
interface Vectors {
  readonly type: number;
  readonly bytes: number;
  readonly splat: Instruction;
  readonly less: Instruction;
  readonly greater: Instruction;
  readonly differ: Instruction;
  readonly functions: Readonly<Partial<Record<FunctionName, Instruction>>>;
}

const VECTORS_OF: Readonly<Partial<Record<DType, Vectors>>> = {
  float32: {
    ...{ type: F32, bytes: 4, splat: [0x13], less: [0x43], greater: [0x44], differ: [0x42] },
    functions: {
      ...{ add: [0xe4, 1], subtract: [0xe5, 1], multiply: [0xe6, 1], divide: [0xe7, 1] },
      ...{ negative: [0xe1, 1], abs: [0xe0, 1], sqrt: [0xe3, 1] },
    },
  },
  float64: {
    ...{ type: F64, bytes: 8, splat: [0x14], less: [0x49], greater: [0x4a], differ: [0x48] },
    functions: {
      ...{ add: [0xf0, 1], subtract: [0xf1, 1], multiply: [0xf2, 1], divide: [0xf3, 1] },
      ...{ negative: [0xed, 1], abs: [0xec, 1], sqrt: [0xef, 1] },
    },
  },
};

/**
 * The kernel of a tree; `undefined`: it has something that vectors do not do.
 *
 * @param inputs - the operands in the order in which rows are given.
 */
export function compileSimd(root: MapNode, inputs: readonly Input[]): SimdKernel | undefined {
  const vectors = VECTORS_OF[root.dtype];
  if (wasm === undefined || vectors === undefined || inputs.length === 0) return undefined;
  const writer = new ModuleWriter(root.dtype, vectors, inputs);
  const bytes = writer.write(root);
  if (bytes === undefined) return undefined;
  // A Node without memories by the dozen, or without vectors.
  if (!wasm.validate(bytes)) return undefined;
  const module = new wasm.Module(bytes);
  const per = (VECTORS * VECTOR_BYTES) / vectors.bytes;
  return (out, offset, n, rows, scalars) => {
    const { buffer } = rows[0]!.data;
    if (n < ELEMENTS_MIN || rows.some(({ data, stride }) => stride !== 1 || data.buffer !== buffer)) return 0;
    const run = instanceOf(module, buffer, out.buffer);
    if (run === undefined) return 0;
    const count = n - (n % per);
    const from = out.byteOffset + offset * vectors.bytes;
    run(
      from,
      from + count * vectors.bytes,
      ...rows.map((row) => row.data.byteOffset + row.offset * vectors.bytes),
      ...scalars,
    );
    return count;
  };
}

/** The instances of each module for each pair of memories. */
const instances = new WeakMap<object, WeakMap<WasmMemory, WeakMap<WasmMemory, Run>>>();

/** The module's function over two memories; `undefined` when they are not of WebAssembly. */
function instanceOf(module: object, from: ArrayBufferLike, to: ArrayBufferLike): Run | undefined {
  const [operands, result] = [memoryOf(from), memoryOf(to)];
  if (wasm === undefined || operands === undefined || result === undefined) return undefined;
  const ofOperands = entry(
    entry(instances, module, () => new WeakMap()),
    operands,
    () => new WeakMap(),
  );
  return entry(ofOperands, result, () => {
    const { exports } = new wasm!.Instance(module, { host: { operands, result } });
    return (exports as { readonly run: Run }).run;
  });
}

function entry<K extends object, V>(map: WeakMap<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

const get = (local: number): number[] => [0x20, ...leb(local)];
const set = (local: number): number[] => [0x21, ...leb(local)];
const simd = (instruction: Instruction): number[] => [0xfd, ...instruction];
const I32_ADD = 0x6a;
/** Alignment 16, a memory's number, and a distance from the address. */
const at = (memory: number, bytes: number): number[] => [4 | 0x40, memory, ...leb(bytes)];

class ModuleWriter {
  readonly #scalars: ScalarNode[] = [];
  readonly #dtype: DType;
  readonly #vectors: Vectors;
  readonly #inputs: readonly Input[];
  /** The instructions of the loop, and those before it. */
  readonly #code: number[] = [];
  readonly #head: number[] = [];
  #locals = 0;

  constructor(dtype: DType, vectors: Vectors, inputs: readonly Input[]) {
    this.#dtype = dtype;
    this.#vectors = vectors;
    this.#inputs = inputs;
  }

  /** The module; `undefined` when vectors do not do all of it. */
  write(root: MapNode): Uint8Array<ArrayBuffer> | undefined {
    if (!this.#collect(root, new Set())) return undefined;
    const parameters = 2 + this.#inputs.length + this.#scalars.length;
    if (parameters > PARAMETERS_MAX) return undefined;
    const [out, end] = [0, 1];
    const input = (i: number): number => 2 + i;
    this.#locals = parameters;
    const known = new Map<Node, number>();
    this.#scalars.forEach((scalar, i) => {
      this.#head.push(...get(input(this.#inputs.length) + i), ...simd(this.#vectors.splat));
      known.set(scalar, this.#keep(this.#head));
    });
    for (let k = 0; k < VECTORS; k++) {
      const local = new Map(known);
      this.#inputs.forEach((node, i) => {
        this.#code.push(...get(input(i)), ...simd([0x00, ...at(OPERANDS, k * VECTOR_BYTES)])); // v128.load
        local.set(node, this.#keep(this.#code));
      });
      const result = this.#node(root, local);
      this.#code.push(...get(out), ...get(result), ...simd([0x0b, ...at(RESULT, k * VECTOR_BYTES)])); // v128.store
      if (this.#locals > LOCALS_MAX) return undefined;
    }
    for (const pointer of [out, ...this.#inputs.map((_, i) => input(i))])
      this.#code.push(...get(pointer), 0x41, ...signedLeb(VECTORS * VECTOR_BYTES), I32_ADD, ...set(pointer));
    const body = [
      ...[1, ...leb(this.#locals - parameters), V128],
      ...this.#head,
      ...[0x03, 0x40, ...this.#code], // loop
      ...[...get(out), ...get(end), 0x49, 0x0d, 0x00, 0x0b, 0x0b], // i32.lt_u, br_if, end, end
    ];
    const section = (id: number, content: readonly number[]): number[] => [id, ...leb(content.length), ...content];
    const text = (name: string): number[] => [name.length, ...Buffer.from(name)];
    const memory = (name: string): number[] => [...text("host"), ...text(name), 0x02, 0x00, 1];
    const types = [...[I32, I32, ...this.#inputs.map(() => I32)], ...this.#scalars.map(() => this.#vectors.type)];
    return Uint8Array.from([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(1, [1, 0x60, types.length, ...types, 0]),
      ...section(2, [2, ...memory("operands"), ...memory("result")]),
      ...section(3, [1, 0]),
      ...section(7, [1, ...text("run"), 0x00, 0]),
      ...section(10, [1, ...leb(body.length), ...body]),
    ]);
  }

  /** Finds the numbers of a tree; `false` when vectors do not do all of it. */
  #collect(node: Node, seen: Set<Node>): boolean {
    if (seen.has(node)) return true;
    seen.add(node);
    if (node.dtype !== this.#dtype) return false;
    if (node.type === "scalar") {
      this.#scalars.push(node);
      return true;
    }
    if (node.type !== "map") return true;
    const { name, takes, operands } = node;
    return takes === this.#dtype && this.#has(name) && operands.every((operand) => this.#collect(operand, seen));
  }

  #has(name: MapNode["name"]): boolean {
    if (name === "minimum" || name === "maximum" || name === "square" || name === "positive") return true;
    return name !== "where" && name !== "astype" && this.#vectors.functions[name] !== undefined;
  }

  /** The local that has a node's vector; each node is computed once, however often it occurs. */
  #node(node: Node, known: Map<Node, number>): number {
    let local = known.get(node);
    if (local === undefined) {
      const { name, operands } = node as MapNode;
      local = this.#apply(
        name,
        operands.map((operand) => this.#node(operand, known)),
      );
      known.set(node, local);
    }
    return local;
  }

  #apply(name: MapNode["name"], operands: readonly number[]): number {
    const { functions, less, greater, differ } = this.#vectors;
    const [a, b] = operands as [number, number];
    switch (name) {
      case "positive":
        return a;
      case "square":
        this.#code.push(...get(a), ...get(a), ...simd(functions.multiply!));
        break;
      case "minimum":
      case "maximum":
        // The first one, where it is the one or NaN; else the second one: v128.or, v128.bitselect.
        this.#code.push(
          ...[...get(a), ...get(b)],
          ...[...get(a), ...get(b), ...simd(name === "minimum" ? less : greater)],
          ...[...get(a), ...get(a), ...simd(differ), ...simd([0x50]), ...simd([0x52])],
        );
        break;
      default:
        this.#code.push(...operands.flatMap(get), ...simd(functions[name as FunctionName]!));
    }
    return this.#keep(this.#code);
  }

  /** Takes what the code has just computed into a new local. */
  #keep(code: number[]): number {
    const local = this.#locals++;
    code.push(...set(local));
    return local;
  }
}

/** For numbers from 64 to 8191, whose sign takes a second byte. */
function signedLeb(value: number): number[] {
  return [(value & 127) | 128, value >> 7];
}
