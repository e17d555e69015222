import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { DCont } from "../../src/index.ts";
import { type Playground, playgroundWithContainer } from "./daos.ts";

const BYTES = Buffer.from([0xff, 0x00, 0x0a, 0x80]);

describe("daos dict", () => {
  let play: Playground;
  before(() => {
    play = playgroundWithContainer();
  });
  after(() => play[Symbol.dispose]());

  const dict = (verb: string, ...words: string[]) => play.daos("dict", verb, "tank", "neo", ...words);
  const load = (input: string | Uint8Array, ...words: string[]) =>
    play.daosReading(input, "dict", "load", "tank", "neo", ...words);
  const dump = (name: string, ...words: string[]): string => dict("dump", name, ...words).stdout;

  it("puts and gets a value, with nothing added", () => {
    const { status, stdout, stderr } = dict("put", "stadium", "Barcelona", "Camp Nou");
    assert.deepEqual([status, stdout, stderr], [0, "", ""]);
    assert.equal(dict("get", "stadium", "Barcelona").stdout, "Camp Nou");
    assert.deepEqual(play.json("dict", "get", "tank", "neo", "stadium", "Barcelona"), {
      response: { key: "Barcelona", value: "Camp Nou" },
      error: null,
      status: 0,
    });
  });

  it("puts and gets bytes through pipes", () => {
    assert.equal(play.daosReading(BYTES, "dict", "put", "tank", "neo", "raw", "a").status, 0);
    assert.equal(play.daosReading(BYTES, "dict", "put", "tank", "neo", "raw", "b", "-").status, 0);
    for (const key of ["a", "b"]) {
      const { stdout } = play.shell(`daos dict get tank neo raw ${key} | od -An -tx1`);
      assert.equal(stdout.trim(), "ff 00 0a 80");
    }
    assert.deepEqual((play.json("dict", "get", "tank", "neo", "raw", "a") as { response: object }).response, {
      key: "a",
      base64: BYTES.toString("base64"),
    });
  });

  it("puts words that begin with a dash after --", () => {
    assert.equal(dict("put", "dash", "key", "--", "--value").status, 0);
    assert.equal(dict("get", "dash", "key").stdout, "--value");
    assert.equal(dict("put", "dash", "key", "-5").status, 0);
    assert.equal(dict("get", "dash", "key").stdout, "-5");
  });

  it("an empty value deletes, but not one that comes from an empty pipe", () => {
    dict("put", "emptied", "a", "1");
    const refused = play.daosReading("", "dict", "put", "tank", "neo", "emptied", "a");
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /^ERROR: daos: standard input gave no bytes.*\n$/);
    assert.equal(dict("get", "emptied", "a").stdout, "1");
    assert.equal(dict("put", "emptied", "a", "").status, 0);
    assert.equal(dict("get", "emptied", "a").status, 1);
  });

  it("puts on a condition", () => {
    assert.equal(dict("put", "locks", "a", "1", "--if-absent").status, 0);
    assert.equal(
      dict("put", "locks", "a", "2", "--if-absent").stderr,
      "ERROR: daos: failed to store KV value: DER_EXIST(-1004): Entity already exists\n",
    );
    assert.equal(dict("put", "locks", "a", "3", "--if-present").status, 0);
    assert.match(dict("put", "locks", "b", "3", "--if-present").stderr, /DER_NONEXIST\(-1005\)/);
    assert.match(
      dict("put", "locks", "b", "3", "--if-present", "--if-absent").stderr,
      /^ERROR: daos: option .* cannot be used with/,
    );
    assert.equal(dump("locks"), '{"key": "a", "value": "3"}\n');
    assert.match(
      dict("put", "unmade", "b", "3", "--if-present").stderr,
      /^ERROR: daos: Failed to open 'unmade': DER_NONEXIST/,
    );
  });

  it("missing keys and dictionaries are failures with a clear line", () => {
    dict("put", "some", "a", "1");
    for (const [words, error] of [
      [
        ["get", "some", "b"],
        'failed to retrieve KV value: DER_NONEXIST(-1005): The specified entity does not exist; no key "b" in some',
      ],
      [
        ["del", "some", "b"],
        'failed to delete KV value: DER_NONEXIST(-1005): The specified entity does not exist; no key "b" in some',
      ],
      [["get", "none", "b"], "Failed to open 'none': DER_NONEXIST(-1005): The specified entity does not exist"],
      [["del", "none", "b"], "Failed to open 'none': DER_NONEXIST(-1005): The specified entity does not exist"],
      [["dump", "none"], "Failed to open 'none': DER_NONEXIST(-1005): The specified entity does not exist"],
      [["list", "none"], "Failed to open 'none': DER_NONEXIST(-1005): The specified entity does not exist"],
      [["get", "some", ""], "failed to retrieve KV value: DER_INVAL(-1003): Invalid parameters; the key is empty"],
      [["put", "", "a", "1"], "failed to create DAOS dict: DER_INVAL(-1003): Invalid parameters; the name is empty"],
      [["list", "--limit", "3"], "--limit chooses keys: name the dictionary whose keys to list"],
      [["list", "some", "--limit", "x"], '--limit takes a whole number, not "x"'],
    ] as const) {
      const [verb, ...rest] = words;
      const { status, stdout, stderr } = dict(verb, ...rest);
      assert.deepEqual([status, stdout, stderr], [1, "", `ERROR: daos: ${error}\n`]);
    }
  });

  it("deletes keys", () => {
    load('{"key": "a", "value": "1"}\n{"key": "b", "value": "2"}\n{"key": "c", "value": "3"}\n', "deleted");
    assert.equal(dict("del", "deleted", "a", "c").status, 0);
    assert.equal(dump("deleted"), '{"key": "b", "value": "2"}\n');
  });

  it("lists dictionaries, and the keys of one", () => {
    load(
      ["Madrid", "Milano", "Rio", "Manchester"].map((key) => `{"key": "${key}", "value": "1"}\n`).join(""),
      "cities",
    );
    assert.match(dict("list").stdout, /^cities$/m);
    assert.equal(dict("list", "cities").stdout, "Madrid\nManchester\nMilano\nRio\n");
    assert.equal(dict("list", "cities", "--prefix", "M", "--limit", "2").stdout, "Madrid\nManchester\n");
    assert.equal(
      dict("list", "cities", "--start", "Manchester", "--end", "Rio", "--reverse").stdout,
      "Milano\nManchester\n",
    );
    assert.deepEqual((play.json("dict", "list", "tank", "neo", "cities") as { response: string[] }).response, [
      "Madrid",
      "Manchester",
      "Milano",
      "Rio",
    ]);
    play.daos("cont", "create", "tank", "empty", "--type", "PYTHON");
    assert.equal(play.daos("dict", "list", "tank", "empty").stdout, "");
  });

  it("what is dumped and loaded is the same, byte for byte, in every format", async () => {
    const records = new Map<string, Buffer>([
      ["plain", Buffer.from("Camp Nou")],
      ["umlaut ü 🏟", Buffer.from("Maracanã\u2028\ufeff")],
      ["\ufeffmark", Buffer.from("\ufeff")],
      ['quote " comma , key', Buffer.from('a "b", c\r\nd\re\n')],
      ["line\nbreak", Buffer.from("\n")],
      ["not utf-8", BYTES],
      ["half a character", Buffer.from("ã").subarray(0, 1)],
      ["NUL", Buffer.from([0])],
      ["key", Buffer.from("value")],
      ["__proto__", Buffer.from("proto")],
      ["big text", Buffer.from("ã".repeat(200_000))],
      ["big bytes", Buffer.alloc(4_000_001, 0xfe)],
    ]);
    await using dcont = await DCont.open("tank", "neo", { system: play.environment.DAOS_SYSTEM });
    await dcont.dict("all", records);
    for (const format of ["ndjson", "csv", "json"]) {
      const { status, stderr } = play.shell(
        `daos dict dump tank neo all --format ${format} | daos dict load tank neo all-${format} --format ${format}`,
      );
      assert.deepEqual([status, stderr], [0, ""]);
      assert.ok(await (await dcont.getDict(`all-${format}`)).equals(records), format);
    }
  });

  it("dumps lines, rows or one document", () => {
    load('{"key": "a", "value": "1"}\n{"key": "b,", "base64": "/w=="}\n', "shown");
    assert.equal(dump("shown"), '{"key": "a", "value": "1"}\n{"key": "b,", "base64": "/w=="}\n');
    assert.equal(dump("shown", "--format", "csv"), 'key,value,base64\na,1,\n"b,",,/w==\n');
    assert.equal(dump("shown", "-F", "json"), '{\n  "a": "1",\n  "b,": {"base64": "/w=="}\n}\n');
    assert.deepEqual(play.json("dict", "dump", "tank", "neo", "shown"), {
      response: { a: "1", "b,": { base64: "/w==" } },
      error: null,
      status: 0,
    });
    assert.match(
      dict("dump", "shown", "-F", "xml").stderr,
      /^ERROR: daos: option '-F, --format <format>' argument 'xml' is invalid/,
    );
  });

  it("dumps an empty dictionary", () => {
    load("", "hollow");
    assert.equal(dump("hollow"), "");
    assert.deepEqual(JSON.parse(dump("hollow", "-F", "json")), {});
    assert.equal(dump("hollow", "-F", "csv"), "key,value,base64\n");
  });

  it("loads a file in the format that its name says, and says how many records", () => {
    writeFileSync(play.file("a.csv"), 'key,value\r\nLondon,Wembley\r\n"Rio, RJ","Maracanã ""o maior"""\r\n');
    writeFileSync(play.file("a.json"), '[{"key": "London", "value": "Wembley"}]');
    writeFileSync(play.file("a.txt"), '\n{"value": "Wembley", "key": "London"}\r\n\n');
    assert.equal(dict("load", "csv", play.file("a.csv")).stdout, "Successfully loaded 2 records into csv\n");
    assert.equal(dict("get", "csv", "Rio, RJ").stdout, 'Maracanã "o maior"');
    assert.equal(dict("load", "json", play.file("a.json")).status, 0);
    assert.equal(dump("json"), '{"key": "London", "value": "Wembley"}\n');
    assert.equal(dict("load", "txt", play.file("a.txt")).status, 0);
    assert.equal(dump("txt"), dump("json"));
    assert.deepEqual(play.json("dict", "load", "tank", "neo", "txt", play.file("a.txt")), {
      response: { dictionary: "txt", records: 1 },
      error: null,
      status: 0,
    });
  });

  it("loads on top of what is there", () => {
    load('{"key": "a", "value": "1"}\n{"key": "b", "value": "1"}\n', "twice");
    load('{"key": "b", "value": "2"}\n{"key": "c", "value": "2"}\n', "twice");
    assert.equal(dump("twice", "-F", "csv"), "key,value,base64\na,1,\nb,2,\nc,2,\n");
  });

  it("names the line of a bad record and keeps what came before it", () => {
    const good = Array.from({ length: 2500 }, (_, i) => `{"key": "k${i}", "value": "v"}\n`).join("");
    for (const [i, [bad, what]] of (
      [
        ['{"key": "x"', "not valid JSON: "],
        ['{"key": "x"}', '"value" (or "base64") is missing'],
        ['{"value": "x"}', '"key" is missing'],
        ['{"key": 1, "value": "x"}', '"key" is text, not a number'],
        ['{"key": "x", "value": null}', '"value" is text, not null'],
        ['{"key": "x", "value": ""}', "the value is empty"],
        ['{"key": "x", "value": "y", "base64": "/w=="}', 'both "value" and "base64"'],
        ['{"key": "x", "base64": "/w"}', '"base64" is not base64'],
        ['{"key": "x", "value": "y", "z": 1}', 'unknown field "z"'],
        ["[1]", "a record is an object"],
        ['{"key": "", "value": "x"}', "DER_INVAL: the key is empty"],
        ['{"key": "a\\u0000", "value": "x"}', "DER_INVAL: the key contains NUL"],
        ['{"key": "\\ud800", "value": "x"}', "DER_INVAL: the key has a lone surrogate"],
        ['{"key": "a", "value": "\\ud800"}', "the value has a lone surrogate"],
        [`{"key": "${"x".repeat(65_537)}", "value": "x"}`, "DER_KEY2BIG: 65537 bytes"],
      ] as const
    ).entries()) {
      const { status, stdout, stderr } = load(`${good}${bad}\n${good}`, `bad${i}`);
      assert.deepEqual([status, stdout], [1, ""], bad);
      assert.ok(stderr.startsWith(`ERROR: daos: failed to load standard input: line 2501: ${what}`), stderr);
      assert.ok(stderr.endsWith("; 2500 records were stored before\n"), stderr);
      if (i % 5 === 0) assert.equal(dict("list", `bad${i}`).stdout.split("\n").length, 2501);
    }
  });

  it("names the line where bytes are not UTF-8", () => {
    const bytes = Buffer.concat([Buffer.from('{"key": "ã", "value": "1"}\n{"key": "'), BYTES]);
    assert.equal(
      load(bytes, "latin").stderr,
      "ERROR: daos: failed to load standard input: line 2: not UTF-8; 1 records were stored before\n",
    );
  });

  it("makes no dictionary when the first record is bad, or the file cannot be read", () => {
    assert.match(load("nonsense", "never").stderr, /line 1: not valid JSON: .*; 0 records were stored before\n$/);
    assert.match(
      dict("load", "never", play.file("missing")).stderr,
      /^ERROR: daos: cannot read .*missing: ENOENT: .*\n$/,
    );
    assert.match(dict("load", "never", play.directory).stderr, /^ERROR: daos: cannot read .*: it is a directory\n$/);
    assert.doesNotMatch(dict("list").stdout, /never/);
  });

  it("loads a file of many batches in little memory, and dumps it again", async () => {
    const file = play.file("big.ndjson");
    const lines = Array.from(
      { length: 400_000 },
      (_, i) => `{"key": "${String(i).padStart(16, "0")}", "value": "${"x".repeat(100)}"}\n`,
    );
    writeFileSync(file, lines.join(""));
    const child = play.start("dict", "load", "tank", "neo", "big", file);
    const ended = once(child, "exit");
    let mostKib = 0;
    while (child.exitCode === null) {
      mostKib = Math.max(mostKib, anonymousKib(child.pid!));
      await setTimeout(20);
    }
    assert.deepEqual(await ended, [0, null]);
    assert.ok(mostKib > 20_000 && mostKib < 150 * 1024, `${mostKib} KiB`);
    assert.equal(play.shell("daos dict dump tank neo big | cmp - big.ndjson").status, 0);
  });
});

/** Anonymous resident memory of a process; 0 when it is gone. */
function anonymousKib(pid: number): number {
  try {
    return Number(/RssAnon:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
