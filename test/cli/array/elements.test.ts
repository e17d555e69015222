import assert from "node:assert/strict";
import { test } from "node:test";
import { elementJson, elementText, parseElement } from "../../../src/cli/array/elements.ts";
import type { DType, Scalar } from "../../../src/index.ts";

test("a word is an element of the dtype, or refused", () => {
  const good: readonly [DType, string, Scalar<DType>][] = [
    ["bool", "true", true],
    ["bool", "False", false],
    ["int8", "-5", -5],
    ["uint64", "18446744073709551615", 2n ** 64n - 1n],
    ["int64", "+7", 7n],
    ["float32", "1.5e3", 1500],
    ["float64", ".5", 0.5],
    ["float64", "-inf", -Infinity],
    ["float64", "NaN", NaN],
    ["complex64", "1.5-2i", { re: 1.5, im: -2 }],
    ["complex128", "-1e-3+1E2j", { re: -1e-3, im: 100 }],
    ["complex128", "2i", { re: 0, im: 2 }],
    ["complex128", "nan-infi", { re: NaN, im: -Infinity }],
    ["complex64", "7", { re: 7, im: 0 }],
  ];
  for (const [dtype, word, value] of good) assert.deepEqual(parseElement(dtype, word), value, `${dtype} ${word}`);
  const bad: readonly [DType, string][] = [
    ["bool", "1"],
    ["int64", "1.5"],
    ["int64", "1n"],
    ["float32", ""],
    ["float32", "1,5"],
    ["float32", "0x10"],
    ["float64", "1 2"],
    ["complex64", "i"],
    ["complex64", "1+2"],
    ["complex64", ""],
  ];
  for (const [dtype, word] of bad)
    assert.throws(() => parseElement(dtype, word), /an element of .* is .*, not /, `${dtype} ${word}`);
});

test("an element has the digits that tell it from its neighbours, and no more", () => {
  for (const [dtype, value, text] of [
    ["float32", Math.fround(0.1), "0.1"],
    ["float32", Math.fround(16_777_217.5), "16777218"],
    ["float32", Math.fround(3.4e38), "3.4e+38"],
    ["float16", Math.f16round(0.1), "0.1"],
    ["float64", 0.1 + 0.2, "0.30000000000000004"],
    ["float32", -0, "-0"],
    ["float64", NaN, "NaN"],
    ["float16", -Infinity, "-Infinity"],
    ["int64", 2n ** 62n, "4611686018427387904"],
    ["bool", true, "true"],
    ["complex64", { re: Math.fround(0.1), im: -2 }, "0.1-2i"],
    ["complex128", { re: NaN, im: NaN }, "NaN+NaNi"],
  ] as const) {
    assert.equal(elementText(dtype, value), text);
    assert.equal(elementText(dtype, parseElement(dtype, text)), text, "and it is read again");
  }
});

test("JSON has every element: exact integers, NaN and infinities as text, complex numbers as pairs", () => {
  const json = (dtype: DType, value: Scalar<DType>): string => JSON.stringify(elementJson(dtype, value));
  assert.equal(json("uint64", 2n ** 64n - 1n), "18446744073709551615");
  assert.equal(json("float32", Math.fround(0.1)), "0.1");
  assert.equal(json("float64", -0), "-0");
  assert.equal(json("float64", -Infinity), '"-Infinity"');
  assert.equal(json("complex64", { re: NaN, im: 1 }), '["NaN",1]');
  assert.equal(json("bool", false), "false");
});
