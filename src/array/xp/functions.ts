/**
 * The elementwise functions of the array API: the dtype each gives and the JavaScript that computes one element.
 * Functions are text, not closures, so that a chain of them becomes one loop over memory (see `kernel.ts`).
 */
import type { DType } from "../dtype.ts";
import { floating, fractional, isBig, isComplex, isFloat, isInteger, realOf } from "./promotion.ts";

/** The text that computes one real element from the texts of its operands, all of dtype `dtype`. */
type Emit = (dtype: DType, ...operands: string[]) => string;

/** A complex element as the texts of its real and imaginary part. */
export type ComplexText = readonly [re: string, im: string];
type EmitComplex = (...operands: ComplexText[]) => ComplexText | string;

/** One elementwise function. */
export interface ElementwiseFunction {
  readonly operands: 1 | 2;
  /** The dtype that the operands are brought to, from their common one; a TypeError where NumPy has no such function. */
  readonly takes: (dtype: DType) => DType;
  /** What each array counts as when the common dtype is looked for; default its dtype. */
  readonly counts?: (dtype: DType) => DType;
  /** The dtype of the result, from that of the operands. */
  readonly gives: (dtype: DType) => DType;
  readonly emit: Emit;
  /** For complex operands; absent where NumPy has none. A single text means a real result. */
  readonly emitComplex?: EmitComplex;
}

const same = (dtype: DType): DType => dtype;
const bool = (): DType => "bool";

function refused(name: string, dtype: DType): TypeError {
  return new TypeError(`${name} is not defined for ${dtype}; use astype first`);
}

/** Numbers only: NumPy refuses to subtract, negate, ... truth values. */
function numeric(name: string): (dtype: DType) => DType {
  return (dtype) => {
    if (dtype === "bool") throw refused(name, dtype);
    return dtype;
  };
}

function noComplex(name: string, next: (dtype: DType) => DType = same): (dtype: DType) => DType {
  return (dtype) => {
    if (isComplex(dtype)) throw refused(name, dtype);
    return next(dtype);
  };
}

function integral(name: string, allowBool: boolean): (dtype: DType) => DType {
  return (dtype) => {
    if (!isInteger(dtype) && !(allowBool && dtype === "bool")) throw refused(name, dtype);
    return dtype;
  };
}

const binary = (f: Omit<ElementwiseFunction, "operands">): ElementwiseFunction => ({ operands: 2, ...f });
const unary = (f: Omit<ElementwiseFunction, "operands">): ElementwiseFunction => ({ operands: 1, ...f });

/** A function of `Math` on floats. */
function math(name: string, emit: (x: string) => string = (x) => `Math.${name}(${x})`): ElementwiseFunction {
  return unary({ takes: noComplex(name, floating), gives: same, emit: (_, x) => emit(x!) });
}

function compare(name: string, operator: string, emitComplex?: EmitComplex): ElementwiseFunction {
  return binary({
    takes: emitComplex === undefined ? noComplex(name) : same,
    gives: bool,
    emit: (_, a, b) => `(${a} ${operator} ${b} ? 1 : 0)`,
    ...(emitComplex === undefined ? {} : { emitComplex }),
  });
}

function logical(emit: (a: string, b: string) => string, name: string): ElementwiseFunction {
  return binary({
    takes: noComplex(name),
    gives: bool,
    emit: (dtype, a, b) => {
      const zero = isBig(dtype) ? "0n" : "0";
      return emit(`(${a} != ${zero})`, `(${b} != ${zero})`);
    },
  });
}

function bitwise(name: string, operator: string): ElementwiseFunction {
  return binary({ takes: integral(name, true), gives: same, emit: (_, a, b) => `(${a} ${operator} ${b})` });
}

const product = ([a, b]: ComplexText, [c, d]: ComplexText): ComplexText => [
  `(${a} * ${c} - ${b} * ${d})`,
  `(${a} * ${d} + ${b} * ${c})`,
];

