import assert from "node:assert/strict";
import { test } from "node:test";
import { assemble, giveMemoryBack, reduceSimd, takeMemory, wasm } from "../../src/array/xp/simd.ts";

test("the module is sound, and its functions give what plain loops give", () => {
  assert.ok(wasm.validate(assemble()));
  const memory = takeMemory(1000)!;
  for (const special of [undefined, Number.NaN, Infinity, -Infinity])
    for (const n of [1, 8, 16, 100, 1000]) {
      for (let i = 0; i < 1000; i++) memory.data[i] = ((i * 7919) % 1000) - 500;
      if (special !== undefined) memory.data[3 + n / 2] = special;
      const data = memory.data.subarray(3);
      const whole = n - (n % 8);
      const values = Array.from(data.subarray(2, 2 + whole));
      const expected = { sum: values.reduce((a, b) => a + b, 0), min: Math.min(...values), max: Math.max(...values) };
      for (const name of ["sum", "min", "max"] as const) {
        const got = reduceSimd(name, data, 2, n);
        if (whole === 0) assert.equal(got, undefined);
        else assert.deepEqual(got, { value: expected[name], count: whole }, `${name} of ${n}`);
      }
    }
  assert.equal(reduceSimd("sum", new Float64Array(100), 0, 100), undefined);
  giveMemoryBack(memory);
  assert.equal(takeMemory(1000), memory);
  assert.equal(takeMemory(2 ** 30), undefined);
});
