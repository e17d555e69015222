import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { inspect, types } from "node:util";
import { DCont, DDict } from "../../src/sync.ts";
import { scratchSystem } from "../scratch.ts";

const dcont = new DCont("tank", "neo", { system: scratchSystem(), create: true });
after(() => dcont.close());

let names = 0;
const dict = (init?: Record<string, string>): DDict<string> =>
  dcont.dict(`dict ${names++}`, init, { valueEncoding: "utf8" });

describe("a blocking DDict is a Map", () => {
  test("instanceof Map holds, and nothing thinks that it has a Map's table", () => {
    const dd = dict();
    assert.ok(dd instanceof Map);
    assert.ok(dd instanceof DDict);
    assert.equal(types.isMap(dd), false);
    assert.equal(Object.prototype.toString.call(dd), "[object DDict]");
  });

  test("every method of Map, whatever this Node knows, is its own: none reaches Map's table", () => {
    // Node 26 adds the last two.
    const members = new Set<string | symbol>([...Reflect.ownKeys(Map.prototype), "getOrInsert", "getOrInsertComputed"]);
    for (const member of members) assert.ok(Object.hasOwn(DDict.prototype, member), String(member));
  });

  test("new Map, spread, structuredClone of the entries and deep equality work", () => {
    const dd = dict({ a: "1", b: "2" });
    assert.deepEqual(new Map(dd), new Map(Object.entries({ a: "1", b: "2" })));
    assert.deepEqual(
      [...dd],
      [
        ["a", "1"],
        ["b", "2"],
      ],
    );
    assert.deepEqual(structuredClone([...dd]), [
      ["a", "1"],
      ["b", "2"],
    ]);
    assert.deepEqual(Object.fromEntries(dd), { a: "1", b: "2" });
    assert.deepEqual([...dd.entries()], [...new Map(Object.entries({ a: "1", b: "2" })).entries()]);
    assert.deepEqual(Array.from(dd.values()), ["1", "2"]);
    assert.deepEqual([...dd.keys().map((k) => k.toUpperCase())], ["A", "B"]);
    assert.deepEqual(Map.groupBy(dd, ([, v]) => v).get("2"), [["b", "2"]]);
  });

  test("it takes part where Maps do", () => {
    const dd = dict({ a: "1" });
    const size = (map: Map<string, string>): number => map.size;
    assert.equal(size(dd), 1);
    assert.deepEqual(new Set(["a", "c"]).intersection(dd), new Set(["a"]), "it is set-like");
    assert.equal(dd.set("b", "2").set("c", "3"), dd);
    assert.equal(dd.size, 3);
    assert.equal(dd.delete("c"), true);
    assert.equal(dd.has("c"), false);
    dd.clear();
    assert.equal(dd.size, 0);
  });

  test("forEach wants a function, also when there is nothing to call it with", () => {
    assert.throws(() => dict().forEach(undefined as unknown as () => void), TypeError);
  });

  test("forEach gives value, key and the dictionary, with this", () => {
    const dd = dict({ a: "1", b: "2" });
    const told: unknown[] = [];
    const receiver = {};
    dd.forEach(function (this: unknown, value, key, map) {
      assert.equal(this, receiver);
      assert.equal(map, dd);
      told.push([key, value]);
    }, receiver);
    assert.deepEqual(told, [
      ["a", "1"],
      ["b", "2"],
    ]);
  });

  test("it cannot be cloned: a copy could not reach the storage", () => {
    assert.throws(() => structuredClone(dict()), { name: "DataCloneError" });
  });

  test("Map's own methods refuse it", () => {
    assert.throws(() => Map.prototype.get.call(dict({ a: "1" }), "a"), TypeError);
  });

  test("nobody makes one but DCont", () => {
    const Constructor = DDict as unknown as new () => DDict;
    assert.throws(() => new Constructor());
  });

  test("a Map's iterators and a DDict's are both iterators", () => {
    const dd = dict({ a: "1" });
    for (const iterator of [dd.keys(), dd.values(), dd.entries(), dd[Symbol.iterator]()]) {
      assert.equal(iterator[Symbol.iterator](), iterator);
      assert.equal(iterator.next().done, false);
      assert.deepEqual(iterator.next(), { value: undefined, done: true });
      assert.deepEqual(iterator.next(), { value: undefined, done: true });
    }
  });

  test("size is one of the storage, not of the moment when the object was made", () => {
    const dd = dict();
    const other = dcont.getDict(dd.name);
    other.put("k", "v");
    assert.equal(dd.size, 1);
  });
});

test("another dictionary is streamed into bput, equals and dict", () => {
  const source = dict(Object.fromEntries(Array.from({ length: 1100 }, (_, i) => [`k${i}`, `v${i}`])));
  const target = dict();
  target.bput(source);
  assert.equal(target.size, 1100);
  assert.equal(target.equals(source), true);
  const copy = dcont.dict<string>(`dict ${names++}`, source, { valueEncoding: "json" });
  assert.equal(copy.get("k7"), "v7");
  const empty = dict();
  assert.equal(empty.equals(source), false);
});

test("showing it needs no storage", () => {
  const closed = new DCont("tank", "neo", { system: scratchSystem(), create: true });
  const dd = closed.dict("shown");
  closed.close();
  assert.equal(`${dd}`, "shown");
  assert.equal(inspect(dd), `DDict('shown') [${dd.oid}]`);
  assert.equal(inspect({ dd }), `{ dd: DDict('shown') [${dd.oid}] }`);
  assert.equal(inspect(dd.object), "DDict('shown').object");
});

test("the object view reads as the description's transcript", () => {
  const stadium = dcont.dict("stadium", { Barcelona: "Camp Nou", London: "Wembley" }, { valueEncoding: "utf8" }).object;
  stadium.Milano = "San Siro";
  stadium.Rio = "Maracanã";
  stadium.Madrid = "Santiago-Bernabéu";
  assert.equal(stadium.Milano, "San Siro");
  assert.equal(Object.keys(stadium).length, 5);
  delete stadium.Madrid;
  assert.equal("Rio" in stadium, true);
  assert.equal("Paris" in stadium, false);
  const keys: string[] = [];
  for (const key in stadium) keys.push(key);
  assert.deepEqual(keys, ["Barcelona", "London", "Milano", "Rio"]);
  const dd = dcont.getDict("stadium", { valueEncoding: "utf8" });
  assert.deepEqual({ ...stadium }, Object.fromEntries(dd.dump()));
  assert.deepEqual(JSON.parse(JSON.stringify(stadium)), Object.fromEntries(dd));
  for (const key of ["__proto__", "constructor", "toString"]) {
    assert.equal(key in stadium, false);
    stadium[key] = "a key";
    assert.equal(dd.get(key), "a key");
    assert.equal(stadium[key], "a key");
    delete stadium[key];
    assert.equal(dd.has(key), false);
  }
  assert.throws(() => {
    stadium.Rio = 7 as unknown as string;
  }, TypeError);
  assert.throws(
    () => {
      stadium[""] = "v";
    },
    { code: "DER_INVAL" },
  );
  assert.equal(dd.get("Rio"), "Maracanã");
});

test("walking a dictionary's own properties reads nothing of its content", () => {
  const dd = dict();
  dd.set("k", "v");
  assert.deepEqual(Object.keys(dd), ["kind", "name", "oid"]);
  assert.deepEqual(JSON.parse(JSON.stringify(dd)), { kind: "dict", name: dd.name, oid: dd.oid });
  assert.equal(dd.object, dd.object);
});
