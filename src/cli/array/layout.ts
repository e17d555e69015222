/** How a new array is stored, as options say it. Pure. */
import type { ChunkCodec, DType, Json, Layout } from "../../index.ts";
import type { Call } from "../call.ts";
import { CliError } from "../failure.ts";

/** The options of verbs that make an array. */
export const LAYOUT_OPTIONS = [
  ["-c, --chunks <lengths>", "shape of a chunk, such as 100,200 (default: auto, about 1 MiB)"],
  ["--codec <codec>", "compress chunks: zstd or gzip, with a level as in zstd:3; none: not at all"],
  ["--names <names>", "a name for each axis, such as time,lat,lon; an empty one is none"],
  ["--attributes <json>", 'a JSON object to keep with the array, such as {"unit": "K"}'],
] as const;

/** Lengths separated by commas, or by x as in 100x200. */
export function lengths(option: string, text: string): number[] {
  const inner = text.trim().replace(/^\[(.*)\]$/, "$1");
  if (inner === "") return [];
  const parts = inner.split(/[,x]/).map((part) => part.trim());
  if (parts.at(-1) === "") parts.pop(); // as in a tuple of one: 5,
  if (!parts.every((part) => /^\d{1,15}$/.test(part)))
    throw new CliError(`--${option} takes lengths such as 100,200, not ${JSON.stringify(text)}`);
  return parts.map(Number);
}

/** What the options ask for; `undefined` where nothing was asked. */
export function layoutOf(call: Call): Layout<DType> {
  const { chunks, codec, names, attributes } = call.options as Readonly<Record<string, string | undefined>>;
  return {
    chunks: chunks === undefined || chunks === "auto" ? chunks : lengths("chunks", chunks),
    codecs: codec === undefined ? undefined : codecsOf(codec),
    dimensionNames: names?.split(",").map((name) => (name === "" ? null : name)),
    attributes: attributes === undefined ? undefined : objectOf(attributes),
  };
}

function codecsOf(text: string): ChunkCodec[] {
  if (text === "none") return [];
  const [, name, level] = /^(zstd|gzip)(?::(-?\d{1,6}))?$/.exec(text) ?? [];
  if (name === undefined) throw new CliError(`--codec is zstd, gzip, zstd:3 or none, not ${JSON.stringify(text)}`);
  return [{ name: name as "zstd" | "gzip", configuration: level === undefined ? {} : { level: Number(level) } }];
}

function objectOf(text: string): { [key: string]: Json | null } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CliError(`--attributes is no JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new CliError(`--attributes takes a JSON object, not ${text}`);
  return value as { [key: string]: Json | null };
}
