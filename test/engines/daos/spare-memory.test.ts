import assert from "node:assert/strict";
import { test } from "node:test";
import { giveBackMemory, takeMemory } from "../../../src/engines/daos/spare-memory.ts";

const MIB = 2 ** 20;

test("memory that was given back is used again for what fits, and never by two at a time", () => {
  const first = takeMemory(MIB - 5);
  assert.ok(first.length >= MIB - 5);
  assert.notEqual(takeMemory(MIB), first);
  giveBackMemory(first);
  assert.equal(takeMemory(MIB - 100), first);
  assert.notEqual(takeMemory(MIB - 100), first);
});

test("what is kept has an end", () => {
  const all = Array.from({ length: 40 }, () => takeMemory(2 * MIB));
  for (const memory of all) giveBackMemory(memory);
  const again = new Set(Array.from({ length: 40 }, () => takeMemory(2 * MIB)));
  assert.equal(all.filter((memory) => again.has(memory)).length, 16);
  const huge = takeMemory(33 * MIB);
  assert.equal(huge.length, 33 * MIB);
  giveBackMemory(huge);
  assert.notEqual(takeMemory(33 * MIB), huge);
});
