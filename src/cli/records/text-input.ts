/** Bytes of a file to text for a parser, with every byte checked to be UTF-8. */
import { isUtf8 } from "node:buffer";
import { BadRecord, type RecordParser } from "./record.ts";

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = 0xfeff;

/** Feeds a parser. */
export class TextInput {
  readonly #parser: RecordParser;
  /** The beginning of a character whose end has not come yet. */
  #begun: Buffer = Buffer.alloc(0);
  #isFirst = true;

  constructor(parser: RecordParser) {
    this.#parser = parser;
  }

  /** The next bytes. BadRecord, after everything before it was parsed, for bytes that are not UTF-8. */
  push(chunk: Buffer): void {
    const bytes = this.#begun.length === 0 ? chunk : Buffer.concat([this.#begun, chunk]);
    const end = wholeCharacters(bytes);
    this.#begun = bytes.subarray(end);
    this.#parse(bytes.subarray(0, end));
  }

  /** There are no more bytes. */
  end(): void {
    if (this.#begun.length > 0) throw new BadRecord(this.#parser.line, "not UTF-8");
    this.#parser.end();
  }

  #parse(bytes: Buffer): void {
    if (isUtf8(bytes)) {
      this.#text(bytes.toString());
      return;
    }
    for (let from = 0; from < bytes.length; ) {
      const at = bytes.indexOf(LINE_FEED, from);
      const line = bytes.subarray(from, at === -1 ? bytes.length : at + 1);
      if (!isUtf8(line)) throw new BadRecord(this.#parser.line, "not UTF-8");
      this.#text(line.toString());
      from += line.length;
    }
  }

  #text(text: string): void {
    const skip = this.#isFirst && text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
    this.#isFirst &&= text.length === 0;
    this.#parser.push(skip === 0 ? text : text.slice(skip));
  }
}

/** How many of the bytes are whole characters: a character has up to four bytes, of which the first tells how many. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
