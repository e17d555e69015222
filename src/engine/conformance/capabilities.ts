/** What an engine declares, held against what it does. The other sections hold `orderedKeys` and `detectsDestroyed`. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Face, Kv, Op } from "../contract.ts";
import { bytes, failsWith, keysOf, pattern } from "./data.ts";
import { sizeOf } from "./faces.ts";
import { TWINS } from "./fixture.ts";
import type { Suite } from "./suite.ts";

/** A value at its limit is stored for real up to this size. */
const AFFORDABLE_BYTES = 64 * 1024 * 1024;

export function testCapabilities(suite: Suite): void {
  const { maxValueBytes } = suite.capabilities;

  suite.test("the declaration is frozen", (f) => {
    assert.ok(Object.isFrozen(f.capabilities));
  });

  for (const twin of TWINS) {
    suite.testIf("atomicBatch", `a batch that fails leaves nothing behind (${twin})`, async (f) => {
      const c = await f.cont(twin);
      const dd = await c.dict(f.name(), { k: "v" });
      // A value that only says that it is too big: the limit is checked before its bytes are looked at.
      const codec = { encode: (v: string) => (v === "big" ? fakeBig(maxValueBytes + 1) : v), decode: String };
      const view = await c.getDict<string>(dd.name, { valueEncoding: codec });
      await failsWith("DER_REC2BIG", () => view.bput({ a: "1", k: "w", b: "big", c: "3" }));
      assert.equal(await dd.equals({ k: "v" }), true);
    });

    suite.test(`a value of more than maxValueBytes is DER_REC2BIG, and nothing is written (${twin})`, async (f) => {
      const c = await f.cont(twin);
      const name = f.name();
      await c.dict(name, { k: "v" });
      const dd = await c.getDict<string>(name, {
        valueEncoding: { encode: () => fakeBig(maxValueBytes + 1), decode: String },
      });
      await failsWith("DER_REC2BIG", () => dd.put("k", "big"));
      await failsWith("DER_REC2BIG", () => dd.set("l", "big"));
      await failsWith("DER_REC2BIG", () => dd.getOrInsert("l", "big"));
      await failsWith("DER_REC2BIG", () => dd.modify("k", () => "big"));
      await failsWith("DER_REC2BIG", () => dd.bput({ k: "big" }));
      assert.equal(await dd.get("k"), "v");
      assert.equal(await sizeOf(dd), 1);
    });

    const atLimit = `a value of exactly maxValueBytes is stored (${twin})`;
    if (maxValueBytes > AFFORDABLE_BYTES)
      suite.cannotTest(atLimit, `${maxValueBytes} bytes are too many for a test; 20 MiB are tried elsewhere`);
    else
      suite.test(atLimit, async (f) => {
        const kv = await f.kv(twin);
        const value = pattern(maxValueBytes);
        await kv.put(bytes("k"), value);
        assert.equal(Buffer.compare((await kv.get(bytes("k")))!, value), 0);
      });

    suite.testIf("constantTimeCount", `count does not grow with the number of keys (${twin})`, async (f) => {
      const [small, big] = [await f.kv(twin), await f.kv(twin)];
      await small.put(bytes("k"), bytes("v"));
      for (let i = 0; i < 10; i++)
        await big.batch(keysOf(5000, `${i}-`).map((k): Op => [bytes(k), bytes("some value")]));
      assert.equal(await big.count(), 50_000);
      const [few, many] = [await bestCountTime(small), await bestCountTime(big)];
      assert.ok(many < 10 * few + 0.5, `1 key: ${few.toFixed(3)} ms, 50,000 keys: ${many.toFixed(3)} ms`);
    });
  }

  if (suite.capabilities.atomicBatch) {
    suite.testAmongProcesses("no process ever sees half a batch", async (f) => {
      const [peer] = await f.peers.some(1);
      const name = f.name();
      const dd = await (await f.cont("sync")).dict<string>(name, { a: "0", b: "0" }, { valueEncoding: "utf8" });
      for (const face of TWINS) {
        let ended = false;
        const counting = peer!.run("countInPairs", face, name, 150).finally(() => {
          ended = true;
        });
        while (!ended) {
          // Both rise together: what is read later is never smaller, whichever of them it is.
          for (const order of ["ab", "ba"]) {
            const first = Number(await dd.get(order[0]!));
            const second = Number(await dd.get(order[1]!));
            assert.ok(second >= first, `${order[0]} was ${first}, and after that ${order[1]} was ${second}`);
          }
          await sleep(0);
        }
        await counting;
        await dd.bput({ a: "0", b: "0" });
      }
    });

    suite.testAmongProcesses("a process that is killed in a batch leaves all of it or nothing", async (f) => {
      for (const face of TWINS)
        for (let kill = 0; kill < 3; kill++) {
          const name = f.name();
          const dd = await (await f.cont("async")).dict(name);
          const peer = f.peers.start();
          await peer.acknowledges(5, peer.run("storeBatchesForEver", face, name));
          await sleep(Math.random() * 10);
          await peer.kill();
          const sizes = new Map<string, number>();
          for (const key of (await dd.dump()).keys()) {
            const batch = key.split(".")[0]!;
            sizes.set(batch, (sizes.get(batch) ?? 0) + 1);
          }
          assert.deepEqual([...new Set(sizes.values())], [10]);
          for (let i = 0; i <= peer.acknowledged; i++) assert.ok(sizes.has(String(i)), `batch ${i} was acknowledged`);
          assert.equal(await sizeOf(dd), sizes.size * 10);
        }
    });
  } else {
    suite.cannotTest("no process ever sees half a batch", "the engine declares atomicBatch: false");
    suite.cannotTest(
      "a process that is killed in a batch leaves all of it or nothing",
      "the engine declares atomicBatch: false",
    );
  }

  suite.testIf("arrays", "a container has array objects", async (f) => {
    for (const twin of TWINS) assert.equal(typeof (await f.contract(twin)).array, "function");
  });

  suite.testUnless("arrays", "a container has no array objects", async (f) => {
    for (const twin of TWINS) assert.equal((await f.contract(twin)).array, undefined);
  });

  suite.cannotTest("other hosts see the same system (sharedAcrossHosts)", "a test has one host");
  suite.cannotTest("object classes have their effect (objectClasses)", "the contract has no way to see it");
}

/** Something that has the length of a big value and none of its memory. */
function fakeBig(length: number): Uint8Array {
  const value = new Uint8Array(0);
  Object.defineProperty(value, "length", { value: length });
  return value;
}

/** The best of many: what else the machine does makes none of them faster. */
async function bestCountTime(kv: Kv<Face>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 50; i++) {
    const begin = performance.now();
    await kv.count();
    best = Math.min(best, performance.now() - begin);
  }
  return best;
}
