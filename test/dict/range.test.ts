import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inRange, type KeyRange, parseRange, type Range } from "../../src/dict/range.ts";
import { DaosError } from "../../src/errors.ts";

const shown = ({ start, end, reverse, total }: KeyRange): unknown => [
  start && Buffer.from(start).toString("latin1"),
  end && Buffer.from(end).toString("latin1"),
  reverse,
  total,
];
const ALL = Number.POSITIVE_INFINITY;

describe("a range in bytes", () => {
  const cases: readonly [Range | undefined, unknown[]][] = [
    [undefined, [undefined, undefined, undefined, ALL]],
    [{}, [undefined, undefined, false, ALL]],
    [{ start: "b", end: "d" }, ["b", "d", false, ALL]],
    [{ prefix: "" }, ["", undefined, false, ALL]],
    [{ prefix: "ab" }, ["ab", "ac", false, ALL]],
    [{ prefix: "b", start: "a", end: "z" }, ["b", "c", false, ALL]],
    [{ prefix: "b", start: "bb", end: "bz" }, ["bb", "bz", false, ALL]],
    [{ prefix: "b", start: "x" }, ["x", "c", false, ALL]],
    [{ limit: 0 }, [undefined, undefined, false, 0]],
    [{ limit: 7, reverse: true }, [undefined, undefined, true, 7]],
    [{ limit: ALL }, [undefined, undefined, false, ALL]],
    // The last byte of a character goes up by one: é is c3 a9, 😀 is f0 9f 98 80, the last of all f4 8f bf bf.
    [{ prefix: "é" }, ["\xc3\xa9", "\xc3\xaa", false, ALL]],
    [{ prefix: "\u{1f600}" }, ["\xf0\x9f\x98\x80", "\xf0\x9f\x98\x81", false, ALL]],
    [{ prefix: "\u{10ffff}" }, ["\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xc0", false, ALL]],
  ];
  for (const [range, expected] of cases)
    test(`of ${JSON.stringify(range)}`, () => assert.deepEqual(shown(parseRange(range)), expected));
});

test("a prefix leaves out its neighbours and nothing that begins with it", () => {
  const keys = [
    "é",
    "é\u{10ffff}",
    "é\u0001",
    "ê",
    "è",
    "\u{1f600}",
    "\u{1f601}",
    "\uffff",
    "\u{10ffff}",
    "\u{10ffff}a",
  ];
  for (const prefix of ["é", "\u{1f600}", "\uffff", "\u{10ffff}"]) {
    const range = parseRange({ prefix });
    assert.deepEqual(
      keys.filter((k) => inRange(Buffer.from(k), range)),
      keys.filter((k) => k.startsWith(prefix)),
    );
  }
});

test("start is in the range and end is not", () => {
  const range = parseRange({ start: "b", end: "d" });
  assert.deepEqual(
    ["a", "b", "c", "cz", "d"].map((k) => inRange(Buffer.from(k), range)),
    [false, true, true, true, false],
  );
});

test("what makes no sense is refused", () => {
  for (const limit of [-1, 0.5, Number.NaN, -ALL, "3" as unknown as number])
    assert.throws(
      () => parseRange({ limit }),
      (e) => DaosError.is(e, "DER_INVAL"),
    );
  for (const name of ["prefix", "start", "end"]) {
    assert.throws(
      () => parseRange({ [name]: "\ud800" }),
      (e) => DaosError.is(e, "DER_INVAL") && e.message.includes(name),
    );
    assert.throws(() => parseRange({ [name]: 7 }), TypeError);
    assert.throws(() => parseRange({ [name]: Buffer.from("a") }), TypeError);
  }
  for (const range of ["a", 7, null]) assert.throws(() => parseRange(range as unknown as Range), TypeError);
});
