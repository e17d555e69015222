import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { makeObjectView } from "../../src/dict/object-view.ts";

/** A view over a Map, which notes what is asked of it. */
function viewed(init: Record<string, string> = {}) {
  const map = new Map(Object.entries(init));
  const asked: string[] = [];
  const noted = <T>(what: string, answer: T): T => {
    asked.push(what);
    return answer;
  };
  const object = makeObjectView<string>({
    name: "stadium",
    get: (key) => noted(`get ${key}`, map.get(key)),
    has: (key) => noted(`has ${key}`, map.has(key)),
    put: (key, value) => void (value === null || value === "" ? map.delete(key) : map.set(key, value)),
    delete: (key) => map.delete(key),
    keys: () => noted("keys", [...map.keys()]),
  });
  return { map, object, asked };
}

const OWN = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "then", "toJSON", "length"];

describe("the plain-object view", () => {
  test("reads, writes, asks and deletes as an object does", () => {
    const { map, object } = viewed({ Barcelona: "Camp Nou" });
    object.Milano = "San Siro";
    object["Rio de Janeiro"] = "Maracanã";
    assert.equal(object.Milano, "San Siro");
    assert.equal(object.Paris, undefined);
    assert.equal("Milano" in object, true);
    assert.equal("Paris" in object, false);
    assert.equal(delete object.Milano, true);
    assert.equal(delete object.Milano, true);
    assert.deepEqual([...map.keys()], ["Barcelona", "Rio de Janeiro"]);
  });

  test("gives its keys, values and entries", () => {
    const { object } = viewed({ a: "1", b: "2" });
    assert.deepEqual(Object.keys(object), ["a", "b"]);
    assert.deepEqual(Object.values(object), ["1", "2"]);
    assert.deepEqual(Object.entries(object), [
      ["a", "1"],
      ["b", "2"],
    ]);
    const seen: string[] = [];
    for (const key in object) seen.push(key);
    assert.deepEqual(seen, ["a", "b"]);
    assert.deepEqual({ ...object }, { a: "1", b: "2" });
    assert.equal(JSON.stringify(object), '{"a":"1","b":"2"}');
    assert.deepEqual(Object.assign({}, object), { a: "1", b: "2" });
    assert.equal(Object.hasOwn(object, "a"), true);
    assert.equal(Object.hasOwn(object, "c"), false);
  });

  test("null and an empty value delete, as PyDAOS has it", () => {
    const { map, object } = viewed({ a: "1", b: "2" });
    object.a = null as unknown as string;
    object.b = "";
    assert.equal(map.size, 0);
  });

  for (const key of OWN)
    test(`${key} is a key like others`, () => {
      const { map, object } = viewed();
      assert.equal(object[key], undefined);
      assert.equal(key in object, false);
      object[key] = "v";
      assert.equal(map.get(key), "v");
      assert.equal(object[key], "v");
      assert.equal(key in object, true);
      assert.deepEqual(Object.keys(object), [key]);
      const seen: string[] = [];
      for (const k in object) seen.push(k);
      assert.deepEqual(seen, [key]);
      delete object[key];
      assert.equal(map.has(key), false);
    });

  test("keys that look like numbers are texts", () => {
    const { map, object } = viewed();
    object[7] = "seven";
    assert.equal(map.get("7"), "seven");
    assert.equal(object["7"], "seven");
  });

  test("symbols are no keys: none is found, and none can be set", () => {
    const { object, asked, map } = viewed({ a: "1" });
    const symbol = Symbol("s");
    const any = object as Record<symbol, unknown>;
    assert.equal(any[symbol], undefined);
    assert.equal(any[Symbol.iterator], undefined);
    assert.equal(any[Symbol.toPrimitive], undefined);
    assert.equal(symbol in object, false);
    assert.throws(() => {
      any[symbol] = "v";
    }, TypeError);
    assert.equal(delete any[symbol], true);
    assert.deepEqual(asked, []);
    assert.equal(map.size, 1);
  });

  test("an object without a prototype, which nobody gives one or freezes", () => {
    const { object } = viewed();
    assert.equal(Object.getPrototypeOf(object), null);
    assert.throws(() => Object.setPrototypeOf(object, {}), TypeError);
    assert.throws(() => Object.freeze(object), TypeError);
    assert.equal(Object.isExtensible(object), true);
  });

  test("defining a property stores its value; an accessor is refused", () => {
    const { map, object } = viewed();
    Object.defineProperty(object, "a", { value: "1", writable: true, enumerable: true, configurable: true });
    assert.equal(map.get("a"), "1");
    assert.throws(() => Object.defineProperty(object, "b", { get: () => "2" }), TypeError);
    assert.equal(map.has("b"), false);
  });

  test("showing it asks nothing of the storage", () => {
    const { object, asked } = viewed({ a: "1" });
    assert.equal(inspect(object), "DDict('stadium').object");
    assert.deepEqual(asked, []);
  });
});
