import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Codec, json, type StandardSchema, valuesOf } from "../../src/dict/encoding.ts";
import { DaosError } from "../../src/errors.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("bytes, when nothing is said", () => {
  const values = valuesOf<Buffer>(undefined);

  test("text goes in as UTF-8, bytes as they are", () => {
    assert.deepEqual([...values.encode("ã")], [0xc3, 0xa3]);
    const given = bytes(1, 2);
    assert.equal(values.encode(given), given);
    assert.equal(values.encode("").length, 0);
  });

  test("a Buffer over the same memory comes out", () => {
    const stored = bytes(0, 1, 2).subarray(1);
    const value = values.decode(stored, "k");
    assert.ok(Buffer.isBuffer(value));
    assert.deepEqual([...value], [1, 2]);
    assert.equal(value.buffer, stored.buffer);
  });

  test("text matches its bytes", () => {
    assert.ok(values.matches(utf8("ã"), "ã", "k"));
    assert.ok(values.matches(utf8("ã"), utf8("ã"), "k"));
    assert.equal(values.matches(utf8("a"), "ã", "k"), false);
  });

  test("everything else is a TypeError that says what it was", () => {
    const cases: readonly [unknown, RegExp][] = [
      [7, /the number 7/],
      [7n, /the bigint 7/],
      [null, /null/],
      [undefined, /undefined/],
      [{}, /an object \(Object\)/],
      [new Date(), /Date/],
      [Object.create(null), /no constructor/],
      [new Uint16Array(1), /Uint16Array/],
      [true, /boolean/],
      ["\ud800", /surrogate/],
    ];
    for (const [value, what] of cases)
      assert.throws(
        () => values.encode(value),
        (e) => e instanceof TypeError && what.test(e.message),
      );
  });
});

describe("utf8", () => {
  const values = valuesOf<string>("utf8");

  test("text in, text out, to the character", () => {
    for (const text of ["", "a", "Maracanã", "\ufeffx", "\0", "\u{1f600}"])
      assert.equal(values.decode(values.encode(text), "k"), text);
  });

  test("bytes that are no UTF-8 are DER_INVAL, and the message names the key", () => {
    assert.throws(
      () => values.decode(bytes(0xff), "Rio"),
      (e) => DaosError.is(e, "DER_INVAL") && e.message.includes('"Rio"'),
    );
    assert.throws(
      () => values.decode(bytes(0xff), utf8("Rio")),
      (e) => DaosError.is(e, "DER_INVAL") && e.message.includes('"Rio"'),
    );
  });

  test("bytes are no text", () => {
    for (const value of [Buffer.from("a"), 7, null, undefined, {}, "\udfff"])
      assert.throws(() => values.encode(value), TypeError);
  });
});

describe("json", () => {
  const values = valuesOf<unknown>("json");

  test("values come back as they were", () => {
    for (const value of [0, -1.5, "", "text", true, false, [], [1, [null]], {}, { a: { b: null } }])
      assert.deepEqual(values.decode(values.encode(value), "k"), value);
  });

  test("what JSON does not hold at the top is a TypeError", () => {
    for (const value of [undefined, null, Number.NaN, Number.POSITIVE_INFINITY, () => 1, Symbol("s"), 7n])
      assert.throws(() => values.encode(value), TypeError);
    const circular: { self?: unknown } = {};
    circular.self = circular;
    assert.throws(() => values.encode(circular), TypeError);
  });

  test("what is no JSON is DER_INVAL with the parser's words and the key", () => {
    assert.throws(
      () => values.decode(utf8("{"), "Rio"),
      (e) => DaosError.is(e, "DER_INVAL") && e.message.includes('"Rio"') && e.cause instanceof SyntaxError,
    );
    assert.throws(
      () => values.decode(bytes(0xff), "Rio"),
      (e) => DaosError.is(e, "DER_INVAL"),
    );
  });

  test("values are compared as values", () => {
    assert.ok(values.matches(utf8('{"b":2,"a":1}'), { a: 1, b: 2 }, "k"));
    assert.ok(values.matches(utf8(" 1 "), 1, "k"));
    assert.equal(values.matches(utf8("[1,2]"), [2, 1], "k"), false);
    assert.equal(values.matches(utf8("1"), "1", "k"), false);
  });
});

describe("a codec", () => {
  test("may give text or bytes", () => {
    const text = valuesOf<number>({ encode: (n) => `#${n}`, decode: (b) => Number(b.toString().slice(1)) });
    assert.deepEqual(Buffer.from(text.encode(7)), Buffer.from("#7"));
    assert.equal(text.decode(utf8("#7"), "k"), 7);
  });

  test("that gives anything else is a TypeError", () => {
    for (const encoded of [undefined, null, 7, {}, Promise.resolve("x")])
      assert.throws(() => valuesOf({ encode: () => encoded as string, decode: String }).encode("v"), TypeError);
  });

  test("that throws while decoding is DER_INVAL with its error as the cause", () => {
    const failure = new Error("not mine");
    const values = valuesOf<string>({
      encode: String,
      decode: () => {
        throw failure;
      },
    });
    assert.throws(
      () => values.decode(bytes(1), "Rio"),
      (e) => DaosError.is(e, "DER_INVAL") && e.cause === failure && e.message.includes("not mine"),
    );
  });

  test("that throws while encoding throws its own error", () => {
    const failure = new Error("not mine");
    const values = valuesOf<string>({
      encode: () => {
        throw failure;
      },
      decode: String,
    });
    assert.throws(() => values.encode("v"), failure);
  });

  test("keeps its this", () => {
    class Shift implements Codec<number> {
      readonly by = 3;
      encode(n: number): Uint8Array {
        return bytes(n + this.by);
      }
      decode(stored: Buffer): number {
        return stored[0]! - this.by;
      }
    }
    const values = valuesOf(new Shift());
    assert.equal(values.decode(values.encode(4), "k"), 4);
  });

  test("gets no undefined", () => {
    assert.throws(() => valuesOf({ encode: String, decode: String }).encode(undefined), TypeError);
  });
});

test("what is no encoding is a TypeError", () => {
  for (const encoding of ["latin1", "", 7, null, {}, { encode: String }, { decode: String }, () => {}])
    assert.throws(() => valuesOf(encoding as unknown as "utf8"), TypeError);
});

describe("a schema", () => {
  const schemaOf = (validate: (v: unknown) => unknown): StandardSchema<number> => ({
    "~standard": { version: 1, validate },
  });
  const positive = schemaOf((v) =>
    typeof v === "number" && v > 0 ? { value: v } : { issues: [{ message: "not positive" }, { message: "at all" }] },
  );

  test("refuses what is written with a TypeError, and what is read with DER_INVAL", () => {
    const values = valuesOf(json(positive));
    assert.equal(values.decode(values.encode(5), "k"), 5);
    assert.throws(
      () => values.encode(-5),
      (e) => e instanceof TypeError && e.message.includes("not positive; at all"),
    );
    assert.throws(
      () => values.decode(utf8("-5"), "Rio"),
      (e) => DaosError.is(e, "DER_INVAL") && e.message.includes("not positive; at all") && e.message.includes('"Rio"'),
    );
  });

  test("may change what is read, as to fill in defaults", () => {
    const values = valuesOf(json(schemaOf((v) => ({ value: (v as number) + 1 }))));
    assert.equal(values.decode(utf8("1"), "k"), 2);
  });

  test("that validates asynchronously is a TypeError", () => {
    assert.throws(() => valuesOf(json(schemaOf(async (value) => ({ value })))).encode(1), TypeError);
  });
});
