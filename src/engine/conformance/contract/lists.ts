/** Listing: every key once, whatever the size of the pages; in order and by ranges where the engine has an order. */
import assert from "node:assert/strict";
import type { Face, Op, Page } from "../../contract.ts";
import { bytes, inUtf8Order, keysOf, listAll, listKeys, pattern, text, UNUSUAL_KEYS } from "../data.ts";
import type { Suite } from "../suite.ts";

export function testLists(suite: Suite, twin: Face): void {
  suite.test("an empty object has an empty list", async (f) => {
    assert.deepEqual(await listAll(await f.kv(twin)), []);
  });

  for (const limit of [1, 2, 3, 7, 1000])
    suite.test(`pages of ${limit} give every record once`, async (f) => {
      const keys = keysOf(25);
      const kv = await f.kv(twin, Object.fromEntries(keys.map((k) => [k, bytes(`value of ${k}`)])));
      const all = await listAll(kv, limit);
      assert.deepEqual(inUtf8Order(all.map(([k]) => k)), keys);
      for (const [k, value] of all) assert.equal(text(value), `value of ${k}`);
      assert.deepEqual(inUtf8Order(await listKeys(kv, limit)), keys);
    });

  suite.test("thousands of records come by pages, each once", async (f) => {
    const kv = await f.kv(twin);
    const keys = keysOf(4100);
    await kv.batch(keys.map((k): Op => [bytes(k), bytes(k)]));
    const all = await listAll(kv, 1000);
    assert.deepEqual(inUtf8Order(all.map(([k]) => k)), keys);
    assert.ok(all.every(([k, value]) => text(value) === k));
  });

  suite.test("listText, where there is one, gives the same pages with keys as text", async (f) => {
    const kv = await f.kv(twin, Object.fromEntries(UNUSUAL_KEYS.map((k) => [`-${k}`, bytes(`value of ${k}`)])));
    const ranges = f.capabilities.orderedKeys
      ? [{}, { reverse: true }, { start: bytes("-a"), end: bytes("-b") }, { end: bytes("-\u{1f600}") }]
      : [{}];
    for (const range of ranges)
      for (const keysOnly of [false, true])
        for (let after: Uint8Array | undefined; ; ) {
          const query = { ...range, after, limit: 7, keysOnly };
          const page: Page = await kv.list(query);
          const same: Page<string> | undefined = await kv.listText?.(query);
          if (same === undefined) return;
          assert.deepEqual(
            same.entries.map(([k, value]) => [k, text(value)]),
            page.entries.map(([k, value]) => [text(k), text(value)]),
          );
          assert.deepEqual(same.next && Buffer.from(same.next), page.next && Buffer.from(page.next));
          after = page.next;
          if (after === undefined) break;
        }
  });

  suite.test("keysOnly leaves the values out", async (f) => {
    const kv = await f.kv(twin, { a: bytes("1"), b: pattern(100_000) });
    const all = await listAll(kv, 10, { keysOnly: true });
    assert.deepEqual(inUtf8Order(all.map(([k]) => k)), ["a", "b"]);
    assert.ok(all.every(([, value]) => value.length === 0));
  });

  suite.test("big values come whole, also where that makes pages short", async (f) => {
    const sizes = [700_000, 10, 1_500_000, 3_000_000, 1, 2_000_000];
    const kv = await f.kv(twin);
    for (const [i, n] of sizes.entries()) await kv.put(bytes(`k${i}`), pattern(n, i));
    for (const limit of [2, 1000]) {
      const all = await listAll(kv, limit);
      assert.deepEqual(inUtf8Order(all.map(([k]) => k)), ["k0", "k1", "k2", "k3", "k4", "k5"]);
      for (const [k, value] of all) {
        const i = Number(k.slice(1));
        assert.equal(Buffer.compare(value, pattern(sizes[i]!, i)), 0, k);
      }
    }
  });

  suite.test("records that are removed and added between two pages do not disturb the others", async (f) => {
    const keys = keysOf(40);
    const kv = await f.kv(twin, Object.fromEntries(keys.map((k) => [k, bytes("v")])));
    const first: Page = await kv.list({ limit: 10 });
    const seen = first.entries.map(([k]) => text(k)!);
    const unseen = keys.filter((k) => !seen.includes(k));
    // The last key that was seen, where the next page begins, is among those that go.
    const gone = [...seen, ...unseen.slice(0, 5)];
    await kv.batch(gone.map((k): Op => [bytes(k), null]));
    await kv.put(bytes("a new one"), bytes("v"));
    for (let { next } = first; next !== undefined; ) {
      const page: Page = await kv.list({ after: next, limit: 10 });
      seen.push(...page.entries.map(([k]) => text(k)!));
      next = page.next;
    }
    const old = seen.filter((k) => k !== "a new one");
    assert.equal(new Set(seen).size, seen.length, "a key came twice");
    assert.deepEqual(inUtf8Order(old.slice(10)), inUtf8Order(unseen.filter((k) => !gone.includes(k))));
  });

  suite.test("a list sees the newest writes", async (f) => {
    const kv = await f.kv(twin);
    const written: string[] = [];
    for (const k of keysOf(20)) {
      await kv.put(bytes(k), bytes("v"));
      written.push(k);
      assert.deepEqual(inUtf8Order(await listKeys(kv, 6)), written);
    }
  });

  suite.testIf("orderedKeys", "keys come in the order of their UTF-8 bytes, and backwards with reverse", async (f) => {
    const kv = await f.kv(twin, Object.fromEntries(UNUSUAL_KEYS.map((k) => [`-${k}`, bytes("v")])));
    const ordered = inUtf8Order(UNUSUAL_KEYS.map((k) => `-${k}`));
    for (const limit of [1, 4, 1000]) {
      assert.deepEqual(
        (await listAll(kv, limit)).map(([k]) => k),
        ordered,
      );
      assert.deepEqual(
        (await listAll(kv, limit, { reverse: true })).map(([k]) => k),
        ordered.toReversed(),
      );
    }
  });

  suite.testIf("orderedKeys", "ranges begin at start, end before end, either way", async (f) => {
    const keys = ["a", "aa", "ab", "b", "ba", "c", "é", "z", "\u{1f600}"];
    const kv = await f.kv(twin, Object.fromEntries(keys.map((k) => [k, bytes(k)])));
    const bounds = [undefined, "a", "ab", "abc", "b", "d", "z", "zz", "\u{1f600}", "\u{1f601}"];
    const before = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
    for (const start of bounds)
      for (const end of bounds) {
        const expected = inUtf8Order(keys).filter(
          (k) => (start === undefined || !before(k, start)) && (end === undefined || before(k, end)),
        );
        const range = { ...(start && { start: bytes(start) }), ...(end && { end: bytes(end) }) };
        for (const limit of [2, 1000])
          for (const reverse of [false, true])
            assert.deepEqual(
              (await listAll(kv, limit, { ...range, reverse })).map(([k]) => k),
              reverse ? expected.toReversed() : expected,
              `from ${start} to ${end}, ${limit} a page, ${reverse ? "backwards" : "forwards"}`,
            );
      }
  });
}
