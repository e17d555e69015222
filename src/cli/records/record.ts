/** Records on their way in: what a parser makes of text, and how bad input is told. */

/** One record of a file. */
export interface LoadedRecord {
  readonly key: string;
  /** Text, or the bytes that base64 stood for. Never empty. */
  readonly value: string | Uint8Array;
  /** The line on which the record begins, from 1. */
  readonly line: number;
}

/** Turns text, given piece by piece, into records. */
export interface RecordParser {
  /** The line that was reached, from 1. */
  readonly line: number;
  /** Takes the next piece. Records go to the sink. BadRecord for what is none. */
  push(text: string): void;
  /** There is no more text. BadRecord when something is unfinished. */
  end(): void;
}

/** Takes records as they are found. */
export type RecordSink = (record: LoadedRecord) => void;

/** Something in the file that is no record. */
export class BadRecord extends Error {
  readonly line: number;

  /** @param line - the line, from 1. */
  constructor(line: number, what: string) {
    super(`line ${line}: ${what}`);
    this.line = line;
  }
}

const FIELDS = ["key", "value", "base64"];

/** The record that a JSON object `{key, value}` or `{key, base64}` stands for. */
export function recordOfObject(object: unknown, line: number): LoadedRecord {
  if (typeof object !== "object" || object === null || Array.isArray(object))
    throw new BadRecord(line, 'a record is an object such as {"key": "…", "value": "…"}');
  const { key, value, base64 } = object as Readonly<Record<string, unknown>>;
  for (const field in object)
    if (!FIELDS.includes(field))
      throw new BadRecord(
        line,
        `unknown field ${JSON.stringify(field)}; a record has key and value, or key and base64`,
      );
  return recordOf(key, value, base64, line);
}

/** The record of these fields, of which one of `value` and `base64` is there. */
export function recordOf(key: unknown, value: unknown, base64: unknown, line: number): LoadedRecord {
  if (key === undefined) throw new BadRecord(line, '"key" is missing');
  if (typeof key !== "string") throw new BadRecord(line, `"key" is text, not ${describe(key)}`);
  if (value !== undefined && base64 !== undefined) throw new BadRecord(line, 'both "value" and "base64" are given');
  if (base64 !== undefined) return { key, value: decodeBase64(base64, line), line };
  if (value === undefined) throw new BadRecord(line, '"value" (or "base64") is missing');
  if (typeof value !== "string") throw new BadRecord(line, `"value" is text, not ${describe(value)}`);
  if (value === "") throw new BadRecord(line, "the value is empty; there are no empty values");
  return { key, value, line };
}

/** The parsed JSON text; BadRecord when it is not JSON. */
export function parseJson(text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadRecord(line, `not valid JSON: ${(error as Error).message}`);
  }
}

function decodeBase64(text: unknown, line: number): Uint8Array {
  if (typeof text !== "string") throw new BadRecord(line, `"base64" is text, not ${describe(text)}`);
  const bytes = Buffer.from(text, "base64");
  // Buffer passes over what is not base64, which would lose bytes.
  if (bytes.toString("base64") !== text) throw new BadRecord(line, '"base64" is not base64 (with its padding)');
  if (bytes.length === 0) throw new BadRecord(line, "the value is empty; there are no empty values");
  return bytes;
}

function describe(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}
