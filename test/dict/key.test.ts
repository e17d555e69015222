import assert from "node:assert/strict";
import { test } from "node:test";
import { checkName, decodeKey, encodeKey, KEY_MAX_BYTES, type Key, keyText } from "../../src/dict/key.ts";
import { DaosError } from "../../src/errors.ts";

test("text is encoded as UTF-8 and comes back", () => {
  for (const text of ["a", "Maracanã", "\u{1f600}", "\ufeffa", "\u0001", "\uffff", "__proto__"]) {
    const bytes = encodeKey(text);
    assert.deepEqual(Buffer.from(bytes), Buffer.from(text, "utf8"));
    assert.equal(decodeKey(bytes), text);
    assert.equal(encodeKey(bytes), bytes, "bytes that are a key are one as they are");
    assert.equal(keyText(bytes), text);
    assert.equal(keyText(text), text);
  }
});

test("views into bigger memory are read where they lie", () => {
  const memory = Buffer.from("..Rio..");
  assert.equal(decodeKey(new Uint8Array(memory.buffer, memory.byteOffset + 2, 3)), "Rio");
});

test("bad keys are DER_INVAL, and the message says why", () => {
  const cases: readonly [Key, RegExp][] = [
    ["", /empty/],
    [new Uint8Array(0), /empty/],
    ["a\0", /NUL/],
    [Uint8Array.of(0), /NUL/],
    ["\ud800", /surrogate/],
    ["\udc00\ud800", /surrogate/],
    [Uint8Array.of(0xff), /UTF-8/],
    [Uint8Array.of(0xc0, 0x80), /UTF-8/],
    [Uint8Array.of(0xed, 0xa0, 0x80), /UTF-8/],
    [Uint8Array.of(0xf4, 0x90, 0x80, 0x80), /UTF-8/],
  ];
  for (const [key, why] of cases)
    assert.throws(
      () => encodeKey(key),
      (e) => DaosError.is(e, "DER_INVAL") && why.test(e.message),
    );
});

test("65,536 bytes are a key, one more is DER_KEY2BIG", () => {
  assert.equal(KEY_MAX_BYTES, 65_536);
  for (const [unit, bytes] of [
    ["k", 1],
    ["é", 2],
    ["\u{1f600}", 4],
  ] as const) {
    const text = unit.repeat(KEY_MAX_BYTES / bytes);
    assert.equal(encodeKey(text).length, KEY_MAX_BYTES);
    for (const key of [`${text}k`, Buffer.from(`${text}k`)])
      assert.throws(
        () => encodeKey(key),
        (e) => DaosError.is(e, "DER_KEY2BIG") && e.message.includes("65537"),
      );
  }
  assert.throws(
    () => encodeKey(new Uint8Array(65_537)),
    (e) => DaosError.is(e, "DER_KEY2BIG"),
  );
});

test("what is neither text nor bytes is a TypeError", () => {
  for (const key of [
    7,
    7n,
    null,
    undefined,
    true,
    {},
    ["k"],
    Symbol("k"),
    new ArrayBuffer(1),
    new Uint16Array(1),
    Object("k"),
    () => "k",
  ])
    assert.throws(() => encodeKey(key as Key), TypeError);
});

test("names of objects follow the rules of keys, and are text", () => {
  checkName("any/name ../ you like", "context");
  for (const name of ["", "a\0", "\ud800"])
    assert.throws(
      () => checkName(name, "failed to create DAOS dict"),
      (e) => DaosError.is(e, "DER_INVAL") && e.context === "failed to create DAOS dict",
    );
  assert.throws(
    () => checkName("n".repeat(65_537), "context"),
    (e) => DaosError.is(e, "DER_KEY2BIG"),
  );
  for (const name of [7, undefined, null, Buffer.from("name")])
    assert.throws(() => checkName(name, "context"), TypeError);
});