/** What the texts may call, beside `Math`. Each is a constant of the compiled kernel. */
export const HELPERS = {
  /** Python's and NumPy's remainder: the sign of the divisor. */
  mod(a: number, b: number): number {
    const r = a % b;
    return r !== 0 && r < 0 !== b < 0 ? r + b : r === 0 ? (Object.is(b, -0) || b < 0 ? -0 : 0) : r;
  },
  /** The quotient, rounded down, which goes with `mod` (Python's and NumPy's way). */
  floorDivide(a: number, b: number): number {
    if (b === 0) return a / b;
    const mod = a % b;
    const quotient = (a - mod) / b - (mod !== 0 && b < 0 !== mod < 0 ? 1 : 0);
    if (quotient === 0) return a / b < 0 || Object.is(a / b, -0) ? -0 : 0;
    const floor = Math.floor(quotient);
    return quotient - floor > 0.5 ? floor + 1 : floor;
  },
  bigFloorDivide(a: bigint, b: bigint): bigint {
    if (b === 0n) return 0n;
    const q = a / b;
    return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q;
  },
  bigMod(a: bigint, b: bigint): bigint {
    if (b === 0n) return 0n;
    const r = a % b;
    return r !== 0n && r < 0n !== b < 0n ? r + b : r;
  },
  /** Powers of 32-bit integers wrap around, as all their arithmetic. */
  integerPower(base: number, exponent: number): number {
    if (exponent < 0) throw new RangeError("integers to negative integer powers are not allowed; use astype first");
    let result = 1;
    for (let b = base, e = exponent; e > 0; e = Math.floor(e / 2), b = Math.imul(b, b))
      if (e % 2 === 1) result = Math.imul(result, b);
    return result;
  },
  bigPower(base: bigint, exponent: bigint): bigint {
    if (exponent < 0n) throw new RangeError("integers to negative integer powers are not allowed; use astype first");
    let result = 1n;
    for (let b = base, e = exponent; e > 0n; e >>= 1n, b = BigInt.asIntN(64, b * b))
      if ((e & 1n) === 1n) result = BigInt.asIntN(64, result * b);
    return result;
  },
  /** The real part of (a + bi) / (c + di), by Smith's algorithm as in NumPy: no overflow on the way. */
  quotientReal(a: number, b: number, c: number, d: number): number {
    if (Math.abs(c) >= Math.abs(d)) {
      if (c === 0 && d === 0) return a / Math.abs(c);
      return (a + b * (d / c)) * (1 / (c + d * (d / c)));
    }
    return (a * (c / d) + b) * (1 / (d + c * (c / d)));
  },
  /** Its imaginary part. */
  quotientImaginary(a: number, b: number, c: number, d: number): number {
    if (Math.abs(c) >= Math.abs(d)) {
      if (c === 0 && d === 0) return b / Math.abs(c);
      return (b - a * (d / c)) * (1 / (c + d * (d / c)));
    }
    return (b * (c / d) - a) * (1 / (d + c * (c / d)));
  },
  /** To the nearest, halves to even (IEEE 754's default, NumPy's `rint`). */
  roundEven(x: number): number {
    const r = Math.round(x);
    return Math.abs(x - Math.trunc(x)) === 0.5 && r % 2 !== 0 ? r - 1 : r === 0 && (x < 0 || Object.is(x, -0)) ? -0 : r;
  },
  minimum(a: number, b: number): number {
    return a < b || Number.isNaN(a) ? a : b;
  },
  maximum(a: number, b: number): number {
    return a > b || Number.isNaN(a) ? a : b;
  },
  sign(x: number): number {
    return x > 0 ? 1 : x < 0 ? -1 : x;
  },
} as const;

const integerQuotient: Emit = (dtype, a, b) =>
  isBig(dtype) ? `bigFloorDivide(${a}, ${b})` : `(${b} === 0 ? 0 : Math.floor(${a} / ${b}))`;

