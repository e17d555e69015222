import assert from "node:assert/strict";
import { test } from "node:test";
import { Arena } from "../../src/ffi/arena.ts";
import { loadLibrary } from "../../src/ffi/koffi.ts";

test("what C writes into an arena, JavaScript reads there, and the other way round", () => {
  const arena = new Arena(64);
  const memcpy = loadLibrary("libc.so.6", "it is part of the system").func("memcpy", "uintptr_t", [
    "uintptr_t",
    "uintptr_t",
    "size_t",
  ]);
  arena.bytes.write("stadium", 0);
  assert.equal(memcpy(arena.address + 32, arena.address, 7), arena.address + 32);
  assert.equal(arena.bytes.toString("latin1", 32, 39), "stadium");
  arena.free();
});

test("pointers keep all their bits up to 2^53", () => {
  const arena = new Arena(16);
  for (const value of [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 47 - 1, Number.MAX_SAFE_INTEGER]) {
    arena.setPointer(8, value);
    assert.equal(arena.pointer(8), value);
    assert.equal(Number(arena.bytes.readBigUInt64LE(8)), value);
  }
  arena.setUint32(0, 2 ** 32 - 2);
  assert.equal(arena.uint32(0), 2 ** 32 - 2);
  assert.equal(arena.int32(0), -2);
  arena.free();
});

test("a missing library is told of with what to install", () => {
  assert.throws(() => loadLibrary("libnosuchthing.so.7", "apt-get install libnosuchthing7"), {
    code: "DER_NOSYS",
    message: /^failed to load libnosuchthing\.so\.7: .*apt-get install libnosuchthing7$/,
  });
});
