/**
 * One JSON document: an object `{"key": "value", "key": {"base64": "…"}}` or an array of `{"key": "…", "value": "…"}`.
 * It is taken apart member by member, so that the document may be bigger than memory.
 */
import { BadRecord, parseJson, type RecordParser, type RecordSink, recordOf, recordOfObject } from "./record.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LINE_FEED = 0x0a;
const COMMA = 0x2c;
const CLOSERS = new Map([
  [0x7b, 0x7d],
  [0x5b, 0x5d],
]);
const isSpace = (c: number): boolean => c === 0x20 || c === 0x09 || c === LINE_FEED || c === 0x0d;

/** Reads the document. */
export class JsonParser implements RecordParser {
  line = 1;
  readonly #sink: RecordSink;
  /** What closes the document; undefined before it began. */
  #closer: number | undefined;
  #isClosed = false;
  /** How deep inside a member: 0 between its first and last character at the document's own level. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  #pieces: string[] = [];
  /** Whether anything but white space of the member has come. */
  #begun = false;
  #memberLine = 1;
  #members = 0;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  push(text: string): void {
    let from = this.#isOpen ? 0 : this.#open(text);
    for (let at = from; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (c === LINE_FEED) this.line++;
      if (this.#isClosed) {
        if (!isSpace(c)) throw new BadRecord(this.line, "text follows the end of the document");
      } else if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (c === BACKSLASH) this.#escaped = true;
        else if (c === QUOTE) this.#inString = false;
      } else if (this.#depth === 0 && (c === COMMA || c === this.#closer)) {
        this.#pieces.push(text.slice(from, at));
        this.#endMember(c);
        from = at + 1;
      } else if (!isSpace(c)) {
        this.#structure(c);
      }
    }
    if (this.#isOpen) this.#pieces.push(text.slice(from));
  }

  end(): void {
    if (this.#isClosed) return;
    throw new BadRecord(this.line, this.#isOpen ? "the document ends in the middle" : "there is no JSON document");
  }

  get #isOpen(): boolean {
    return this.#closer !== undefined && !this.#isClosed;
  }

  /** Looks for the document's first character; gives where its content begins. */
  #open(text: string): number {
    if (this.#isClosed) return 0;
    for (let at = 0; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (c === LINE_FEED) this.line++;
      if (isSpace(c)) continue;
      this.#closer = CLOSERS.get(c);
      if (this.#closer === undefined) throw new BadRecord(this.line, "the document is neither an object nor an array");
      return at + 1;
    }
    return text.length;
  }

  #structure(c: number): void {
    if (!this.#begun) {
      this.#begun = true;
      this.#memberLine = this.line;
    }
    if (c === QUOTE) this.#inString = true;
    else if (c === 0x7b || c === 0x5b) this.#depth++;
    else if (c === 0x7d || c === 0x5d) this.#depth--;
    if (this.#depth < 0) throw new BadRecord(this.line, `unexpected ${String.fromCharCode(c)}`);
  }

  #endMember(c: number): void {
    const line = this.#begun ? this.#memberLine : this.line;
    const isLast = c === this.#closer;
    if (this.#begun) this.#record(this.#pieces.join(""), line);
    else if (!isLast || this.#members > 0) throw new BadRecord(line, "a member is missing beside a comma");
    this.#pieces = [];
    this.#begun = false;
    this.#members++;
    this.#isClosed = isLast;
  }

  #record(text: string, line: number): void {
    if (this.#closer === 0x5d) {
      this.#sink(recordOfObject(parseJson(text, line), line));
      return;
    }
    const members = Object.entries(parseJson(`{${text}}`, line) as object);
    for (const [key, value] of members)
      this.#sink(isObject(value) ? recordOfObject({ ...value, key }, line) : recordOf(key, value, undefined, line));
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
