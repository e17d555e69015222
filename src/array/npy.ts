/** The header of `.npy` files (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), versions 1 to 3. Pure. */
import { DaosError } from "../errors.ts";
import type { DType } from "./dtype.ts";

/** What a header says. */
export interface NpyHeader {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly fortranOrder: boolean;
  /** Elements have their most significant byte first. */
  readonly bigEndian: boolean;
  /** Where the elements begin. */
  readonly dataOffset: number;
}

const MAGIC = Buffer.from("\x93NUMPY", "latin1");
/** Elements begin at a multiple of this many bytes. */
const ALIGN = 64;
/** The first bytes of a file: magic, version, length of the header in the longer form. */
export const NPY_PREFIX_BYTES = 12;

const CODES: Readonly<Record<DType, string>> = {
  bool: "b1",
  int8: "i1",
  int16: "i2",
  int32: "i4",
  int64: "i8",
  uint8: "u1",
  uint16: "u2",
  uint32: "u4",
  uint64: "u8",
  float16: "f2",
  float32: "f4",
  float64: "f8",
  complex64: "c8",
  complex128: "c16",
};
const DTYPE_OF = new Map(Object.entries(CODES).map(([dtype, code]) => [code, dtype as DType]));

/** The header of a file with these elements in C order. */
export function encodeNpyHeader(dtype: DType, shape: readonly number[]): Uint8Array {
  const code = CODES[dtype];
  const order = code.endsWith("1") ? "|" : "<";
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // Version 1 counts the header in two bytes, version 2 in four; only the shape of thousands of axes would need it.
  const prefix = MAGIC.length + 4;
  const padding = ALIGN - ((prefix + text.length + 1) % ALIGN);
  const header = `${text}${" ".repeat(padding % ALIGN)}\n`;
  const bytes = Buffer.alloc(prefix + header.length);
  MAGIC.copy(bytes);
  bytes[6] = 1;
  bytes.writeUInt16LE(header.length, 8);
  bytes.write(header, prefix, "latin1");
  return bytes;
}

/** How many bytes magic and header have, from the first {@link NPY_PREFIX_BYTES} of the file. DER_INVAL when it is no `.npy`. */
export function npyHeaderEnd(prefix: Uint8Array): number {
  const bytes = Buffer.from(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  if (bytes.length < MAGIC.length + 4 || bytes.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) !== 0)
    throw refused("it does not begin as .npy files do");
  const version = bytes[6]!;
  if (version < 1 || version > 3) throw refused(`its version is ${version}.${bytes[7]}; 1 to 3 are known`);
  if (version === 1) return 10 + bytes.readUInt16LE(8);
  if (bytes.length < NPY_PREFIX_BYTES) throw refused("it ends in its header");
  return 12 + bytes.readUInt32LE(8);
}

/**
 * What the header says.
 *
 * @param bytes - the file up to {@link npyHeaderEnd}.
 * @throws DaosError DER_INVAL for what is no `.npy` file and for elements that are no numbers.
 */
export function parseNpyHeader(bytes: Uint8Array): NpyHeader {
  const dataOffset = npyHeaderEnd(bytes);
  if (bytes.length < dataOffset) throw refused("it ends in its header");
  const start = bytes[6] === 1 ? 10 : 12;
  const text = Buffer.from(bytes.subarray(start, dataOffset)).toString(bytes[6] === 3 ? "utf8" : "latin1");
  const descr = /['"]descr['"]\s*:\s*(['"])([^'"]*)\1/.exec(text)?.[2];
  const fortran = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text)?.[1];
  const tuple = /['"]shape['"]\s*:\s*\(([^)]*)\)/.exec(text)?.[1];
  if (descr === undefined) throw refused("its elements are no plain numbers: records, objects and text are not read");
  if (fortran === undefined || tuple === undefined || !/^\s*(\d+L?\s*(,\s*\d+L?\s*)*)?,?\s*$/.test(tuple))
    throw refused(`its header cannot be read: ${text.trim()}`);
  const [, order, code] = /^([<>|=]?)(.*)$/.exec(descr)!;
  const dtype = DTYPE_OF.get(code!);
  if (dtype === undefined) throw refused(`elements of type ${JSON.stringify(descr)} are not read`);
  const shape = tuple.split(",").flatMap((n) => (n.trim() === "" ? [] : [Number.parseInt(n, 10)]));
  return { dtype, shape, fortranOrder: fortran === "True", bigEndian: order === ">", dataOffset };
}

function refused(detail: string): DaosError<"DER_INVAL"> {
  return new DaosError("DER_INVAL", "invalid .npy file", { detail });
}
