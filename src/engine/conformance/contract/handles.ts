/** Handles: closed ones, read-only ones, and those whose object was destroyed. */
import assert from "node:assert/strict";
import type { Container, Face, Kv } from "../../contract.ts";
import { bytes, failsWith, keysOf, NAME_READS, NAME_WRITES, pattern, READS, text, WRITES } from "../data.ts";
import type { Fixture } from "../fixture.ts";
import type { Suite } from "../suite.ts";

const KV_CALLS = { ...READS, ...WRITES };
const NAME_CALLS = { ...NAME_READS, ...NAME_WRITES };

export function testHandles(suite: Suite, twin: Face): void {
  suite.test("what a container says of itself is right", async (f) => {
    const c = await f.contract(twin);
    assert.equal(c.info.label, f.container);
    assert.equal(c.info.type, "PYTHON");
    assert.match(c.info.uuid, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.match(c.info.poolUuid, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.deepEqual(c.capabilities, f.capabilities);
  });

  suite.test("after close every call is DER_NO_HDL, and closing again does nothing", async (f) => {
    const c = await f.openContract(twin);
    const name = f.name();
    const object = (await c.create(name, { kind: "dict" }))!;
    const kv = c.kv(object);
    await kv.put(bytes("k"), bytes("v"));
    await c.close();
    await c.close();
    for (const call of Object.values(KV_CALLS)) await failsWith("DER_NO_HDL", () => call(kv));
    for (const call of Object.values(NAME_CALLS)) await failsWith("DER_NO_HDL", () => call(c, name));
    await failsWith("DER_NO_HDL", () => c.discard(object));
    await failsWith("DER_NO_HDL", () => c.link("linked", object));
    await c.close();
    const other = await f.contract(twin);
    assert.equal(text(await other.kv((await other.lookup(name))!).get(bytes("k"))), "v");
    assert.equal(await other.lookup("linked"), undefined);
  });

  suite.test("closing one handle leaves others of the same container alone", async (f) => {
    const [one, two] = [await f.openContract(twin), await f.openContract(twin)];
    const kv = two.kv((await two.create(f.name(), { kind: "dict" }))!);
    await one.close();
    await kv.put(bytes("k"), bytes("v"));
    assert.equal(text(await kv.get(bytes("k"))), "v");
    await two.close();
  });

  suite.test("both twins see each other's writes at once", async (f) => {
    const other = twin === "async" ? "sync" : "async";
    const c = await f.contract(twin);
    const name = f.name();
    const kv = c.kv((await c.create(name, { kind: "dict" }))!);
    const theirs = await f.contract(other);
    const their = theirs.kv((await theirs.lookup(name))!);
    for (let i = 0; i < 20; i++) {
      await kv.put(bytes("k"), bytes(`mine ${i}`));
      assert.equal(text(await their.get(bytes("k"))), `mine ${i}`);
      await their.put(bytes("k"), bytes(`theirs ${i}`));
      assert.equal(text(await kv.get(bytes("k"))), `theirs ${i}`);
      await their.put(bytes("k"), bytes(`theirs again ${i}`));
      assert.equal(text(await kv.get(bytes("k"))), `theirs again ${i}`);
      await their.remove(bytes("k"));
      assert.equal(await kv.get(bytes("k")), undefined);
      assert.equal(await kv.has(bytes("k")), false);
      assert.equal(await kv.count(), 0);
    }
    assert.equal(await theirs.destroy(name), true);
    assert.equal(await c.lookup(name), undefined);
  });

  for (const [verb, call] of Object.entries(WRITES))
    suite.test(`a read-only container refuses ${verb} and reads on`, async (f) => {
      const { kv, close } = await readOnly(f, twin);
      await failsWith("DER_NO_PERM", () => call(kv));
      assert.equal(text(await kv.get(bytes("k"))), "v");
      assert.equal(await kv.count(), 1);
      await close();
    });

  suite.test("a read-only container refuses to create and to destroy names", async (f) => {
    const { container, name, close } = await readOnly(f, twin);
    for (const call of Object.values(NAME_WRITES)) await failsWith("DER_NO_PERM", () => call(container, name));
    const object = (await container.lookup(name))!;
    await failsWith("DER_NO_PERM", () => container.discard(object));
    await failsWith("DER_NO_PERM", () => container.link(f.name(), object));
    await failsWith("DER_NO_PERM", () => container.create(f.name(), { kind: "dict" }));
    assert.deepEqual(await container.lookup(name), object);
    await close();
  });

  suite.test("a read-only container sees what others write", async (f) => {
    const { container, kv, name, close } = await readOnly(f, twin);
    const writer = await f.contract(twin);
    const theirs = writer.kv((await writer.lookup(name))!);
    await theirs.put(bytes("k"), bytes("newer"));
    assert.equal(text(await kv.get(bytes("k"))), "newer");
    await theirs.put(bytes("l"), bytes("added"));
    assert.equal(await kv.count(), 2);
    await writer.destroy(name);
    assert.equal(await container.lookup(name), undefined);
    await close();
  });

  for (const [verb, call] of Object.entries(KV_CALLS))
    suite.testIf("detectsDestroyed", `${verb} of a destroyed object is DER_NONEXIST, for ever`, async (f) => {
      const c = await f.contract(twin);
      const other = await f.openContract(twin);
      const name = f.name();
      const object = (await c.create(name, { kind: "dict" }))!;
      const [kv, their] = [c.kv(object), other.kv(object)];
      await kv.put(bytes("k"), bytes("v"));
      assert.equal(text(await their.get(bytes("k"))), "v");
      await c.destroy(name);
      await failsWith("DER_NONEXIST", () => call(kv));
      await failsWith("DER_NONEXIST", () => call(their));
      // A later object of the same name is another one: the old handles neither read nor write it.
      const later = c.kv((await c.create(name, { kind: "dict" }))!);
      await later.put(bytes("k"), bytes("later"));
      await failsWith("DER_NONEXIST", () => call(kv));
      await failsWith("DER_NONEXIST", () => call(their));
      assert.equal(await later.count(), 1);
      assert.equal(text(await later.get(bytes("k"))), "later");
      await other.close();
      await c.destroy(name);
    });

  if (twin === "sync") return;

  suite.test("close waits for the writes that were issued before it, and refuses those after it", async (f) => {
    const c = (await f.openContract(twin)) as Container<"async">;
    const name = f.name();
    const kv = c.kv((await c.create(name, { kind: "dict" }))!);
    const puts = keysOf(200).map((k, i) => kv.put(bytes(k), pattern(i % 10 === 0 ? 50_000 : 20, i)));
    const created = c.create(`${name} too`, { kind: "dict" });
    const closed = c.close();
    const late = failsWith("DER_NO_HDL", () => kv.put(bytes("late"), bytes("v")));
    await closed;
    await late;
    for (const put of puts) assert.equal(await put, true);
    assert.notEqual(await created, undefined);
    const other = await f.contract(twin);
    const again = other.kv((await other.lookup(name))!);
    assert.equal(await again.count(), 200);
    assert.equal(Buffer.compare((await again.get(bytes("key-000050")))!, pattern(50_000, 50)), 0);
    assert.equal(await again.has(bytes("late")), false);
  });

  suite.test("reads that are under way when the container is closed finish or reject", async (f) => {
    const c = (await f.openContract(twin)) as Container<"async">;
    const kv = c.kv((await c.create(f.name(), { kind: "dict" }))!);
    void kv.put(bytes("k"), pattern(500_000)).catch(() => {});
    const reads = [
      kv.get(bytes("k")),
      kv.getMany([bytes("k")]),
      kv.list({ limit: 10 }),
      kv.count(),
      kv.has(bytes("k")),
    ];
    const closed = c.close();
    const ends = await Promise.allSettled<unknown>(reads);
    for (const end of ends)
      if (end.status === "rejected") await failsWith("DER_NO_HDL", () => Promise.reject(end.reason));
    await closed;
  });

  suite.test("a failure is a rejection, never thrown by the call itself", async (f) => {
    const c = (await f.openContract(twin)) as Container<"async">;
    const kv = c.kv((await c.create(f.name(), { kind: "dict" }))!);
    await c.close();
    for (const call of Object.values(KV_CALLS)) {
      const answer = call(kv);
      assert.ok(answer instanceof Promise);
      await failsWith("DER_NO_HDL", () => answer);
    }
  });
}

async function readOnly(
  f: Fixture,
  twin: Face,
): Promise<{ container: Container<Face>; kv: Kv<Face>; name: string; close: () => Promise<void> }> {
  const writer = await f.contract(twin);
  const name = f.name();
  await writer.kv((await writer.create(name, { kind: "dict" }))!).put(bytes("k"), bytes("v"));
  const container = await f.openContract(twin, "RO");
  const kv = container.kv((await container.lookup(name))!);
  return { container, kv, name, close: async () => container.close() };
}
