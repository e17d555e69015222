/**
 * The metadata document of an array: Zarr v3's `zarr.json`, verbatim
 * (https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html#array-metadata). Pure.
 */
import type { Json } from "../dict/encoding.ts";
import { DaosError } from "../errors.ts";
import { type Compression, compressionsFromJson, compressionsToJson } from "./codecs.ts";
import { type DType, isDType } from "./dtype.ts";
import { fillFromJson, fillToJson } from "./fill-value.ts";
import { checkShape } from "./ndarray.ts";

/** What of an array does not change as long as it lives, and its shape, which may. */
export interface ArrayMetadata {
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** The shape of a chunk. */
  readonly chunks: readonly number[];
  /** One element, as it lies in memory. */
  readonly fill: Uint8Array;
  readonly compressions: readonly Compression[];
  readonly attributes: Readonly<Record<string, Json | null>>;
  readonly dimensionNames: readonly (string | null)[] | undefined;
}

/** A cut that is not finished: what lies beyond the shape is being removed. Kept in the document, so that nobody grows into it. */
export interface Cutting {
  /** Who is at it. */
  readonly by: string;
  /** Counts up as long as he is: when it stands still for long, he is gone. */
  readonly beat: number;
  /** The shape before. */
  readonly from: readonly number[];
}

/** The attribute that says so; it is not shown with the user's. */
const CUTTING = "tsdaos.cutting";

/** How chunks are named: {@link chunkName}. */
export interface KeyEncoding {
  readonly name: "default" | "v2";
  readonly separator: "/" | ".";
}

const CONTEXT = "invalid array metadata";
/** The fields that Zarr v3 defines for arrays; another one is refused unless it says that it need not be understood. */
const FIELDS = new Set([
  "zarr_format",
  "node_type",
  "shape",
  "data_type",
  "chunk_grid",
  "chunk_key_encoding",
  "fill_value",
  "codecs",
  "attributes",
  "dimension_names",
  "storage_transformers",
]);

/** What a document says. */
export interface ParsedMetadata extends ArrayMetadata {
  readonly keys: KeyEncoding;
  readonly cutting: Cutting | undefined;
}

