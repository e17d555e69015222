/** Fill values as Zarr v3 writes them in JSON (https://zarr-specs.readthedocs.io/en/latest/v3/data-types/index.html). Pure. */
import { DaosError } from "../errors.ts";
import { asBytes, asTyped, DTYPES, type DType, encodeScalar, readScalar, type Scalar, shown } from "./dtype.ts";

/** A number as its own text in a JSON document: what JSON's numbers cannot hold. */
interface RawJson {
  readonly rawJSON: string;
}
interface JsonWithRaw {
  rawJSON(text: string): RawJson;
}
const { rawJSON } = JSON as unknown as JsonWithRaw;

/** The bit patterns of the NaN that Zarr writes as `"NaN"`, by the bytes of the float, most significant first. */
const NAN_HEX: Readonly<Record<number, string>> = { 2: "0x7e00", 4: "0x7fc00000", 8: "0x7ff8000000000000" };

/** The element, as it lies in memory, as JSON to be given to `JSON.stringify`. */
export function fillToJson(dtype: DType, fill: Uint8Array): unknown {
  const data = asTyped(dtype, Uint8Array.from(fill));
  switch (DTYPES[dtype].kind) {
    case "bool":
      return data[0] !== 0;
    case "int":
    case "uint":
      return rawJSON(String(data[0]));
    case "float":
      return floatToJson(asBytes(data), data[0] as number);
    case "complex": {
      const half = data.BYTES_PER_ELEMENT;
      const bytes = asBytes(data);
      return [
        floatToJson(bytes.subarray(0, half), data[0] as number),
        floatToJson(bytes.subarray(half), data[1] as number),
      ];
    }
  }
}

/**
 * The element that JSON says, as a typed array of one element: its bits, NaN's too.
 *
 * @param json - the value; an integer that a number cannot hold is given as a bigint.
 * @throws DaosError DER_INVAL when it is no fill value of that type.
 */
export function fillFromJson<D extends DType>(dtype: D, json: unknown): Uint8Array {
  const { kind, bytes, slots } = DTYPES[dtype];
  // Not in the specification, but zarrita writes it when nobody asked for a fill value, and reads it as zeros.
  if (json === null) return new Uint8Array(bytes);
  switch (kind) {
    case "bool":
      if (typeof json === "boolean") return asBytes(encodeScalar(dtype, json));
      break;
    case "int":
    case "uint":
      if ((typeof json === "number" && Number.isInteger(json)) || typeof json === "bigint")
        return asBytes(encodeScalar(dtype, bytes === 8 ? BigInt(json) : Number(json)));
      break;
    case "float":
      return floatFromJson(dtype, json);
    case "complex":
      if (Array.isArray(json) && json.length === slots) {
        const part = dtype === "complex64" ? "float32" : "float64";
        return new Uint8Array(Buffer.concat(json.map((half) => floatFromJson(part, half))));
      }
  }
  throw badFill(dtype, json);
}

/** The fill value for the caller. */
export function fillScalar<D extends DType>(dtype: D, bytes: Uint8Array): Scalar<D> {
  const { array } = DTYPES[dtype];
  const copy = Uint8Array.from(bytes);
  return readScalar(dtype, new array(copy.buffer) as never, 0);
}

function floatToJson(bytes: Uint8Array, value: number): unknown {
  if (Number.isNaN(value)) {
    const hex = `0x${Buffer.from(bytes).reverse().toString("hex")}`;
    return hex === NAN_HEX[bytes.length] ? "NaN" : hex;
  }
  if (value === Infinity) return "Infinity";
  if (value === -Infinity) return "-Infinity";
  return Object.is(value, -0) ? rawJSON("-0.0") : value;
}

function floatFromJson(dtype: DType, json: unknown): Uint8Array {
  const { bytes } = DTYPES[dtype];
  if (typeof json === "number" || typeof json === "bigint") return asBytes(encodeScalar(dtype, Number(json)));
  if (json === "Infinity") return asBytes(encodeScalar(dtype, Infinity));
  if (json === "-Infinity") return asBytes(encodeScalar(dtype, -Infinity));
  const hex = json === "NaN" ? NAN_HEX[bytes]! : json;
  if (typeof hex !== "string" || !new RegExp(`^0x[0-9a-fA-F]{${2 * bytes}}$`).test(hex)) throw badFill(dtype, json);
  return new Uint8Array(Buffer.from(hex.slice(2), "hex").reverse());
}

function badFill(dtype: DType, json: unknown): DaosError<"DER_INVAL"> {
  return new DaosError("DER_INVAL", "invalid fill value", { detail: `${shown(json)} is no fill value of ${dtype}` });
}
