/** NDJSON (https://github.com/ndjson/ndjson-spec): one JSON object a line. */
import { BadRecord, parseJson, type RecordParser, type RecordSink, recordOfObject } from "./record.ts";

/** Reads `{"key": "…", "value": "…"}` lines; empty lines are passed over. */
export class NdjsonParser implements RecordParser {
  line = 1;
  readonly #sink: RecordSink;
  /** The pieces of a line whose end has not come yet. */
  #begun: string[] = [];

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  push(text: string): void {
    let from = 0;
    for (let to = text.indexOf("\n"); to !== -1; to = text.indexOf("\n", from)) {
      this.#record(this.#complete(text.slice(from, to)));
      this.line++;
      from = to + 1;
    }
    if (from < text.length) this.#begun.push(text.slice(from));
  }

  end(): void {
    this.#record(this.#complete(""));
  }

  #complete(last: string): string {
    if (this.#begun.length === 0) return last;
    this.#begun.push(last);
    try {
      return this.#begun.join("");
    } catch {
      // The engine's limit of a string's length.
      throw new BadRecord(this.line, "the line is longer than can be read (512 MiB)");
    } finally {
      this.#begun = [];
    }
  }

  #record(line: string): void {
    if (line.trim() === "") return;
    this.#sink(recordOfObject(parseJson(line, this.line), this.line));
  }
}
