import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { inspect } from "node:util";
import { checkContainer, DCont, DDict } from "../../src/index.ts";
import { scratchSystem } from "../scratch.ts";

const system = scratchSystem();
const dcont = await DCont.open("tank", "neo", { system, create: true });
after(() => dcont.close());

let names = 0;
const dict = (init?: Record<string, string>): Promise<DDict<string>> =>
  dcont.dict(`dict ${names++}`, init, { valueEncoding: "utf8" });

describe("PyDAOS's words for what failed", () => {
  const cases: Readonly<Record<string, [(dd: DDict<string>) => Promise<unknown>, string]>> = {
    get: [(dd) => dd.get(""), "failed to retrieve KV value: DER_INVAL(-1003): Invalid parameters; the key is empty"],
    has: [
      (dd) => dd.has("a\0"),
      "failed to retrieve KV value: DER_INVAL(-1003): Invalid parameters; the key contains NUL",
    ],
    put: [
      (dd) => dd.put("k", "v", { if: "present" }),
      "failed to store KV value: DER_NONEXIST(-1005): The specified entity does not exist",
    ],
    "put if absent": [
      async (dd) => {
        await dd.put("there", "v");
        await dd.put("there", "v", { if: "absent" });
      },
      "failed to store KV value: DER_EXIST(-1004): Entity already exists",
    ],
    walk: [(dd) => dd.keys({ limit: -1 }).next(), "invalid range"],
  };
  for (const [verb, [call, message]] of Object.entries(cases))
    test(`of ${verb}`, async () => {
      const dd = await dict();
      await assert.rejects(
        call(dd),
        (e: Error) => e.message === message || e.message.startsWith("failed to enumerate Dictionary: DER_INVAL"),
      );
    });

  test("of a closed container", async () => {
    const other = await DCont.open("tank", "neo", { system });
    const dd = await other.dict(`dict ${names++}`);
    await other.close();
    await assert.rejects(dd.get("k"), {
      name: "DaosError",
      code: "DER_NO_HDL",
      errno: -1002,
      message: /^failed to retrieve KV value: DER_NO_HDL\(-1002\)/,
    });
    await assert.rejects(dd.put("k", "v"), { message: /^failed to store KV value: DER_NO_HDL\(-1002\)/ });
    await assert.rejects(dd.keys().next(), { message: /^failed to enumerate Dictionary: DER_NO_HDL\(-1002\)/ });
    await assert.rejects(dd.size(), { message: /^failed to enumerate Dictionary: DER_NO_HDL\(-1002\)/ });
    // Also with nothing to do.
    await assert.rejects(dd.bput({}), { message: /^failed to store KV value: DER_NO_HDL\(-1002\)/ });
    await assert.rejects(dd.bput(nothing()), { message: /^failed to store KV value: DER_NO_HDL\(-1002\)/ });
    await assert.rejects(dd.bget([]), { message: /^failed to retrieve KV value: DER_NO_HDL\(-1002\)/ });
  });

  test("of an empty bulk call on a read-only container and on a destroyed object", async () => {
    await using other = await DCont.open("tank", "neo", { system });
    const name = `dict ${names++}`;
    const dd = await other.dict(name);
    await using reader = await DCont.open("tank", "neo", { system, mode: "RO" });
    await assert.rejects((await reader.getDict(name)).bput({}), { code: "DER_NO_PERM" });
    await assert.rejects((await reader.getDict(name)).bput(nothing()), { code: "DER_NO_PERM" });
    await other.destroy(name);
    await assert.rejects(dd.bput([]), { code: "DER_NONEXIST" });
    await assert.rejects(dd.bput(new Set<[string, string]>()), { code: "DER_NONEXIST" });
    await assert.rejects(dd.bget({}), { code: "DER_NONEXIST" });
  });
});

test("nobody makes one but DCont", () => {
  const Constructor = DDict as unknown as new () => DDict;
  assert.throws(() => new Constructor());
});

test("set resolves to nothing, put too; neither is thenable by accident", async () => {
  const dd = await dict();
  assert.equal(await dd.set("k", "v"), undefined);
  assert.equal(await dd.put("k", "v"), undefined);
  assert.equal("then" in dd, false);
});

test("getOrInsertComputed waits for a function that is async", async () => {
  const dd = await dict();
  assert.equal(await dd.getOrInsertComputed("k", async (key) => `made of ${key}`), "made of k");
});

