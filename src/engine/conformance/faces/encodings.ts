/** Encodings of values on both faces: the opener's view of the same bytes. */
import assert from "node:assert/strict";
import { type Codec, json, type StandardSchema } from "../../../dict/encoding.ts";
import type { Face } from "../../contract.ts";
import { failsWith, failsWithTypeError } from "../data.ts";
import { sizeOf, walked } from "../faces.ts";
import type { Suite } from "../suite.ts";

interface Point {
  readonly x: number;
  readonly y: number;
}

const points: Codec<Point> = {
  encode: ({ x, y }) => Uint8Array.of(x, y),
  decode: (stored) => ({ x: stored[0]!, y: stored[1]! }),
};

const schema: StandardSchema<Point> = {
  "~standard": {
    version: 1,
    validate: (v) => {
      const { x, y } = Object(v) as Partial<Point>;
      return typeof x === "number" && typeof y === "number"
        ? { value: { x, y } }
        : { issues: [{ message: "no point" }] };
    },
  },
};

export function testEncodings(suite: Suite, face: Face): void {
  suite.test("utf8: text in, text out, and nothing else in", async (f) => {
    const c = await f.cont(face);
    const name = f.name();
    const dd = await c.dict<string>(name, { k: "Maracanã" }, { valueEncoding: "utf8" });
    assert.equal(await dd.get("k"), "Maracanã");
    assert.deepEqual(await walked(dd.entries()), [["k", "Maracanã"]]);
    assert.deepEqual(await dd.dump(), new Map([["k", "Maracanã"]]));
    assert.equal(await dd.equals({ k: "Maracanã" }), true);
    await dd.put("bom", "\ufeffx");
    assert.equal(await dd.get("bom"), "\ufeffx");
    await failsWithTypeError(() => dd.put("k", Buffer.from("v") as unknown as string));
    await failsWithTypeError(() => dd.put("k", 7 as unknown as string));
    await dd.put("k", "");
    assert.equal(await dd.has("k"), false);
    const raw = await c.getDict(name);
    await raw.put("broken", Uint8Array.of(0xff));
    await failsWith("DER_INVAL", () => dd.get("broken"));
    assert.deepEqual([...(await raw.get("broken"))!], [0xff]);
  });

  suite.test("json: values as they were, null deletes, an empty text is a value", async (f) => {
    const c = await f.cont(face);
    const name = f.name();
    const values = { n: 1.5, t: "text", e: "", b: false, a: [1, null, "x"], o: { deep: { null: null } }, z: 0 };
    const dd = await c.dict<unknown>(name, values, { valueEncoding: "json" });
    for (const [k, value] of Object.entries(values)) assert.deepEqual(await dd.get(k), value);
    assert.equal(await sizeOf(dd), Object.keys(values).length);
    assert.equal(await dd.equals({ ...values, o: { deep: { null: null } } }), true);
    assert.equal(await dd.equals({ ...values, z: 1 }), false);
    await dd.set("e", "");
    assert.equal(await dd.get("e"), "");
    await dd.put("n", null);
    assert.equal(await dd.has("n"), false);
    for (const bad of [undefined, () => 1, Symbol("v"), 7n, Number.NaN])
      await failsWithTypeError(() => dd.put("z", bad));
    await failsWithTypeError(() => dd.bput({ z: 1, y: undefined }));
    assert.equal(await dd.get("z"), 0);
    assert.deepEqual(await dd.modify("z", (old) => (old as number) + 1), 1);
    assert.deepEqual(await dd.pop("a"), [1, null, "x"]);
    await (await c.getDict(name)).put("broken", "{");
    await failsWith("DER_INVAL", () => dd.get("broken"));
  });

  suite.test("json: an object's keys have no order in a comparison", async (f) => {
    const c = await f.cont(face);
    const dd = await c.dict<unknown>(f.name(), { k: { a: 1, b: 2 } }, { valueEncoding: "json" });
    assert.equal(await dd.equals({ k: { b: 2, a: 1 } }), true);
    assert.equal(await dd.equals({ k: { b: 2, a: 1, c: 3 } }), false);
  });

  suite.test("a codec makes values of bytes", async (f) => {
    const c = await f.cont(face);
    const name = f.name();
    const dd = await c.dict<Point>(name, { k: { x: 1, y: 2 } }, { valueEncoding: points });
    assert.deepEqual(await dd.get("k"), { x: 1, y: 2 });
    assert.deepEqual([...(await (await c.getDict(name)).get("k"))!], [1, 2]);
    assert.deepEqual(await dd.modify("k", (p) => ({ x: p!.x + 1, y: p!.y })), { x: 2, y: 2 });
    assert.deepEqual(await dd.getOrInsert("l", { x: 3, y: 3 }), { x: 3, y: 3 });
    assert.equal(await dd.equals({ k: { x: 2, y: 2 }, l: { x: 3, y: 3 } }), true);
    const again = await c.getDict<Point>(name, { valueEncoding: points });
    assert.deepEqual(await walked(again.values()).then((v) => v.sort((a, b) => a.x - b.x)), [
      { x: 2, y: 2 },
      { x: 3, y: 3 },
    ]);
  });

  suite.test("a schema checks what is written and what is read", async (f) => {
    const c = await f.cont(face);
    const name = f.name();
    const dd = await c.dict<Point>(name, { k: { x: 1, y: 2 } }, { valueEncoding: json(schema) });
    assert.deepEqual(await dd.get("k"), { x: 1, y: 2 });
    await failsWithTypeError(() => dd.put("k", { x: 1 } as Point));
    await failsWithTypeError(() => dd.bput({ l: { x: 1, y: 1 }, k: {} as Point }));
    assert.equal(await sizeOf(dd), 1);
    await (await c.getDict<unknown>(name, { valueEncoding: "json" })).put("k", { x: "1" });
    await failsWith("DER_INVAL", () => dd.get("k"));
    await failsWith("DER_INVAL", () => walked(dd.entries()));
    assert.deepEqual(await walked(dd.keys()), ["k"]);
  });

  suite.test("what is no encoding is a TypeError before anything is created", async (f) => {
    const c = await f.cont(face);
    const name = f.name();
    for (const valueEncoding of ["latin1", 7, {}, { encode: () => "" }]) {
      await failsWithTypeError(() => c.dict(name, null, { valueEncoding: valueEncoding as "utf8" }));
      await failsWithTypeError(() => c.dict(name, { k: "v" }, { valueEncoding: valueEncoding as "utf8" }));
    }
    assert.equal(await c.has(name), false);
  });
}
