import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KeyLocks, type Turn } from "../../../src/engines/rados/key-locks.ts";

/** A turn that notes when it comes. */
function turn(log: string[], name: string, key: string, isWrite: boolean): Turn {
  return { key, isWrite, granted: () => log.push(name) };
}

describe("turns on a key", () => {
  test("reads go together, a write alone, in the order in which they came", () => {
    const log: string[] = [];
    const locks = new KeyLocks<Turn>();
    const turns = [false, false, true, false, true].map((isWrite, i) => turn(log, `${i}`, "k", isWrite));
    for (const one of turns) locks.enter(one);
    locks.enter(turn(log, "other", "another", true));
    assert.deepEqual(log, ["0", "1", "other"]);
    locks.leave(turns[0]!);
    assert.deepEqual(log, ["0", "1", "other"]);
    locks.leave(turns[1]!);
    locks.leave(turns[2]!);
    locks.leave(turns[3]!);
    locks.leave(turns[4]!);
    assert.deepEqual(log.slice(3), ["2", "3", "4"]);
    assert.ok(!locks.isInUse("k"));
  });

  test("a write waits for every read of many keys that has its own, and for no other", () => {
    const log: string[] = [];
    const locks = new KeyLocks<Turn>();
    const first = locks.enterMany(
      new Map([
        ["a", 0],
        ["b", 0],
      ]),
      false,
    );
    const second = locks.enterMany(
      new Map([
        ["b", 0],
        ["c", 0],
      ]),
      false,
    );
    const write = turn(log, "write b", "b", true);
    locks.enter(write);
    const read = turn(log, "read a", "a", false);
    locks.enter(read);
    locks.enter(turn(log, "write d", "d", true));
    const later = turn(log, "read b", "b", false);
    locks.enter(later);
    assert.deepEqual(log, ["read a", "write d"]);
    locks.leaveMany(first);
    assert.deepEqual(log, ["read a", "write d"]);
    locks.leaveMany(second);
    assert.deepEqual(log, ["read a", "write d", "write b"]);
    locks.leave(write);
    assert.deepEqual(log.at(-1), "read b");
    locks.leave(later);
    locks.leave(read);
    for (const key of ["a", "b", "c"]) assert.ok(!locks.isInUse(key), key);
  });

  test("whoever comes after a write of many keys waits for it, and no other", () => {
    const log: string[] = [];
    const locks = new KeyLocks<Turn>();
    const many = locks.enterMany(new Map([["a", 0]]), true);
    assert.ok(locks.isInUse("a") && locks.isContended("a"));
    assert.ok(!locks.isInUse("b"));
    const read = turn(log, "read a", "a", false);
    const write = turn(log, "write a", "a", true);
    locks.enter(read);
    locks.enter(write);
    locks.enter(turn(log, "write b", "b", true));
    assert.deepEqual(log, ["write b"]);
    locks.leaveMany(many);
    assert.deepEqual(log, ["write b", "read a"]);
    locks.leave(read);
    assert.deepEqual(log, ["write b", "read a", "write a"]);
    locks.leave(write);
    assert.ok(!locks.isInUse("a"));
  });

  test("a key that many reads are at work on is in use for writes, and not contended for further reads", () => {
    const locks = new KeyLocks<Turn>();
    const many = locks.enterMany(new Map([["a", 0]]), false);
    assert.ok(locks.isInUse("a") && !locks.isContended("a"));
    locks.leaveMany(many);
    assert.ok(!locks.isInUse("a"));
  });
});