test("of many getOrInsertComputed at once all get the same", async () => {
  const dd = await dict();
  const got = await Promise.all(Array.from({ length: 20 }, (_, i) => dd.getOrInsertComputed("k", async () => `v${i}`)));
  assert.equal(new Set(got).size, 1);
  assert.equal(await dd.get("k"), got[0]);
});

test("modify gives up when its function throws, and nothing is changed", async () => {
  const dd = await dict({ k: "v" });
  const failure = new Error("no");
  await assert.rejects(
    dd.modify("k", () => {
      throw failure;
    }),
    failure,
  );
  assert.equal(await dd.get("k"), "v");
});

test("a signal ends a walk with its reason", async () => {
  const dd = await dict(Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`k${i}`, "v"])));
  const controller = new AbortController();
  const reason = new Error("enough");
  let seen = 0;
  await assert.rejects(async () => {
    for await (const _ of dd.keys({ signal: controller.signal })) if (++seen === 3) controller.abort(reason);
  }, reason);
  assert.ok(seen < 1500);
});

test("progress that throws ends the call, and leaves nothing hanging", async () => {
  const dd = await dict();
  const failure = new Error("no");
  const onProgress = (): void => {
    throw failure;
  };
  await assert.rejects(dd.bput({ a: "1" }, { onProgress }), failure);
  await assert.rejects(dd.dump({ onProgress }), failure);
  await assert.rejects(dd.bget(["a"], { onProgress }), failure);
  assert.equal(await dd.get("a"), "1");
});

test("showing it needs no storage", async () => {
  const dd = await dict();
  assert.equal(`${dd}`, dd.name);
  assert.equal(inspect(dd), `DDict('${dd.name}') [${dd.oid}]`);
});

describe("an abort does not wait for the caller's own code", { timeout: 60_000 }, () => {
  /** An iterable that gives one record and then nothing for ever. */
  async function* stuck(): AsyncGenerator<[string, string]> {
    yield ["k", "v"];
    await new Promise(() => {});
  }
  const reason = new Error("enough");
  const calls: Readonly<Record<string, (dd: DDict<string>, o: { signal: AbortSignal }) => Promise<unknown>>> = {
    bput: (dd, o) => dd.bput(stuck(), o),
    equals: (dd, o) => dd.equals(stuck(), o),
    getOrInsertComputed: (dd, o) => dd.getOrInsertComputed("new", () => new Promise<string>(() => {}), o),
    dict: (_, o) => dcont.dict("stuck", stuck(), { valueEncoding: "utf8", ...o }),
  };
  for (const [name, call] of Object.entries(calls))
    test(name, async () => {
      const dd = await dict();
      const controller = new AbortController();
      // A pending promise keeps no process alive; the timer does, until the abort.
      setTimeout(() => controller.abort(reason), 50);
      await assert.rejects(call(dd, { signal: controller.signal }), reason);
      assert.equal(await dd.size(), 0);
      assert.equal(await dcont.has("stuck"), false);
    });

  test("an aborted dict leaves no object without a name", async () => {
    const cont = await DCont.open("tank", "aborted", { system, create: true });
    for (let i = 0; i < 20; i++) {
      const controller = new AbortController();
      const made = cont.dict(`dict ${i}`, { k: "v" }, { signal: controller.signal });
      // While the writer is at it: each time a little later.
      for (let turn = 0; turn < i; turn++) await null;
      controller.abort(reason);
      await assert.rejects(made, reason);
    }
    // Its writes are behind those that were left to end by themselves.
    await cont.dict("last");
    await cont.close();
    const { checked, skipped } = await checkContainer("tank", "aborted", { system });
    assert.deepEqual({ checked, skipped }, { checked: 1, skipped: 0 });
  });
});

test("a value that cannot be decoded is told of with its key, by every call that reads it", async () => {
  await dcont.dict("undecodable", { Rio: "{" });
  const dd = await dcont.getDict("undecodable", { valueEncoding: "json" });
  for (const call of [() => dd.get("Rio"), () => dd.bget(["Rio"]), () => dd.dump(), () => Array.fromAsync(dd)])
    await assert.rejects(call, /DER_INVAL.*the value of "Rio"/);
});

async function* nothing(): AsyncGenerator<[string, string], void> {}
