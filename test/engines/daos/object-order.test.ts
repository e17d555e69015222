import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ObjectOrder, type Turn } from "../../../src/engines/daos/object-order.ts";

/** Turns by name, and which of them have started. */
class Recorder {
  readonly order = new ObjectOrder();
  readonly started: string[] = [];
  readonly #turns = new Map<string, Turn>();

  enter(name: string, key: string | undefined, writes: boolean): void {
    const turn: Turn = { key, writes, start: () => this.started.push(name) };
    this.#turns.set(name, turn);
    this.order.enter(turn);
  }

  leave(name: string): void {
    this.order.leave(this.#turns.get(name)!);
  }
}

test("operations on one key go one after the other, reads side by side", () => {
  const r = new Recorder();
  r.enter("read 1", "a", false);
  r.enter("read 2", "a", false);
  r.enter("write", "a", true);
  r.enter("read 3", "a", false);
  r.enter("other key", "b", true);
  assert.deepEqual(r.started, ["read 1", "read 2", "other key"]);
  r.leave("read 1");
  r.leave("read 2");
  assert.equal(r.started.at(-1), "write");
  r.leave("write");
  assert.equal(r.started.at(-1), "read 3");
  r.leave("read 3");
  r.leave("other key");
  assert.equal(r.order.idle, true);
});

test("operations on the whole object wait for those before and hold up those after them", () => {
  const r = new Recorder();
  r.enter("put", "a", true);
  r.enter("count", undefined, false);
  r.enter("get", "b", false);
  r.enter("clear", undefined, true);
  r.enter("put again", "a", true);
  assert.deepEqual(r.started, ["put"]);
  r.leave("put");
  assert.deepEqual(r.started, ["put", "count", "get"]);
  r.leave("count");
  assert.equal(r.started.length, 3);
  r.leave("get");
  assert.equal(r.started.at(-1), "clear");
  r.leave("clear");
  assert.equal(r.started.at(-1), "put again");
  r.leave("put again");
  assert.equal(r.order.idle, true);
});

test("no two operations ever overlap that could disturb each other, and each one starts in its order", () => {
  const operations = fc.record({
    key: fc.constantFrom("a", "b", undefined),
    writes: fc.boolean(),
    leave: fc.nat(3),
  });
  fc.assert(
    fc.property(fc.array(operations, { maxLength: 60 }), (all) => {
      const order = new ObjectOrder();
      const running: { readonly i: number; readonly turn: Turn }[] = [];
      const started = new Set<number>();
      const conflict = (x: Turn, y: Turn): boolean =>
        (x.writes || y.writes) && (x.key === undefined || y.key === undefined || x.key === y.key);
      const turns = all.map(({ key, writes }, i): Turn => {
        const turn: Turn = {
          key,
          writes,
          start: () => {
            for (const other of running) assert.equal(conflict(turn, other.turn), false);
            for (let earlier = 0; earlier < i; earlier++)
              if (conflict(turn, turns[earlier]!)) assert.equal(started.has(earlier), true);
            started.add(i);
            running.push({ i, turn });
          },
        };
        return turn;
      });
      const leaveOne = (): void => {
        const next = running.shift();
        if (next !== undefined) order.leave(next.turn);
      };
      for (const [i, { leave }] of all.entries()) {
        order.enter(turns[i]!);
        for (let n = 0; n < leave; n++) leaveOne();
      }
      while (running.length > 0) leaveOne();
      assert.equal(started.size, all.length);
      assert.equal(order.idle, true);
    }),
  );
});