/** The document. */
export function encodeMetadata(m: ArrayMetadata): Uint8Array {
  const document = {
    zarr_format: 3,
    node_type: "array",
    shape: m.shape,
    data_type: m.dtype,
    chunk_grid: { name: "regular", configuration: { chunk_shape: m.chunks } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: fillToJson(m.dtype, m.fill),
    codecs: compressionsToJson(m.compressions, m.dtype),
    attributes: m.attributes,
    ...(m.dimensionNames === undefined ? {} : { dimension_names: m.dimensionNames }),
  };
  return Buffer.from(`${JSON.stringify(document, undefined, 2)}\n`);
}

/**
 * What a document says.
 *
 * @throws DaosError DER_INVAL when it is no Zarr v3 array, or one that needs what we do not know.
 */
export function parseMetadata(bytes: Uint8Array): ParsedMetadata {
  const document = parse(bytes);
  const { shape, data_type: dtype, chunk_grid: grid, attributes, dimension_names: names } = document;
  if (document.zarr_format !== 3 || document.node_type !== "array")
    throw refused(
      `it is zarr_format ${JSON.stringify(document.zarr_format)}, node_type ${JSON.stringify(document.node_type)}; only arrays of zarr_format 3 are read`,
    );
  for (const [field, value] of Object.entries(document))
    if (!FIELDS.has(field) && (value as { must_understand?: unknown } | null)?.must_understand !== false)
      throw refused(`the field ${JSON.stringify(field)} is not known here`);
  if (Array.isArray(document.storage_transformers) && document.storage_transformers.length > 0)
    throw refused("storage transformers are not known here");
  if (!isDType(dtype)) throw refused(`the data type ${JSON.stringify(dtype)} is not known here`);
  inDocument(() => checkShape(shape, "the array"));
  const ndim = (shape as number[]).length;
  const { name: gridName, configuration } = (grid ?? {}) as {
    name?: unknown;
    configuration?: { chunk_shape?: unknown };
  };
  if (gridName !== "regular")
    throw refused(`the chunk grid ${JSON.stringify(gridName)} is not known here, only "regular"`);
  const chunks = configuration?.chunk_shape;
  inDocument(() => checkChunks(chunks, ndim));
  if (names !== undefined && names !== null) checkDimensionNames(names, ndim);
  const { [CUTTING]: cutting, ...rest } = (attributes ?? {}) as Record<string, Json | null>;
  return {
    shape: shape as number[],
    dtype,
    chunks: chunks as number[],
    fill: fillFromJson(dtype, document.fill_value),
    compressions: compressionsFromJson(document.codecs, dtype),
    attributes: rest,
    cutting: (cutting ?? undefined) as Cutting | undefined,
    dimensionNames: (names ?? undefined) as (string | null)[] | undefined,
    keys: keyEncoding(document.chunk_key_encoding),
  };
}

/**
 * The same document with another shape and with or without a cut under way; everything else stays to the letter, also what
 * we do not know.
 */
export function withShape(bytes: Uint8Array, shape: readonly number[], cutting?: Cutting): Uint8Array {
  const document = JSON.parse(Buffer.from(bytes).toString(), ((
    _key: string,
    value: unknown,
    context: { source: string },
  ) =>
    typeof value === "number" && String(value) !== context.source
      ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(context.source)
      : value) as (key: string, value: unknown) => unknown) as Record<string, unknown>;
  document.shape = shape;
  const { [CUTTING]: _, ...attributes } = (document.attributes ?? {}) as Record<string, unknown>;
  if (document.attributes !== undefined || cutting !== undefined)
    document.attributes = cutting === undefined ? attributes : { ...attributes, [CUTTING]: cutting };
  return Buffer.from(`${JSON.stringify(document, undefined, 2)}\n`);
}

/** The name of a chunk's file. */
export function chunkName({ name, separator }: KeyEncoding, coordinates: readonly number[]): string {
  if (name === "v2") return coordinates.length === 0 ? "0" : coordinates.join(separator);
  return ["c", ...coordinates].join(separator);
}

/** TypeError unless `chunks` is a chunk shape of `ndim` axes. */
export function checkChunks(chunks: unknown, ndim: number): asserts chunks is readonly number[] {
  checkShape(chunks, "a chunk");
  if (chunks.length !== ndim) throw new TypeError(`chunks has ${chunks.length} lengths, the array has ${ndim} axes`);
  if (chunks.includes(0)) throw new TypeError("a chunk has at least one element on each axis");
}

/** DER_INVAL unless there is a name, or null, for each axis. */
export function checkDimensionNames(names: unknown, ndim: number): void {
  if (!Array.isArray(names) || names.length !== ndim || !names.every((n) => n === null || typeof n === "string"))
    throw refused(`dimension names are ${ndim} texts or nulls, one an axis, not ${JSON.stringify(names)}`);
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  let document: unknown;
  try {
    // An integer that a number cannot hold stays exact: the fill values of int64 need it.
    document = JSON.parse(Buffer.from(bytes).toString(), ((key: string, value: unknown, context: { source: string }) =>
      key === "fill_value" &&
      typeof value === "number" &&
      /^-?\d+$/.test(context.source) &&
      !Number.isSafeInteger(value)
        ? BigInt(context.source)
        : value) as (key: string, value: unknown) => unknown);
  } catch (e) {
    throw refused(`it is no JSON: ${(e as Error).message}`);
  }
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw refused("it is no JSON object");
  return document as Record<string, unknown>;
}

function keyEncoding(json: unknown): KeyEncoding {
  const { name, configuration } = (typeof json === "string" ? { name: json } : (json ?? {})) as {
    name?: unknown;
    configuration?: { separator?: unknown };
  };
  const separator = configuration?.separator ?? (name === "v2" ? "." : "/");
  if ((name !== "default" && name !== "v2") || (separator !== "/" && separator !== "."))
    throw refused(`the chunk key encoding ${JSON.stringify(json)} is not known here`);
  return { name, separator };
}

/** Bad values in a document are not the caller's TypeErrors. */
function inDocument(check: () => void): void {
  try {
    check();
  } catch (e) {
    if (e instanceof TypeError) throw refused(e.message);
    throw e;
  }
}

function refused(detail: string): DaosError<"DER_INVAL"> {
  return new DaosError("DER_INVAL", CONTEXT, { detail });
}
