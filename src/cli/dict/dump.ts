/** `daos dict dump` */
import { isUtf8 } from "node:buffer";
import type { Bytes } from "../../index.ts";
import type { Call } from "../call.ts";
import { openContainer } from "../open-container.ts";
import { write } from "../output.ts";
import { csvField } from "../records/csv.ts";
import type { Format } from "../records/format.ts";
import { keepMemorySmall } from "../small-memory.ts";

/** How a format is written. */
interface Layout {
  readonly before: string;
  readonly between: string;
  readonly after: string;
  /** One record whose value is text. */
  text(key: string, value: string): string;
  /** What stands before and after the base64 of one record's value. */
  base64(key: string): readonly [before: string, after: string];
}

const LAYOUTS: Readonly<Record<Format, Layout>> = {
  ndjson: {
    before: "",
    between: "",
    after: "",
    text: (key, value) => `{"key": ${JSON.stringify(key)}, "value": ${JSON.stringify(value)}}\n`,
    base64: (key) => [`{"key": ${JSON.stringify(key)}, "base64": "`, '"}\n'],
  },
  csv: {
    before: "key,value,base64\n",
    between: "",
    after: "",
    text: (key, value) => `${csvField(key)},${csvField(value)},\n`,
    base64: (key) => [`${csvField(key)},,`, "\n"],
  },
  json: {
    before: "{",
    between: ",",
    after: "\n}\n",
    text: (key, value) => `\n  ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
    base64: (key) => [`\n  ${JSON.stringify(key)}: {"base64": "`, '"}'],
  },
};

/** Characters that are worth a write. */
const WRITE_CHARACTERS = 64 * 1024;
/** Bytes of one piece of base64; a multiple of three, so that the pieces join. */
const PIECE_BYTES = 3 * 1024 * 1024;

export async function run(call: Call): Promise<undefined> {
  keepMemorySmall();
  await using dcont = await openContainer(call, "RO");
  const dict = await dcont.getDict(call.word("dict"));
  const layout = LAYOUTS[call.json ? "json" : (call.options.format as Format)];
  let pending = `${call.json ? '{"response": ' : ""}${layout.before}`;
  let separator = "";
  for await (const [key, value] of dict) {
    pending += separator;
    separator = layout.between;
    for (const piece of recordPieces(layout, key, value)) {
      pending += piece;
      if (pending.length < WRITE_CHARACTERS) continue;
      await write(pending);
      pending = "";
    }
  }
  await write(`${pending}${layout.after}${call.json ? ', "error": null, "status": 0}\n' : ""}`);
}

/** A record in pieces: a value may be bigger than a string can be. */
function* recordPieces(layout: Layout, key: string, value: Bytes): Generator<string, void> {
  if (value.length < PIECE_BYTES * 16 && isUtf8(value)) {
    yield layout.text(key, value.toString());
    return;
  }
  const [before, after] = layout.base64(key);
  yield before;
  for (let at = 0; at < value.length; at += PIECE_BYTES) yield value.subarray(at, at + PIECE_BYTES).toString("base64");
  yield after;
}
