/** Calls that nobody waits for take effect in their order; aborted ones reject, and their writes land whole or not at all. */
import assert from "node:assert/strict";
import type { Face, Kv } from "../../contract.ts";
import { bytes, failureOf, keysOf, listKeys, NAME_READS, NAME_WRITES, pattern, READS, text, WRITES } from "../data.ts";
import type { Suite } from "../suite.ts";

export function testSignals(suite: Suite, twin: Face): void {
  suite.test("calls on one key take effect in the order in which they are made", async (f) => {
    const kv = await f.kv(twin);
    const k = bytes("k");
    const answers = [
      kv.get(k),
      kv.put(k, bytes("1")),
      kv.get(k),
      kv.put(k, bytes("2"), "absent"),
      kv.has(k),
      kv.put(k, bytes("2"), { was: bytes("1") }),
      kv.put(k, bytes("3"), { was: bytes("1") }),
      kv.get(k),
      kv.take(k),
      kv.take(k),
      kv.has(k),
      kv.put(k, bytes("4"), "present"),
      kv.put(k, pattern(100_000)),
      kv.put(k, bytes("5"), "present"),
      kv.remove(k),
      kv.remove(k),
      kv.put(k, bytes("6"), "absent"),
      kv.get(k),
    ];
    const values = (await Promise.all<unknown>(answers)).map((v) => (v instanceof Uint8Array ? text(v) : v));
    assert.deepEqual(values, [
      undefined,
      true,
      "1",
      false,
      true,
      true,
      false,
      "2",
      "2",
      undefined,
      false,
      false,
      true,
      true,
      true,
      false,
      true,
      "6",
    ]);
    assert.equal(await kv.count(), 1);
  });

  suite.test("calls on many keys, batches and clears take effect in the order in which they are made", async (f) => {
    const kv = await f.kv(twin);
    const calls: unknown[] = [];
    for (let round = 0; round < 5; round++) {
      for (const k of keysOf(50)) calls.push(kv.put(bytes(k), bytes(`put in round ${round}`)));
      calls.push(kv.batch(keysOf(50).map((k) => [bytes(k), bytes(`batch of round ${round}`)])));
      if (round === 2) calls.push(kv.clear());
      calls.push(kv.remove(bytes("key-000007")));
    }
    const size = kv.count();
    const one = kv.get(bytes("key-000001"));
    const two = kv.get(bytes("key-000007"));
    const keys = listKeys(kv);
    assert.equal(text(await one), "batch of round 4");
    assert.equal(await two, undefined);
    await Promise.all(calls);
    assert.equal(await kv.count(), 49);
    // What concerns the whole object is not ordered after single keys by the contract, but it is never out of bounds.
    assert.ok((await size) <= 50);
    assert.ok((await keys).length <= 50);
  });

  if (twin === "sync") return;

  const reason = new Error("enough");

  for (const [verb, call] of Object.entries({ ...READS, ...WRITES }))
    suite.test(`${verb} with an aborted signal rejects with its reason and does nothing`, async (f) => {
      const kv = await f.kv(twin, { k: bytes("v") });
      assert.equal(await failureOf(() => call(kv, AbortSignal.abort(reason))), reason);
      assert.equal(await kv.count(), 1);
      assert.equal(text(await kv.get(bytes("k"))), "v");
    });

  for (const [verb, call] of Object.entries({ ...NAME_READS, ...NAME_WRITES }))
    suite.test(`${verb} of names with an aborted signal rejects with its reason and does nothing`, async (f) => {
      const container = await f.contract(twin);
      const [there, free] = [f.name(), f.name()];
      const object = await container.create(there, { kind: "dict" });
      const name = verb === "create" ? free : there;
      assert.equal(await failureOf(() => call(container, name, AbortSignal.abort(reason))), reason);
      assert.deepEqual(await container.lookup(there), object);
      assert.equal(await container.lookup(free), undefined);
    });

  suite.test("a put that is aborted while it is under way lands whole or not at all", async (f) => {
    const kv = await f.kv(twin);
    const ends: boolean[] = [];
    for (const [i, k] of keysOf(30).entries()) {
      const controller = new AbortController();
      const value = pattern(i % 2 === 0 ? 100 : 100_000, i);
      const put = kv.put(bytes(k), value, undefined, { signal: controller.signal });
      if (i % 3 > 0) await new Promise((resolve) => (i % 3 === 1 ? setImmediate(resolve) : setTimeout(resolve, 1)));
      controller.abort(reason);
      ends.push(await settled(put));
      const stored = await kv.get(bytes(k));
      if (ends.at(-1)) assert.ok(stored !== undefined, "it resolved and is not there");
      if (stored !== undefined) assert.equal(Buffer.compare(stored, value), 0, "it landed in part");
    }
    assert.equal(await kv.count(), (await listKeys(kv)).length);

    async function settled(put: unknown): Promise<boolean> {
      try {
        await put;
        return true;
      } catch (e) {
        assert.equal(e, reason);
        return false;
      }
    }
  });

  suite.test("a read that is aborted while it waits for a write rejects with the reason", async (f) => {
    const kv = (await f.kv(twin)) as Kv<"async">;
    const controller = new AbortController();
    const put = kv.put(bytes("k"), pattern(1_000_000));
    const get = kv.get(bytes("k"), { signal: controller.signal });
    controller.abort(reason);
    const end = await get.then(
      (value) => value?.length,
      (e: unknown) => e,
    );
    assert.ok(end === reason || end === 1_000_000, String(end));
    await put;
    assert.equal((await kv.get(bytes("k")))?.length, 1_000_000);
  });

  suite.test("a signal that fires later disturbs nothing", async (f) => {
    const kv = await f.kv(twin);
    const controller = new AbortController();
    const { signal } = controller;
    await kv.put(bytes("k"), bytes("v"), undefined, { signal });
    assert.equal(text(await kv.get(bytes("k"), { signal })), "v");
    controller.abort(reason);
    assert.equal(text(await kv.get(bytes("k"))), "v");
  });
}
