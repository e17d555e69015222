/** Changing the element type, as NumPy's `astype` does. Pure. */
import { DaosError } from "../errors.ts";
import { DTYPES, type DType, type DTypes, type TypedArray } from "./dtype.ts";

/**
 * DER_INVAL when elements of `from` cannot become `to`: complex numbers do not become real ones by forgetting half of them.
 */
export function checkConversion(from: DType, to: DType): void {
  const kind = DTYPES[to].kind;
  if (DTYPES[from].kind === "complex" && kind !== "complex" && kind !== "bool")
    throw new DaosError("DER_INVAL", "invalid conversion", {
      detail: `${from} does not become ${to}: the imaginary part would be lost`,
    });
}

/**
 * Converts elements that lie one after the other. Integers wrap around; a float becomes an integer towards zero, modulo
 * the integer's range (NaN and infinities: 0); a bool is whether it differs from 0.
 */
export function convert<D extends DType, E extends DType>(
  from: D,
  source: DTypes[D],
  to: E,
  target: DTypes[E],
  count: number,
): void {
  const [a, b] = [DTYPES[from], DTYPES[to]];
  const [s, t] = [source as TypedArray, target as TypedArray];
  const n = count * b.slots;
  if ((from as DType) === to || (a.array === b.array && a.slots === b.slots && b.kind !== "bool")) {
    (t as Uint8Array).set((s as Uint8Array).subarray(0, n));
    return;
  }
  if (b.kind === "bool") {
    for (let i = 0; i < count; i++)
      t[i] = a.slots === 2 ? (s[2 * i] !== 0 || s[2 * i + 1] !== 0 ? 1 : 0) : isZero(s[i]!) ? 0 : 1;
    return;
  }
  const [big, toBig] = [
    a.array === BigInt64Array || a.array === BigUint64Array,
    b.bytes === 8 && b.kind.endsWith("int"),
  ];
  const step = b.slots; // a real number becomes the real part
  if (a.slots === 2) for (let i = 0; i < n; i++) t[i] = s[i]!;
  else if (big && toBig) for (let i = 0; i < count; i++) t[i] = s[i]!;
  else if (toBig) for (let i = 0; i < count; i++) t[i] = bigOf(s[i] as number);
  else if (big && b.kind.endsWith("int"))
    for (let i = 0; i < count; i++) t[i] = Number(BigInt.asIntN(32, s[i] as bigint));
  else if (big) for (let i = 0; i < count; i++) t[i * step] = Number(s[i]);
  else for (let i = 0; i < count; i++) t[i * step] = s[i]!;
  if (a.slots === 1 && step === 2) for (let i = 0; i < count; i++) t[2 * i + 1] = 0;
}

function isZero(value: number | bigint): boolean {
  return value === 0 || value === 0n;
}

function bigOf(value: number): bigint {
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
}
