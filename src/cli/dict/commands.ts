/** The verbs of `daos dict`. */
import { Option } from "commander";
import type { Verb } from "../call.ts";
import { FORMATS } from "../records/format.ts";

const DICT = { name: "dict", about: "name of the dictionary" };
const KEY = { name: "key", about: "key: 1 byte to 64 KiB of text" };

export const dictionaryVerbs: readonly Verb[] = [
  {
    name: "list",
    about: "list the dictionaries of a container, or the keys of one",
    notes: "The options choose keys; they go with a dictionary. Keys are in the order of their UTF-8 bytes.",
    onContainer: true,
    words: [{ ...DICT, about: "name of the dictionary whose keys to list", optional: true }],
    options: [
      ["--prefix <text>", "only keys that begin with this text"],
      ["--start <key>", "from this key on"],
      ["--end <key>", "up to this key, which is left out"],
      ["--limit <count>", "at most this many keys"],
      ["--reverse", "from the last key to the first"],
    ],
    examples: ["dict list tank neo", "dict list tank neo stadium", "dict list tank neo stadium --prefix M --limit 10"],
    load: () => import("./list.ts"),
  },
  {
    name: "get",
    about: "print the value of a key: its bytes, nothing added",
    notes:
      "On a terminal a line break follows. A missing key is a failure (status 1). With --json the response is\n" +
      "{key, value}, or {key, base64} for a value that is not UTF-8.",
    onContainer: true,
    words: [DICT, KEY],
    examples: ["dict get tank neo stadium Barcelona", "dict get tank neo images logo > logo.png"],
    load: () => import("./get.ts"),
  },
  {
    name: "put",
    about: "store a value; the dictionary is created when it is missing",
    notes:
      "Without a value, or with -, the value is what standard input gives, byte for byte. An empty value ('')\n" +
      "deletes the key, as in DAOS; empty standard input is refused.",
    onContainer: true,
    words: [DICT, KEY, { name: "value", about: "text; - or none: read it from standard input", optional: true }],
    options: [
      new Option("--if-absent", "only when the key is not there; else DER_EXIST").conflicts("ifPresent"),
      new Option("--if-present", "only when the key is there; else DER_NONEXIST"),
    ],
    examples: [
      'dict put tank neo stadium Barcelona "Camp Nou"',
      "dict put tank neo images logo < logo.png",
      "dict put tank neo locks job-7 $HOSTNAME --if-absent",
    ],
    load: () => import("./put.ts"),
  },
  {
    name: "del",
    about: "delete keys; one that is missing is a failure",
    onContainer: true,
    words: [DICT, { ...KEY, many: true }],
    examples: ["dict del tank neo stadium Barcelona", "dict del tank neo stadium Madrid Rio"],
    load: () => import("./del.ts"),
  },
  {
    name: "dump",
    about: "write a whole dictionary to standard output",
    notes:
      "Values that are not UTF-8 are written as base64, so that dict load brings back every byte:\n" +
      '  ndjson  {"key": "…", "value": "…"} or {"key": "…", "base64": "…"}, one a line\n' +
      "  csv     RFC 4180 with the header key,value,base64; one of the two is empty\n" +
      '  json    {"key": "value", "key": {"base64": "…"}}',
    onContainer: true,
    words: [DICT],
    options: [new Option("-F, --format <format>", "what to write").choices(FORMATS).default("ndjson")],
    examples: ["dict dump tank neo stadium > stadium.ndjson", "dict dump tank neo stadium --format csv"],
    load: () => import("./dump.ts"),
  },
  {
    name: "load",
    about: "store many records from a file; the dictionary is created when it is missing",
    notes:
      "Reads files bigger than memory. Formats are those of dict dump; csv may also have two columns, key and value,\n" +
      "with or without a header, and json may be an array of {key, value}. A value that is there is overwritten.\n" +
      "A bad record ends the load and is named by its line; what came before it is stored.",
    onContainer: true,
    words: [DICT, { name: "file", about: "the file; - or none: standard input", optional: true }],
    options: [
      new Option("-F, --format <format>", "what to read (default: by the file's name, else ndjson)").choices(FORMATS),
    ],
    examples: [
      "dict load tank neo stadium stadium.ndjson",
      "dict load tank neo stadium cities.csv",
      "dict dump tank neo stadium | daos dict load tank neo copy",
    ],
    load: () => import("./load.ts"),
  },
];
