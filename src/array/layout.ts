/** How a new array is stored: what was asked for, checked, and what goes without saying. */
import { DaosError } from "../errors.ts";
import { autoChunks } from "./auto-chunks.ts";
import { compressionsOf } from "./codecs.ts";
import { asBytes, checkDType, DTYPES, type DType, encodeScalar, type Scalar, shown } from "./dtype.ts";
import { type ArrayMetadata, checkChunks, checkDimensionNames } from "./metadata.ts";
import { checkShape, sizeOf } from "./ndarray.ts";
import type { Source } from "./source.ts";
import type { Layout } from "./types.ts";

/** What is asked for. */
export type WantedArray = Layout<DType> & {
  readonly shape?: readonly number[] | undefined;
  readonly dtype?: DType | undefined;
};

const CONTEXT = "failed to create DAOS array";
/** The most bytes of a chunk anywhere: one is held in memory whole. */
export const CHUNK_MAX_BYTES = 1024 * 1024 * 1024;

/**
 * The metadata of an array that is to be.
 *
 * @param source - where its elements come from, which has shape and dtype then.
 * @param given - what holds where nothing else is asked for.
 * @param maxChunkBytes - the most bytes of a chunk.
 * @throws TypeError for what is no shape, dtype, chunk shape or JSON; DER_INVAL for values out of range; DER_MISMATCH.
 */
export function metadataOf(
  spec: WantedArray,
  source: Source | undefined,
  given: ArrayMetadata | undefined,
  maxChunkBytes: number,
): ArrayMetadata {
  if (source !== undefined && spec.dtype !== undefined && spec.dtype !== source.dtype) {
    checkDType(spec.dtype);
    throw new DaosError("DER_MISMATCH", CONTEXT, {
      detail: `from has ${source.dtype}, not ${spec.dtype}; leave dtype out, or convert with astype`,
    });
  }
  const dtype = source?.dtype ?? spec.dtype;
  const shape = source?.shape ?? spec.shape;
  checkDType(dtype);
  checkShape(shape, "an array");
  const chunks = chunksOf(spec.chunks ?? given?.chunks, shape, dtype, maxChunkBytes);
  const names = spec.dimensionNames ?? given?.dimensionNames;
  if (names !== undefined) checkDimensionNames(names, shape.length);
  if (spec.attributes !== undefined) checkJson(spec.attributes, "attributes");
  return {
    shape: [...shape],
    dtype,
    chunks,
    fill:
      spec.fill === undefined && given !== undefined
        ? given.fill
        : asBytes(encodeScalar(dtype, spec.fill ?? zero(dtype))),
    compressions: spec.codecs === undefined && given !== undefined ? given.compressions : compressionsOf(spec.codecs),
    attributes: spec.attributes ?? given?.attributes ?? {},
    dimensionNames: names,
  };
}

function chunksOf(chunks: unknown, shape: readonly number[], dtype: DType, maxBytes: number): readonly number[] {
  const { bytes } = DTYPES[dtype];
  if (chunks === undefined || chunks === "auto") return autoChunks(shape, bytes);
  if (!Array.isArray(chunks)) throw new TypeError(`chunks is a shape or "auto", not ${shown(chunks)}`);
  checkChunks(chunks, shape.length);
  if (sizeOf(chunks) * bytes > maxBytes)
    throw new DaosError("DER_INVAL", CONTEXT, {
      detail: `a chunk of [${chunks}] has ${sizeOf(chunks) * bytes} bytes, the most is ${maxBytes} here; about 1 MiB serves well`,
    });
  return [...chunks];
}

function zero(dtype: DType): Scalar<DType> {
  const { kind, bytes } = DTYPES[dtype];
  if (kind === "bool") return false;
  if (kind === "complex") return { re: 0, im: 0 };
  return bytes === 8 && kind !== "float" ? 0n : 0;
}

/** TypeError for what JSON would drop or change without a word. */
function checkJson(value: unknown, path: string): void {
  if (value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)) return;
  if (Array.isArray(value)) {
    value.forEach((v, i) => {
      checkJson(v, `${path}[${i}]`);
    });
    return;
  }
  if (typeof value === "object" && [Object.prototype, null].includes(Object.getPrototypeOf(value))) {
    for (const [key, v] of Object.entries(value)) checkJson(v, `${path}.${key}`);
    return;
  }
  throw new TypeError(`${path} is ${shown(value)}, which is no JSON`);
}
