/** The formats of `dict dump` and `dict load`. */

/** Their names. */
export const FORMATS = ["ndjson", "csv", "json"] as const;

/** A format. */
export type Format = (typeof FORMATS)[number];

/** The format that a file's name says; NDJSON unless it says another. */
export function formatOfFile(file: string | undefined): Format {
  const extension = /\.([a-z]+)$/i.exec(file ?? "")?.[1]?.toLowerCase();
  return FORMATS.find((format) => format === extension) ?? "ndjson";
}
