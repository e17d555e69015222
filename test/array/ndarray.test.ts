import assert from "node:assert/strict";
import { test } from "node:test";
import { ndarray } from "../../src/index.ts";

test("an array in memory is made over typed memory, or over zeros", () => {
  const data = Float64Array.of(1, 2, 3, 4, 5, 6);
  assert.equal(ndarray("float64", [2, 3], data).data, data);
  assert.deepEqual(ndarray("int16", [2, 2]).data, new Int16Array(4));
});

test("a plain list as the data of an array is refused with what to write", () => {
  const list = [1, 2] as unknown as Float64Array;
  assert.throws(() => ndarray("float64", [2], list), {
    name: "TypeError",
    message: "the data of an array in memory is typed; write Float64Array.from(data)",
  });
});

test("memory of another type, or too little of it, is refused", () => {
  const other = new Float32Array(2) as unknown as Float64Array;
  assert.throws(() => ndarray("float64", [2], other), {
    message: "the array says float64, whose memory is a Float64Array, but has a Float32Array",
  });
  assert.throws(() => ndarray("float64", [3], new Float64Array(2)), { code: "DER_INVAL" });
});
