/** Elements as text: what the command line takes and prints. Pure. */
import type { Complex, DType, NDArray, Scalar } from "../../index.ts";
import { CliError } from "../failure.ts";

interface JsonWithRaw {
  rawJSON(text: string): unknown;
}

const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
};
const REAL = "[+-]?(?:(?:\\d+\\.?\\d*|\\.\\d+)(?:e[+-]?\\d+)?|inf(?:inity)?|nan)";
const NUMBER = new RegExp(`^${REAL}$`, "i");
const COMPLEX = new RegExp(`^(?:(${REAL})(?=$|[+-]))?(?:(${REAL})[ij])?$`, "i");

/** The element that a word stands for. What the dtype cannot hold is for the library to refuse. */
export function parseElement(dtype: DType, word: string): Scalar<DType> {
  const text = word.trim();
  switch (dtype) {
    case "bool":
      if (/^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
      throw notAn(dtype, "true or false", word);
    case "int64":
    case "uint64":
      if (/^[+-]?\d+$/.test(text)) return BigInt(text.replace("+", ""));
      throw notAn(dtype, "a whole number", word);
    case "complex64":
    case "complex128": {
      const [, re, im] = COMPLEX.exec(text) ?? [];
      if (re === undefined && im === undefined) throw notAn(dtype, "a number such as 1.5-2i", word);
      return { re: realOf(re ?? "0"), im: realOf(im ?? "0") };
    }
    default:
      if (NUMBER.test(text)) return realOf(text);
      throw notAn(dtype, "a number", word);
  }
}

function realOf(text: string): number {
  const [, sign, word] = /^([+-]?)(.*)$/.exec(text.toLowerCase())!;
  const special = SPECIAL[word!];
  if (special === undefined) return Number(text);
  return sign === "-" ? -special : special;
}

/** An element in as few digits as tell it from its neighbours. */
export function elementText(dtype: DType, value: Scalar<DType>): string {
  if (typeof value === "number") return numberText(dtype, value);
  if (typeof value !== "object") return String(value);
  const { re, im } = value as Complex;
  const part = dtype === "complex64" ? "float32" : "float64";
  const imaginary = numberText(part, im);
  return `${numberText(part, re)}${/^[-+]/.test(imaginary) ? "" : "+"}${imaginary}i`;
}

/** An element for JSON, as Zarr writes fill values: NaN and infinities as text, complex numbers as pairs, integers exact. */
export function elementJson(dtype: DType, value: Scalar<DType>): unknown {
  if (typeof value === "boolean") return value;
  if (typeof value === "object") {
    const part = dtype === "complex64" ? "float32" : "float64";
    return [elementJson(part, value.re), elementJson(part, value.im)];
  }
  const text = elementText(dtype, value);
  return Number.isFinite(Number(value)) ? (JSON as unknown as JsonWithRaw).rawJSON(text) : text;
}

/** A number that an array of `dtype` holds. */
export function numberText(dtype: DType, value: number): string {
  if (Object.is(value, -0)) return "-0";
  const [round, digits] =
    dtype === "float16" ? [Math.f16round, 5] : dtype === "float32" ? [Math.fround, 9] : [undefined, 0];
  for (let n = 1; round !== undefined && n <= digits; n++) {
    const short = Number(value.toPrecision(n));
    if (round(short) === value) return String(short);
  }
  return String(value);
}

/** The elements one by one, in C order. */
export function* elementsOf({ dtype, data }: NDArray): Generator<Scalar<DType>, void> {
  if (dtype === "complex64" || dtype === "complex128") {
    const parts = data as Float32Array;
    for (let i = 0; i < parts.length; i += 2) yield { re: parts[i]!, im: parts[i + 1]! };
  } else if (dtype === "bool") for (const value of data as Uint8Array) yield value !== 0;
  else yield* data as Float64Array;
}

function notAn(dtype: DType, wanted: string, word: string): CliError {
  return new CliError(`an element of ${dtype} is ${wanted}, not ${JSON.stringify(word)}`);
}
