/** CSV (RFC 4180): quoted fields may hold commas, line breaks and doubled quotes. */
import { BadRecord, type RecordParser, type RecordSink, recordOf } from "./record.ts";

const COLUMNS = ["key", "value", "base64"];

/**
 * Reads rows of key and value, or of key, value and base64. A first row that consists of these names, in any order, is
 * a header; without one the columns are in that order.
 */
export class CsvParser implements RecordParser {
  line = 1;
  readonly #sink: RecordSink;
  #columns: readonly string[] | undefined;
  #row: string[] = [];
  #rowLine = 1;
  /** The pieces of the field that is being read. */
  #field: string[] = [];
  #state: "start" | "plain" | "quoted" | "quote" = "start";
  /** Where the open quote is. */
  #quoteLine = 1;
  /** A carriage return came last: a line feed must follow. */
  #return = false;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  push(text: string): void {
    let at = 0;
    while (at < text.length) at = this.#state === "quoted" ? this.#quoted(text, at) : this.#unquoted(text, at);
  }

  end(): void {
    if (this.#state === "quoted") throw new BadRecord(this.#quoteLine, "the quote that opens here is never closed");
    if (this.#return) throw this.#strayReturn();
    if (this.#state !== "start" || this.#row.length > 0) this.#endRow();
  }

  /** Reads on in a quoted field; gives where it stopped. */
  #quoted(text: string, at: number): number {
    const quote = text.indexOf('"', at);
    const end = quote === -1 ? text.length : quote;
    const piece = text.slice(at, end);
    this.#field.push(piece);
    for (let n = piece.indexOf("\n"); n !== -1; n = piece.indexOf("\n", n + 1)) this.line++;
    if (quote === -1) return end;
    this.#state = "quote";
    return end + 1;
  }

  #unquoted(text: string, at: number): number {
    const c = text[at]!;
    if (this.#return && c !== "\n") throw this.#strayReturn();
    if (c === ",") this.#endField();
    else if (c === "\n") this.#endLine();
    else if (c === "\r") this.#return = true;
    else if (c === '"') this.#quote();
    else if (this.#state === "quote") throw new BadRecord(this.line, "text follows a closing quote");
    else return this.#plain(text, at);
    return at + 1;
  }

  #plain(text: string, at: number): number {
    let end = at + 1;
    for (; end < text.length; end++) {
      const c = text.charCodeAt(end);
      if (c === 0x2c || c === 0x0a || c === 0x0d || c === 0x22) break;
    }
    this.#field.push(text.slice(at, end));
    this.#state = "plain";
    return end;
  }

  #quote(): void {
    if (this.#state === "plain") throw new BadRecord(this.line, "a quote inside a field that is not quoted");
    // The second of two: one quote of the value.
    if (this.#state === "quote") this.#field.push('"');
    else this.#quoteLine = this.line;
    this.#state = "quoted";
  }

  #endField(): void {
    this.#row.push(this.#field.length === 1 ? this.#field[0]! : this.#field.join(""));
    this.#field = [];
    this.#state = "start";
  }

  #endLine(): void {
    this.#return = false;
    if (this.#state !== "start" || this.#row.length > 0) this.#endRow();
    this.line++;
    this.#rowLine = this.line;
  }

  #endRow(): void {
    this.#endField();
    const row = this.#row;
    this.#row = [];
    if (this.#columns === undefined) {
      if (isHeader(row)) {
        this.#columns = row;
        return;
      }
      this.#columns = COLUMNS.slice(0, Math.max(2, row.length));
    }
    this.#record(row, this.#columns);
  }

  #record(row: readonly string[], columns: readonly string[]): void {
    if (row.length !== columns.length)
      throw new BadRecord(
        this.#rowLine,
        `${row.length} fields where ${columns.length} are expected (${columns.join()})`,
      );
    const field = (name: string): string | undefined => {
      const column = columns.indexOf(name);
      return column === -1 ? undefined : row[column];
    };
    // With both columns, the one that does not apply is empty.
    const base64 = field("base64") || undefined;
    const value = base64 === undefined ? field("value") : field("value") || undefined;
    this.#sink(recordOf(field("key"), value, base64, this.#rowLine));
  }

  #strayReturn(): BadRecord {
    return new BadRecord(this.line, "a carriage return that ends no line; quote the field");
  }
}

function isHeader(row: readonly string[]): boolean {
  return (
    row.length > 1 && row.includes("key") && new Set(row).size === row.length && row.every((c) => COLUMNS.includes(c))
  );
}

/** A field as it is written. */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
