/** The parser of each format. */
import { CsvParser } from "./csv.ts";
import type { Format } from "./format.ts";
import { JsonParser } from "./json.ts";
import { NdjsonParser } from "./ndjson.ts";
import type { RecordParser, RecordSink } from "./record.ts";

const PARSERS: Readonly<Record<Format, new (sink: RecordSink) => RecordParser>> = {
  ndjson: NdjsonParser,
  csv: CsvParser,
  json: JsonParser,
};

/** A new parser whose records go to the sink. */
export function parserOf(format: Format, sink: RecordSink): RecordParser {
  return new PARSERS[format](sink);
}
