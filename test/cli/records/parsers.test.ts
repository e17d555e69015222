import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { csvField } from "../../../src/cli/records/csv.ts";
import { FORMATS, type Format } from "../../../src/cli/records/format.ts";
import { parserOf } from "../../../src/cli/records/parsers.ts";
import { BadRecord, type LoadedRecord } from "../../../src/cli/records/record.ts";
import { TextInput } from "../../../src/cli/records/text-input.ts";

type Pair = readonly [key: string, value: string | Uint8Array];

const text = fc.string({ unit: "binary", minLength: 1, maxLength: 8 }).filter((s) => s.isWellFormed());
const awkward = fc.stringMatching(/^[ab",\r\n{}[\]:\\ ã🏟]{1,8}$/u);
const bytes = fc.uint8Array({ minLength: 1, maxLength: 5 }).map((b) => new Uint8Array(b));
const pairs = fc.array(fc.tuple(fc.oneof(text, awkward), fc.oneof(text, awkward, bytes)), { maxLength: 12 });

/** The records of a document that arrives in pieces of these sizes. */
function parse(format: Format, document: Uint8Array, pieces: readonly number[]): LoadedRecord[] {
  const records: LoadedRecord[] = [];
  const input = new TextInput(parserOf(format, (record) => records.push(record)));
  const buffer = Buffer.from(document);
  for (let at = 0, i = 0; at < buffer.length; i++) {
    const size = pieces.length === 0 ? buffer.length : pieces[i % pieces.length]!;
    input.push(buffer.subarray(at, at + size));
    at += size;
  }
  input.end();
  return records;
}

function document(format: Format, records: readonly Pair[]): string {
  const base64 = (value: string | Uint8Array): string => Buffer.from(value as Uint8Array).toString("base64");
  const isText = (value: string | Uint8Array): value is string => typeof value === "string";
  switch (format) {
    case "ndjson":
      return records
        .map(([key, v]) => `${JSON.stringify(isText(v) ? { key, value: v } : { key, base64: base64(v) })}\n`)
        .join("");
    case "csv":
      return `key,value,base64\r\n${records
        .map(([key, v]) => `${csvField(key)},${isText(v) ? csvField(v) : ""},${isText(v) ? "" : base64(v)}\r\n`)
        .join("")}`;
    case "json":
      return `[${records.map(([key, v]) => JSON.stringify(isText(v) ? { key, value: v } : { key, base64: base64(v) }, undefined, 1)).join(" ,\n")}]\n`;
  }
}

function failure(format: Format, input: string | Uint8Array, pieces: readonly number[] = []): string {
  try {
    parse(format, Buffer.from(input), pieces);
  } catch (error) {
    assert.ok(error instanceof BadRecord, String(error));
    return error.message;
  }
  return "none";
}

describe("records of a file", () => {
  for (const format of FORMATS)
    it(`${format}: any records come back, however the file is cut into pieces`, () => {
      fc.assert(
        fc.property(pairs, fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 5 }), (records, pieces) => {
          const found = parse(format, Buffer.from(document(format, records)), pieces);
          const seen = found.map(({ key, value }) => [key, typeof value === "string" ? value : new Uint8Array(value)]);
          assert.deepEqual(seen, records);
        }),
        { numRuns: 300 },
      );
    });

  for (const format of FORMATS)
    it(`${format}: any damage is told as a bad record or passed over, never a crash`, () => {
      fc.assert(
        fc.property(pairs, fc.nat(), fc.uint8Array({ maxLength: 3 }), (records, at, damage) => {
          const whole = Buffer.from(document(format, records));
          const cut = at % (whole.length + 1);
          failure(format, Buffer.concat([whole.subarray(0, cut), damage, whole.subarray(cut + damage.length)]));
        }),
        { numRuns: 500 },
      );
    });

  it("each record knows its line", () => {
    const lines = (format: Format, input: string): number[] => parse(format, Buffer.from(input), []).map((r) => r.line);
    assert.deepEqual(lines("ndjson", '\n{"key":"a","value":"1"}\n\n{"key":"b","value":"1"}'), [2, 4]);
    assert.deepEqual(lines("csv", 'key,value\na,"1\n2"\r\n\nb,1'), [2, 5]);
    assert.deepEqual(lines("json", '{\n"a":\n"1",\n\n"b": "2"}'), [2, 5]);
  });

  it("csv takes two columns without a header, a header in any order, and a byte order mark", () => {
    const pairsOf = (input: string): unknown[] => parse("csv", Buffer.from(input), []).map((r) => [r.key, r.value]);
    assert.deepEqual(pairsOf("a,1\nb,2"), [
      ["a", "1"],
      ["b", "2"],
    ]);
    assert.deepEqual(pairsOf("\ufeffvalue,key\n1,a\n"), [["a", "1"]]);
    assert.deepEqual(pairsOf("base64,key\n/w==,a\n"), [["a", Buffer.from([255])]]);
    assert.deepEqual(pairsOf('"key","value"\na,key\n'), [["a", "key"]]);
  });

  it("bad csv is told with its line", () => {
    assert.equal(failure("csv", 'a,1\nb,"2'), "line 2: the quote that opens here is never closed");
    assert.equal(failure("csv", 'a,1\nb,2"3"\n'), "line 2: a quote inside a field that is not quoted");
    assert.equal(failure("csv", 'a,"1"2\n'), "line 1: text follows a closing quote");
    assert.equal(failure("csv", "a,1\nb\n"), "line 2: 1 fields where 2 are expected (key,value)");
    assert.equal(failure("csv", "a,1\nb,1,\n"), "line 2: 3 fields where 2 are expected (key,value)");
    assert.equal(failure("csv", "a,1,2,3\n"), "line 1: 4 fields where 3 are expected (key,value,base64)");
    assert.equal(failure("csv", "key,value\na,\n"), "line 2: the value is empty; there are no empty values");
    assert.equal(failure("csv", "key,value,base64\na,b,/w==\n"), 'line 2: both "value" and "base64" are given');
    assert.equal(failure("csv", "a,1\rb,2"), "line 1: a carriage return that ends no line; quote the field");
    assert.equal(failure("csv", "a,1\r"), "line 1: a carriage return that ends no line; quote the field");
  });

  it("bad json is told with its line", () => {
    assert.equal(failure("json", ""), "line 1: there is no JSON document");
    assert.equal(failure("json", "7"), "line 1: the document is neither an object nor an array");
    assert.equal(failure("json", '{"a": "1",\n"b": "2"'), "line 2: the document ends in the middle");
    assert.equal(failure("json", '{"a": "1"}\nx'), "line 2: text follows the end of the document");
    assert.equal(failure("json", '{"a": "1",\n}'), "line 2: a member is missing beside a comma");
    assert.equal(failure("json", '{"a": "1"]'), "line 1: unexpected ]");
    assert.match(failure("json", '{"a": "1",\n"b" "2"}'), /^line 2: not valid JSON: /);
    assert.equal(failure("json", '{"a": 1}'), 'line 1: "value" is text, not a number');
    assert.equal(
      failure("json", '[{"key": "a", "value": "1"},\n 2]'),
      'line 2: a record is an object such as {"key": "…", "value": "…"}',
    );
  });

  it("bytes that are not UTF-8 are told with their line, in whatever piece they come", () => {
    const document = Buffer.concat([
      Buffer.from('{"key":"a","value":"ã"}\n{"key":"'),
      Buffer.from([0xe3, 0x41]),
      Buffer.from('"}\n'),
    ]);
    for (let size = 1; size <= document.length; size++)
      assert.equal(failure("ndjson", document, [size]), "line 2: not UTF-8");
    assert.equal(failure("csv", Buffer.from([0x61, 0x2c, 0xc3])), "line 1: not UTF-8");
  });
});
