/**
 * From a tree of elementwise functions to one loop over memory: a pass over each operand, whatever the length of the
 * chain. The loop is JavaScript text made of fixed templates (see `functions.ts`) and compiled once for each form of
 * tree; no text of a user's enters it. Every step is rounded to its dtype, as NumPy does. Where vectors can do it, they do
 * (see `simd-map.ts`).
 */
import type { DType, TypedArray } from "../dtype.ts";
import { type ComplexText, FUNCTIONS, HELPERS } from "./functions.ts";
import type { MapNode, Node, ScalarNode } from "./node.ts";
import { isBig, isComplex, isFloat, type ScalarValue } from "./promotion.ts";
import { compileSimd, type SimdKernel } from "./simd-map.ts";

/** An operand of a kernel that comes from memory. */
export type Input = Exclude<Node, MapNode | ScalarNode>;

/** Where a row of an operand lies: element `i` is at `offset + i * stride`; a stride of 0 repeats one element. */
export interface Row {
  readonly data: TypedArray;
  readonly offset: number;
  readonly stride: number;
}

/** Computes `n` elements into `out` from `offset` on. */
export type RowKernel = (out: TypedArray, offset: number, n: number, rows: readonly Row[]) => void;

/** A compiled tree: its operands in the order in which the kernel takes their rows. */
export interface Kernel {
  readonly inputs: readonly Input[];
  /** Whether it is much faster from one WebAssembly memory to another. */
  readonly vectors: boolean;
  readonly run: RowKernel;
}

type Loop = (
  out: TypedArray,
  o: number,
  n: number,
  rows: readonly Row[],
  scalars: readonly (number | bigint)[],
) => void;

interface Compiled {
  readonly loop: Loop;
  readonly simd: SimdKernel | undefined;
}

const compiled = new Map<string, Compiled>();

/** The kernel of a tree. */
export function compileKernel(root: MapNode): Kernel {
  const writer = new KernelWriter();
  const text = writer.write(root);
  const { inputs, scalars, names } = writer;
  // Texts are the same for some dtypes, and for some functions of which vectors do one and not another.
  const key = [root.dtype, ...inputs.map(({ dtype }) => dtype), ...names, text].join();
  let made = compiled.get(key);
  if (made === undefined) {
    const loop = (new Function("helpers", text) as (helpers: typeof HELPERS) => Loop)(HELPERS);
    made = { loop, simd: compileSimd(root, inputs) };
    compiled.set(key, made);
  }
  const { loop, simd } = made;
  return {
    inputs,
    vectors: simd !== undefined,
    run: (out, offset, n, rows) => {
      const done = simd?.(out, offset, n, rows, scalars as readonly number[]) ?? 0;
      const rest = done === 0 ? rows : rows.map((row) => ({ ...row, offset: row.offset + done }));
      if (done < n) loop(out, offset + done, n - done, rest, scalars);
    },
  };
}

/** An element as text: of a real dtype, or of a complex one as two. */
type Text = string | ComplexText;

class KernelWriter {
  readonly inputs: Input[] = [];
  readonly scalars: (number | bigint)[] = [];
  /** The functions, each as often as it is computed. */
  readonly names: MapNode["name"][] = [];
  readonly #lines: string[] = [];
  readonly #head: string[] = [];
  readonly #written = new Map<Node, Text>();
  #names = 0;

  write(root: MapNode): string {
    const value = this.#node(root);
    if (isComplex(root.dtype)) {
      const [re, im] = asComplex(value);
      this.#lines.push(`out[2 * (o + i)] = ${re};`, `out[2 * (o + i) + 1] = ${im};`);
    } else this.#lines.push(`out[o + i] = ${value as string};`);
    const inputs = this.inputs.map(
      (_, i) => `const a${i} = rows[${i}].data, p${i} = rows[${i}].offset, s${i} = rows[${i}].stride;`,
    );
    const even = this.inputs.map((_, i) => `s${i} === 1`).join(" && ") || "true";
    const body = this.#lines.join("\n    ");
    // Elements that follow each other need no multiplication to be found.
    return `"use strict";
const { ${Object.keys(HELPERS).join(", ")} } = helpers;
return function (out, o, n, rows, scalars) {
  ${[...inputs, ...this.#head].join("\n  ")}
  if (${even}) for (let i = 0; i < n; i++) {
    ${body.replace(/ \* s\d+/g, "")}
  }
  else for (let i = 0; i < n; i++) {
    ${body}
  }
};`;
  }

