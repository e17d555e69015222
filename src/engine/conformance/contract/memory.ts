/** Memory: what goes in is copied before the call returns, what comes out is the caller's alone. */
import assert from "node:assert/strict";
import type { Face, Kv, Op } from "../../contract.ts";
import { bytes, listAll, text } from "../data.ts";
import type { Suite } from "../suite.ts";

/** A small and a big value: engines keep them in different places. */
const LENGTHS = [10, 5000, 200_000];

export function testMemory(suite: Suite, twin: Face): void {
  const reads: Readonly<Record<string, (kv: Kv<Face>) => Promise<Uint8Array[]>>> = {
    get: async (kv) => [(await kv.get(bytes("a")))!, (await kv.get(bytes("b")))!, (await kv.get(bytes("c")))!],
    getMany: async (kv) => (await kv.getMany(["a", "b", "c"].map(bytes))) as Uint8Array[],
    list: async (kv) => (await listAll(kv)).map(([, value]) => value),
  };

  for (const [verb, read] of Object.entries(reads))
    suite.test(`changing what ${verb} gave changes nothing else`, async (f) => {
      const kv = await f.kv(twin, Object.fromEntries(["a", "b", "c"].map((k, i) => [k, filled(LENGTHS[i]!, 1)])));
      const first = await read(kv);
      const second = await read(kv);
      const pool = Buffer.from("pooled").buffer;
      for (const value of first) {
        assert.notEqual(value.buffer, pool, "the value lies in Node's buffer pool");
        assert.ok(!(value.buffer instanceof SharedArrayBuffer), "the value lies in shared memory");
        new Uint8Array(value.buffer).fill(2);
      }
      for (const value of [...second, ...(await read(kv))]) assert.ok(value.every((b) => b === 1));
      for (const [i, value] of first.entries())
        for (const other of first.slice(i + 1)) assert.notEqual(value.buffer, other.buffer, "two values share memory");
    });

  suite.test("changing what take gave does not change a value that is put afterwards", async (f) => {
    const kv = await f.kv(twin, { k: filled(100, 1) });
    const taken = (await kv.take(bytes("k")))!;
    await kv.put(bytes("k"), taken);
    taken.fill(2);
    assert.ok((await kv.get(bytes("k")))!.every((b) => b === 1));
  });

  suite.test("changing key and value right after the call of put does not change what is stored", async (f) => {
    const kv = await f.kv(twin);
    const puts: unknown[] = [];
    for (const [i, n] of LENGTHS.entries()) {
      const key = bytes(`k${i}`);
      const value = filled(n, 1);
      puts.push(kv.put(key, value));
      key.fill(0x78);
      value.fill(2);
    }
    await Promise.all(puts);
    for (const [i, n] of LENGTHS.entries()) {
      const value = (await kv.get(bytes(`k${i}`)))!;
      assert.equal(value.length, n);
      assert.ok(value.every((b) => b === 1));
    }
    assert.equal(await kv.count(), LENGTHS.length);
  });

  suite.test(
    "changing the old value right after the call of a compare-and-set does not change the comparison",
    async (f) => {
      const kv = await f.kv(twin, { k: bytes("old") });
      const was = bytes("old");
      const put = kv.put(bytes("k"), bytes("new"), { was });
      was.fill(0);
      assert.equal(await put, true);
    },
  );

  suite.test("changing a batch right after the call does not change what is stored", async (f) => {
    const kv = await f.kv(twin, { gone: bytes("v") });
    const ops: [Uint8Array, Uint8Array | null][] = [
      [bytes("a"), filled(10, 1)],
      [bytes("b"), filled(200_000, 1)],
      [bytes("gone"), null],
    ];
    const batch = kv.batch(ops satisfies Op[]);
    for (const op of ops) {
      op[0].fill(0x78);
      op[1]?.fill(2);
      op[1] = bytes("other");
    }
    ops.length = 0;
    await batch;
    assert.deepEqual(
      (await kv.getMany(["a", "b", "gone"].map(bytes))).map((v) => v?.every((b) => b === 1)),
      [true, true, undefined],
    );
    assert.equal(await kv.count(), 2);
  });

  suite.test("changing the keys right after the call of a read does not change what is read", async (f) => {
    const kv = await f.kv(twin, { a: bytes("1"), b: bytes("2") });
    // With a write under way, reads may have to wait.
    const writes = [kv.put(bytes("a"), bytes("1")), kv.put(bytes("b"), bytes("2"))];
    const keys = [bytes("a"), bytes("b")];
    const [one, two] = [bytes("a"), bytes("a")];
    const reads = [kv.getMany(keys), kv.get(one), kv.has(two)] as const;
    for (const k of [...keys, one, two]) k.fill(0x78);
    keys.length = 0;
    assert.deepEqual((await reads[0]).map(text), ["1", "2"]);
    assert.equal(text(await reads[1]), "1");
    assert.equal(await reads[2], true);
    await Promise.all(writes);
  });
}

function filled(n: number, byte: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(n).fill(byte);
}
