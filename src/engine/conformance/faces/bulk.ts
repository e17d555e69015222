/** `DDict` on both faces, many records at a time. */
import assert from "node:assert/strict";
import type { DDict as AsyncDict } from "../../../dict/ddict.ts";
import type { Face } from "../../contract.ts";
import { failsWith, failsWithTypeError, keysOf, UNUSUAL_KEYS } from "../data.ts";
import { type AnyDict, sizeOf } from "../faces.ts";
import type { Fixture } from "../fixture.ts";
import type { Suite } from "../suite.ts";

export function testBulk(suite: Suite, face: Face): void {
  const dict = async (f: Fixture, init?: Record<string, string>): Promise<AnyDict> =>
    (await f.cont(face)).dict(f.name(), init);

  const strings = (map: ReadonlyMap<string, unknown>): Record<string, string> =>
    Object.fromEntries([...map].map(([key, value]) => [key, String(value)]));

  const forms: Readonly<Record<string, (entries: [string, string | null][]) => Parameters<AnyDict["bput"]>[0]>> = {
    "a record": (entries) => Object.fromEntries(entries),
    "a Map": (entries) => new Map(entries),
    "an array": (entries) => entries,
    "a generator": function* (entries) {
      yield* entries;
    },
  };
  for (const [what, form] of Object.entries(forms))
    suite.test(`bput takes ${what}; null and empty values delete`, async (f) => {
      const dd = await dict(f, { old: "1", gone: "1", empty: "1" });
      await dd.bput(
        form([
          ["new", "2"],
          ["old", "2"],
          ["gone", null],
          ["empty", ""],
          ["never", null],
        ]),
      );
      await dd.bput(form([]));
      assert.deepEqual(strings(await dd.dump()), { new: "2", old: "2" });
      assert.equal(await sizeOf(dd), 2);
    });

  suite.test("bput of thousands of records, at once and streamed", async (f) => {
    const dd = await dict(f);
    const keys = keysOf(2500);
    await dd.bput(new Map(keys.map((k) => [k, `value of ${k}`])));
    assert.equal(await sizeOf(dd), 2500);
    await dd.bput(
      (function* () {
        for (const k of keys) yield [k, `newer value of ${k}`] as const;
      })(),
    );
    assert.equal(await sizeOf(dd), 2500);
    const got = await dd.bget(keys);
    assert.equal(got.size, 2500);
    for (const k of keys) assert.equal(String(got.get(k)), `newer value of ${k}`);
  });

  suite.test("bput checks everything before it writes anything", async (f) => {
    const dd = await dict(f, { k: "v" });
    const bad: readonly [unknown, "TypeError" | "DER_INVAL" | "DER_KEY2BIG"][] = [
      [{ a: "1", k: "w", b: 1 }, "TypeError"],
      [{ a: "1", k: "w", b: undefined }, "TypeError"],
      [{ a: "1", k: "w", b: { c: 1 } }, "TypeError"],
      [{ a: "1", k: "w", b: "\ud800" }, "TypeError"],
      [[["a", "1"], ["k", "w"], ["b"]], "TypeError"],
      [[["a", "1"], "kv"], "TypeError"],
      [new Map<unknown, string>([["a", "1"]]).set(7, "w"), "TypeError"],
      [{ a: "1", k: "w", "": "1" }, "DER_INVAL"],
      [{ a: "1", k: "w", "b\0": "1" }, "DER_INVAL"],
      [{ a: "1", k: "w", "\udc00": "1" }, "DER_INVAL"],
      [{ a: "1", k: "w", ["b".repeat(65_537)]: "1" }, "DER_KEY2BIG"],
      ["text", "TypeError"],
      [7, "TypeError"],
      [null, "TypeError"],
      [undefined, "TypeError"],
    ];
    for (const [entries, failure] of bad) {
      const work = (): unknown => dd.bput(entries as Record<string, string>);
      await (failure === "TypeError" ? failsWithTypeError(work) : failsWith(failure, work));
    }
    assert.deepEqual(strings(await dd.dump()), { k: "v" });
  });

  suite.test("bget of keys gives a Map of those found, of a record a record with the same keys", async (f) => {
    const dd = await dict(f, { a: "1", b: "2" });
    assert.deepEqual(strings(await dd.bget(["a", "missing", Buffer.from("b")])), { a: "1", b: "2" });
    assert.deepEqual(strings(await dd.bget(new Map([["a", null]]))), { a: "1" });
    assert.deepEqual(strings(await dd.bget(new Set(["b"]))), { b: "2" });
    const record = await dd.bget({ a: null, missing: null });
    assert.deepEqual(Object.keys(record), ["a", "missing"]);
    assert.equal(String(record.a), "1");
    assert.equal(record.missing, undefined);
    assert.deepEqual(await dd.bget([]), new Map());
    await failsWithTypeError(() => dd.bget("ab" as unknown as string[]));
    await failsWithTypeError(() => dd.bget(null as unknown as string[]));
    await failsWith("DER_INVAL", () => dd.bget(["a", ""]));
  });

  suite.test("dump gives everything as a Map in memory", async (f) => {
    const init = Object.fromEntries(UNUSUAL_KEYS.map((k, i) => [`-${k}`, `value ${i}`]));
    const dd = await dict(f, init);
    const dumped = await dd.dump();
    assert.ok(dumped instanceof Map);
    assert.deepEqual(strings(dumped), strings(new Map(Object.entries(init).sort())) && { ...init });
    dumped.clear();
    assert.equal(await sizeOf(dd), UNUSUAL_KEYS.length);
    const buffers = new Set([...(await dd.dump()).values()].map((value) => value.buffer));
    assert.equal(buffers.size, UNUSUAL_KEYS.length, "two values share memory");
  });

  suite.test("__proto__ is a key like others in bulk calls", async (f) => {
    const dd = await dict(f);
    await dd.bput([
      ["__proto__", "v"],
      ["constructor", "w"],
    ]);
    assert.equal(String((await dd.bget(["__proto__"])).get("__proto__")), "v");
    const record = await dd.bget(Object.fromEntries([["__proto__", null]]));
    assert.equal(String(Object.getOwnPropertyDescriptor(record, "__proto__")?.value), "v");
    assert.equal(
      await dd.equals(
        Object.fromEntries([
          ["__proto__", "v"],
          ["constructor", "w"],
        ]),
      ),
      true,
    );
    assert.equal(await dd.delete("__proto__"), true);
  });

  suite.test("clear deletes everything", async (f) => {
    const dd = await dict(f, { a: "1", b: "2" });
    await dd.clear();
    assert.equal(await sizeOf(dd), 0);
    assert.equal(await dd.get("a"), undefined);
    assert.equal((await dd.dump()).size, 0);
    await dd.clear();
    await dd.put("c", "3");
    assert.deepEqual(strings(await dd.dump()), { c: "3" });
  });

  suite.test("equals compares with records, Maps, pairs and other dictionaries, as bytes", async (f) => {
    const dd = await dict(f, { a: "1", b: "ü" });
    const same = await dict(f, { b: "ü", a: "1" });
    for (const other of [
      { a: "1", b: "ü" },
      { b: Buffer.from("ü"), a: Buffer.from("1") },
      new Map([
        ["b", "ü"],
        ["a", "1"],
      ]),
      [
        ["a", "1"],
        ["b", "ü"],
      ] as [string, string][],
      await dd.dump(),
      same as unknown as Map<string, string>,
      dd as unknown as Map<string, string>,
    ])
      assert.equal(await dd.equals(other), true);
    const other = await dict(f, { a: "1", b: "u" });
    for (const different of [
      {},
      { a: "1" },
      { a: "1", b: "u" },
      { a: "1", b: "ü", c: "" },
      { a: "1", b: "ü", c: "3" },
      { a: "1", c: "ü" },
      [
        ["a", "1"],
        ["a", "1"],
      ] as [string, string][],
      other as unknown as Map<string, string>,
    ])
      assert.equal(await dd.equals(different), false);
    await failsWithTypeError(() => dd.equals(null as unknown as Map<string, string>));
    await failsWithTypeError(() => dd.equals("a" as unknown as Map<string, string>));
  });

  suite.test("progress rises to the total", async (f) => {
    const dd = await dict(f);
    const keys = keysOf(2200);
    const told: [number, number | undefined][] = [];
    const onProgress = (done: number, total: number | undefined): void => void told.push([done, total]);
    const check = (total: number | undefined): void => {
      assert.ok(told.length > 0, "no progress was told");
      for (const [i, [done, of]] of told.entries()) {
        assert.equal(of, total);
        assert.ok(done >= (told[i - 1]?.[0] ?? 0));
      }
      assert.equal(told.at(-1)?.[0], keys.length);
      told.length = 0;
    };
    await dd.bput(new Map(keys.map((k) => [k, "v"])), { onProgress });
    check(keys.length);
    await dd.bput(
      (function* () {
        for (const k of keys) yield [k, "w"] as const;
      })(),
      { onProgress },
    );
    check(undefined);
    await dd.bget(keys, { onProgress });
    check(keys.length);
    await dd.dump({ onProgress });
    check(keys.length);
    await dd.equals(await dd.dump(), { onProgress });
    check(keys.length);
    await dd.clear({ onProgress });
    check(keys.length);
  });

  suite.test("an iterable may use the same memory for all its keys and values", async (f) => {
    const dd = await dict(f);
    function* entries(): Generator<[Uint8Array, Uint8Array]> {
      const key = Buffer.alloc(6);
      const value = Buffer.alloc(8);
      for (let i = 0; i < 1300; i++) {
        key.write(String(100_000 + i));
        value.write(String(20_000_000 + i));
        yield [key, value];
      }
    }
    await dd.bput(entries());
    assert.equal(await sizeOf(dd), 1300);
    assert.equal(String(await dd.get("100000")), "20000000");
    assert.equal(String(await dd.get("101299")), "20001299");
    assert.equal(await dd.equals(entries()), true);
    const made = await (await f.cont(face)).dict(f.name(), entries());
    assert.equal(await made.equals(entries()), true);
  });

  suite.test("keys of a bget may be changed right after the call", async (f) => {
    const dd = await dict(f);
    const keys = keysOf(1300);
    await dd.bput(keys.map((k) => [k, `value of ${k}`]));
    const given = keys.map((k) => Buffer.from(k));
    const got = dd.bget(given);
    for (const key of given) key.fill(0x78);
    given.length = 0;
    assert.deepEqual(strings(await got), Object.fromEntries(keys.map((k) => [k, `value of ${k}`])));
  });

  suite.test("an exception of an iterable ends bput, and what was refused is not written", async (f) => {
    const dd = await dict(f);
    const failure = new Error("the source broke");
    let returned = false;
    const entries = (function* () {
      try {
        for (const k of keysOf(1500)) yield [k, "v"] as const;
        throw failure;
      } finally {
        returned = true;
      }
    })();
    await assert.rejects(async () => dd.bput(entries), failure);
    assert.ok(returned);
    const size = await sizeOf(dd);
    assert.ok(size <= 1500);
    assert.equal((await dd.dump()).size, size);
  });

  if (face === "sync") {
    suite.test("an async iterable is a TypeError on the blocking face", async (f) => {
      const dd = await dict(f);
      const stream = (async function* () {
        yield ["k", "v"] as const;
      })() as unknown as Map<string, string>;
      await failsWithTypeError(() => dd.bput(stream));
      await failsWithTypeError(() => dd.equals(stream));
      assert.equal(await sizeOf(dd), 0);
    });
    return;
  }

  suite.test("an async iterable is streamed", async (f) => {
    const dd = (await dict(f)) as unknown as AsyncDict;
    const keys = keysOf(2100);
    async function* stream(): AsyncGenerator<[string, string]> {
      for (const k of keys) {
        if (k.endsWith("00")) await new Promise(setImmediate);
        yield [k, `value of ${k}`];
      }
    }
    await dd.bput(stream());
    assert.equal(await dd.size(), keys.length);
    assert.equal(await dd.equals(stream()), true);
    await dd.put(keys[1234]!, "another");
    assert.equal(await dd.equals(stream()), false);
    assert.equal(await dd.equals(dd.entries()), true);
  });

  suite.test("a signal ends bulk calls with its reason", async (f) => {
    const dd = (await dict(f, { k: "v" })) as unknown as AsyncDict;
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    for (const work of [
      () => dd.bput({ a: "1" }, { signal }),
      () => dd.bget(["k"], { signal }),
      () => dd.dump({ signal }),
      () => dd.clear({ signal }),
      () => dd.equals({ k: "v" }, { signal }),
      () => dd.size({ signal }),
      () => dd.isEmpty({ signal }),
      () => dd.modify("k", () => "w", { signal }),
      () => dd.getOrInsert("a", "1", { signal }),
      () => dd.popitem({ signal }),
      () => dd.pop("k", { signal }),
      () => dd.keys({ signal }).next(),
    ])
      await assert.rejects(work, reason);
    assert.deepEqual(strings(await dd.dump()), { k: "v" });
    const controller = new AbortController();
    async function* endless(): AsyncGenerator<[string, string]> {
      for (let i = 0; ; i++) {
        if (i === 3000) controller.abort(reason);
        yield [`endless ${i}`, "v"];
      }
    }
    await assert.rejects(dd.bput(endless(), { signal: controller.signal }), reason);
    assert.equal(await dd.size(), (await dd.dump()).size);
  });
}
