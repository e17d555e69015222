import assert from "node:assert/strict";
import { test } from "node:test";
import { wasm } from "../../src/array/wasm.ts";
import { accumulator } from "../../src/array/xp/reductions.ts";
import { assemble, giveMemoryBack, reduceSimd, takeMemory } from "../../src/array/xp/simd.ts";
import { Random } from "./random.ts";

const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 5e-324, -Number.MAX_VALUE];

/** What `Math.min` and `Math.max` say: NaN wins, -0 is less than 0. */
function extreme(name: "min" | "max", values: readonly number[]): number {
  return values.reduce((a, b) => Math[name](a, b));
}

test("the module is sound, and its functions give what plain loops give", () => {
  assert.ok(wasm!.validate(assemble()));
  const memory = takeMemory(1000)!;
  for (const special of [undefined, ...SPECIAL])
    for (const n of [1, 8, 16, 100, 1000]) {
      for (let i = 0; i < 1000; i++) memory.data[i] = ((i * 7919) % 1000) - 500;
      if (special !== undefined) memory.data[3 + n / 2] = special;
      const data = memory.data.subarray(3);
      const whole = n - (n % 8);
      const values = Array.from(data.subarray(2, 2 + whole));
      const expected = {
        sum: values.reduce((a, b) => a + b, 0),
        min: Math.min(...values),
        max: Math.max(...values),
      };
      for (const name of ["sum", "min", "max"] as const) {
        const got = reduceSimd(name, data, 2, n);
        if (whole === 0) assert.equal(got, undefined);
        else if (name === "sum" && special === -Number.MAX_VALUE) assert.ok(got!.value < -1e300);
        else assert.deepEqual(got, { value: expected[name], count: whole }, `${name} of ${n} with ${special}`);
      }
    }
  assert.equal(reduceSimd("sum", new Float64Array(100), 0, 100), undefined);
  giveMemoryBack(memory);
  assert.equal(takeMemory(1000), memory);
  assert.equal(takeMemory(2 ** 30), undefined);
  giveMemoryBack(memory);
});

test("a NaN or a zero of either sign counts wherever it is: in each lane, of each vector, in each turn", () => {
  const memory = takeMemory(64)!;
  for (const around of [1, -1, 0, -0])
    for (const special of SPECIAL)
      for (let at = 0; at < 64; at++) {
        memory.data.fill(around, 0, 64);
        memory.data[at] = special;
        for (const name of ["min", "max"] as const) {
          const { value } = reduceSimd(name, memory.data, 0, 64)!;
          const expected = extreme(name, [around, special]);
          assert.ok(Object.is(value, expected), `${name} of ${around} and ${special} at ${at}: ${value}`);
        }
      }
  giveMemoryBack(memory);
});

test("reductions of random lengths and places give the same in fast memory as in plain memory", () => {
  const r = new Random(7);
  const memory = takeMemory(5000)!;
  for (let k = 0; k < 400; k++) {
    const n = r.int(1, r.of([9, 40, 3000]));
    const at = r.int(0, 50);
    for (let i = 0; i < n; i++)
      memory.data[at + i] = r.chance(0.01) && k % 3 === 0 ? r.of(SPECIAL) : r.int(-100, 100) / 8;
    const plain = memory.data.slice(at, at + n);
    for (const name of ["sum", "mean", "min", "max", "prod", "var", "any", "argmax"] as const) {
      const results = [
        [memory.data, at],
        [plain, 0],
      ].map(([data, from]) => {
        const state = accumulator(name, "float64", 1, 0);
        state.fold(0, data as Float64Array, from as number, n, 0);
        const out = new Float64Array(1);
        state.finish(out, n);
        return out[0]!;
      });
      const [fast, slow] = results as [number, number];
      const close = name === "sum" || name === "mean" || name === "var";
      assert.ok(
        Object.is(fast, slow) || (close && Math.abs(fast - slow) <= 1e-12 * Math.max(1, Math.abs(slow))),
        `${name} of ${n} from ${at}: ${fast} and ${slow}`,
      );
    }
  }
  giveMemoryBack(memory);
});