const functions = {
  add: binary({
    takes: same,
    gives: same,
    emit: (dtype, a, b) => (dtype === "bool" ? `(${a} | ${b})` : `(${a} + ${b})`),
    emitComplex: ([a, b], [c, d]) => [`(${a} + ${c})`, `(${b} + ${d})`],
  }),
  subtract: binary({
    takes: numeric("subtract"),
    gives: same,
    emit: (_, a, b) => `(${a} - ${b})`,
    emitComplex: ([a, b], [c, d]) => [`(${a} - ${c})`, `(${b} - ${d})`],
  }),
  multiply: binary({
    takes: same,
    gives: same,
    emit: (dtype, a, b) =>
      dtype === "bool"
        ? `(${a} & ${b})`
        : dtype === "int32" || dtype === "uint32"
          ? `Math.imul(${a}, ${b})`
          : `(${a} * ${b})`,
    emitComplex: product,
  }),
  divide: binary({
    takes: fractional,
    gives: same,
    emit: (_, a, b) => `(${a} / ${b})`,
    emitComplex: ([a, b], [c, d]) => [
      `quotientReal(${a}, ${b}, ${c}, ${d})`,
      `quotientImaginary(${a}, ${b}, ${c}, ${d})`,
    ],
  }),
  floor_divide: binary({
    takes: noComplex("floor_divide", (dtype) => (dtype === "bool" ? "int8" : dtype)),
    gives: same,
    emit: (dtype, a, b) => (isFloat(dtype) ? `floorDivide(${a}, ${b})` : integerQuotient(dtype, a!, b!)),
  }),
  remainder: binary({
    takes: noComplex("remainder", (dtype) => (dtype === "bool" ? "int8" : dtype)),
    gives: same,
    emit: (dtype, a, b) =>
      isBig(dtype) ? `bigMod(${a}, ${b})` : isFloat(dtype) ? `mod(${a}, ${b})` : `(${b} === 0 ? 0 : mod(${a}, ${b}))`,
  }),
  pow: binary({
    takes: noComplex("pow", (dtype) => (dtype === "bool" ? "int8" : dtype)),
    gives: same,
    emit: (dtype, a, b) =>
      isBig(dtype) ? `bigPower(${a}, ${b})` : isInteger(dtype) ? `integerPower(${a}, ${b})` : `Math.pow(${a}, ${b})`,
  }),
  minimum: binary({
    takes: noComplex("minimum"),
    gives: same,
    emit: (dtype, a, b) => (isFloat(dtype) ? `minimum(${a}, ${b})` : `(${a} < ${b} ? ${a} : ${b})`),
  }),
  maximum: binary({
    takes: noComplex("maximum"),
    gives: same,
    emit: (dtype, a, b) => (isFloat(dtype) ? `maximum(${a}, ${b})` : `(${a} > ${b} ? ${a} : ${b})`),
  }),
  hypot: binary({
    takes: noComplex("hypot", floating),
    counts: floating,
    gives: same,
    emit: (_, a, b) => `Math.hypot(${a}, ${b})`,
  }),
  atan2: binary({
    takes: noComplex("atan2", floating),
    counts: floating,
    gives: same,
    emit: (_, a, b) => `Math.atan2(${a}, ${b})`,
  }),

  equal: compare("equal", "===", ([a, b], [c, d]) => `(${a} === ${c} && ${b} === ${d} ? 1 : 0)`),
  not_equal: compare("not_equal", "!==", ([a, b], [c, d]) => `(${a} !== ${c} || ${b} !== ${d} ? 1 : 0)`),
  less: compare("less", "<"),
  less_equal: compare("less_equal", "<="),
  greater: compare("greater", ">"),
  greater_equal: compare("greater_equal", ">="),

  logical_and: logical((a, b) => `(${a} && ${b} ? 1 : 0)`, "logical_and"),
  logical_or: logical((a, b) => `(${a} || ${b} ? 1 : 0)`, "logical_or"),
  logical_xor: logical((a, b) => `(${a} !== ${b} ? 1 : 0)`, "logical_xor"),
  logical_not: unary({
    takes: noComplex("logical_not"),
    gives: bool,
    emit: (dtype, x) => `(${x} == ${isBig(dtype) ? "0n" : "0"} ? 1 : 0)`,
  }),
  bitwise_and: bitwise("bitwise_and", "&"),
  bitwise_or: bitwise("bitwise_or", "|"),
  bitwise_xor: bitwise("bitwise_xor", "^"),
  bitwise_invert: unary({
    takes: integral("bitwise_invert", true),
    gives: same,
    emit: (dtype, x) => (dtype === "bool" ? `(1 - ${x})` : `(~${x})`),
  }),

  negative: unary({
    takes: numeric("negative"),
    gives: same,
    emit: (_, x) => `(-${x})`,
    emitComplex: ([a, b]) => [`(-${a})`, `(-${b})`],
  }),
  positive: unary({ takes: numeric("positive"), gives: same, emit: (_, x) => x!, emitComplex: (x) => x! }),
  abs: unary({
    takes: same,
    gives: realOf,
    emit: (dtype, x) => (isBig(dtype) ? `(${x} < 0n ? -${x} : ${x})` : `Math.abs(${x})`),
    emitComplex: ([a, b]) => `Math.hypot(${a}, ${b})`,
  }),
  sign: unary({
    takes: noComplex("sign", numeric("sign")),
    gives: same,
    emit: (dtype, x) => (isBig(dtype) ? `(${x} > 0n ? 1n : ${x} < 0n ? -1n : 0n)` : `sign(${x})`),
  }),
  square: unary({
    takes: (dtype) => (dtype === "bool" ? "int8" : dtype),
    gives: same,
    emit: (dtype, x) => (dtype === "int32" || dtype === "uint32" ? `Math.imul(${x}, ${x})` : `(${x} * ${x})`),
    emitComplex: (x) => product(x!, x!),
  }),
  conj: unary({
    takes: (dtype) => (dtype === "bool" ? "int8" : dtype),
    gives: same,
    emit: (_, x) => x!,
    emitComplex: ([a, b]) => [a, `(-${b})`],
  }),
  real: unary({ takes: same, gives: realOf, emit: (_, x) => x!, emitComplex: ([a]) => a }),
  imag: unary({
    takes: same,
    gives: realOf,
    emit: (dtype) => (isBig(dtype) ? "0n" : "0"),
    emitComplex: ([, b]) => b,
  }),
  sqrt: math("sqrt"),
  exp: math("exp"),
  expm1: math("expm1"),
  log: math("log"),
  log1p: math("log1p"),
  log2: math("log2"),
  log10: math("log10"),
  sin: math("sin"),
  cos: math("cos"),
  tan: math("tan"),
  asin: math("asin"),
  acos: math("acos"),
  atan: math("atan"),
  sinh: math("sinh"),
  cosh: math("cosh"),
  tanh: math("tanh"),
  asinh: math("asinh"),
  acosh: math("acosh"),
  atanh: math("atanh"),
  floor: wholeNumber("floor"),
  ceil: wholeNumber("ceil"),
  trunc: wholeNumber("trunc"),
  round: unary({
    takes: noComplex("round"),
    gives: same,
    emit: (dtype, x) => (isFloat(dtype) ? `roundEven(${x})` : x!),
  }),
  isnan: testing((x) => `(${x} !== ${x} ? 1 : 0)`, "isnan", "0"),
  isinf: testing((x) => `(${x} === Infinity || ${x} === -Infinity ? 1 : 0)`, "isinf", "0"),
  isfinite: testing((x) => `(Number.isFinite(${x}) ? 1 : 0)`, "isfinite", "1"),
} as const satisfies Readonly<Record<string, ElementwiseFunction>>;

/** The name of an elementwise function. */
export type FunctionName = keyof typeof functions;

/** All of them by the array API's names. */
export const FUNCTIONS: Readonly<Record<FunctionName, ElementwiseFunction>> = functions;

function wholeNumber(name: string): ElementwiseFunction {
  return unary({
    takes: noComplex(name),
    gives: same,
    emit: (dtype, x) => (isFloat(dtype) ? `Math.${name}(${x})` : x!),
  });
}

function testing(emit: (x: string) => string, name: string, ofIntegers: "0" | "1"): ElementwiseFunction {
  return unary({ takes: noComplex(name), gives: bool, emit: (dtype, x) => (isFloat(dtype) ? emit(x!) : ofIntegers) });
}