  /** The text of a node's element; each node is computed once, however often it occurs. */
  #node(node: Node): Text {
    let text = this.#written.get(node);
    if (text === undefined) {
      text =
        node.type === "scalar"
          ? this.#scalar(node.value, node.dtype)
          : node.type === "map"
            ? this.#map(node)
            : this.#input(node);
      this.#written.set(node, text);
    }
    return text;
  }

  #input(node: Input): Text {
    const i = this.inputs.push(node) - 1;
    const at = `p${i} + i * s${i}`;
    if (isComplex(node.dtype)) return this.#named([`a${i}[2 * (${at})]`, `a${i}[2 * (${at}) + 1]`]);
    return this.#named(`a${i}[${at}]`);
  }

  #scalar(value: ScalarValue, dtype: DType): Text {
    const constant = (v: number | bigint | boolean): string => {
      const converted = isBig(dtype) ? BigInt(v) : Number(v);
      const name = `k${this.scalars.push(converted) - 1}`;
      this.#head.push(
        `const ${name} = ${rounded(`scalars[${this.scalars.length - 1}]`, isComplex(dtype) ? partOf(dtype) : dtype)};`,
      );
      return name;
    };
    if (!isComplex(dtype)) return constant(value as number | bigint | boolean);
    return typeof value === "object" ? [constant(value.re), constant(value.im)] : [constant(value), constant(0)];
  }

  #map(node: MapNode): Text {
    this.names.push(node.name);
    if (node.name === "astype")
      return this.#named(convert(this.#node(node.operands[0]!), node.operands[0]!.dtype, node.dtype));
    if (node.name === "where") {
      const [condition, a, b] = node.operands as [Node, Node, Node];
      const test = `(${this.#node(condition) as string} != 0)`;
      const [x, y] = [a, b].map((operand) => convert(this.#node(operand), operand.dtype, node.dtype)) as [Text, Text];
      if (!isComplex(node.dtype)) return this.#named(`(${test} ? ${x as string} : ${y as string})`);
      const [[xr, xi], [yr, yi]] = [asComplex(x), asComplex(y)];
      return this.#named([`(${test} ? ${xr} : ${yr})`, `(${test} ? ${xi} : ${yi})`]);
    }
    const { emit, emitComplex } = FUNCTIONS[node.name];
    const operands = node.operands.map((operand) =>
      this.#named(convert(this.#node(operand), operand.dtype, node.takes)),
    );
    if (!isComplex(node.takes)) return this.#named(rounded(emit(node.takes, ...(operands as string[])), node.dtype));
    if (emitComplex === undefined)
      throw new TypeError(`${node.name} is not defined for ${node.takes}; use astype first`);
    const result = emitComplex(...(operands as ComplexText[]));
    if (typeof result === "string") return this.#named(rounded(result, node.dtype));
    const part = partOf(node.dtype);
    return this.#named([rounded(result[0], part), rounded(result[1], part)]);
  }

  /** The text, or the name of a constant that holds it, so that operands may be repeated in a template. */
  #named(text: Text): Text {
    if (typeof text !== "string") return [this.#named(text[0]) as string, this.#named(text[1]) as string];
    if (/^\w+$/.test(text)) return text;
    const name = `t${this.#names++}`;
    this.#lines.push(`const ${name} = ${text};`);
    return name;
  }
}

function asComplex(text: Text): ComplexText {
  return typeof text === "string" ? [text, "0"] : text;
}

function partOf(dtype: DType): DType {
  return dtype === "complex64" ? "float32" : "float64";
}

/** An element of one dtype as an element of another (`astype`). */
function convert(text: Text, from: DType, to: DType): Text {
  if (from === to) return text;
  if (isComplex(to)) {
    const part = partOf(to);
    if (typeof text === "string") return [convert(text, from, part) as string, "0"];
    return [rounded(text[0], part), rounded(text[1], part)];
  }
  if (typeof text !== "string" && to === "bool") return `(${text[0]} != 0 || ${text[1]} != 0 ? 1 : 0)`;
  if (typeof text !== "string") throw new TypeError(`${from} does not become ${to}: take xp.real or xp.abs of it`);
  if (to === "bool") return `(${text} != ${isBig(from) ? "0n" : "0"} ? 1 : 0)`;
  if (isBig(to)) {
    if (isBig(from)) return rounded(text, to);
    return rounded(
      isFloat(from) ? `BigInt(Number.isFinite(${text}) ? Math.trunc(${text}) : 0)` : `BigInt(${text})`,
      to,
    );
  }
  if (isBig(from))
    return isFloat(to) ? rounded(`Number(${text})`, to) : rounded(`Number(BigInt.asIntN(32, ${text}))`, to);
  return rounded(isFloat(from) && !isFloat(to) ? `Math.trunc(${text})` : text, to);
}

/** The nearest value that the dtype has: integers wrap around, floats round. */
function rounded(text: string, dtype: DType): string {
  switch (dtype) {
    case "bool":
    case "float64":
      return text;
    case "float32":
      return `Math.fround(${text})`;
    case "float16":
      return `Math.f16round(${text})`;
    case "int8":
      return `((${text}) << 24 >> 24)`;
    case "int16":
      return `((${text}) << 16 >> 16)`;
    case "int32":
      return `((${text}) | 0)`;
    case "uint8":
      return `((${text}) & 255)`;
    case "uint16":
      return `((${text}) & 65535)`;
    case "uint32":
      return `((${text}) >>> 0)`;
    case "int64":
      return `BigInt.asIntN(64, ${text})`;
    case "uint64":
      return `BigInt.asUintN(64, ${text})`;
    default:
      throw new TypeError(`${dtype} has no single text`);
  }
}
