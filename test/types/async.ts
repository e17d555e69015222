/** The types of the asynchronous face. Checked by `tsc`; never run. */
import {
  type ArraySpec,
  type Bytes,
  type Codec,
  DaosError,
  DCont,
  DDict,
  type DerCode,
  DObjNotFound,
  type In,
  type Json,
  json,
  type ObjectInfo,
  type StandardSchema,
} from "../../src/index.ts";
import { type Equal, same } from "./equal.ts";

interface Point {
  readonly x: number;
}
declare const dcont: DCont;
declare const dd: DDict;
declare const texts: DDict<string>;
declare const points: DDict<Point>;
declare const pointCodec: Codec<Point>;
declare const pointSchema: StandardSchema<Point>;
declare const caught: unknown;

export async function encodings(): Promise<void> {
  const bytes = await dcont.dict("d");
  same<Equal<typeof bytes, DDict<Bytes>>>();
  same<Equal<Bytes, Buffer<ArrayBuffer>>>();
  const utf8 = await dcont.dict("d", null, { valueEncoding: "utf8" });
  same<Equal<typeof utf8, DDict<string>>>();
  const anyJson = await dcont.dict("d", null, { valueEncoding: "json" });
  same<Equal<typeof anyJson, DDict<Json>>>();
  const chosen = await dcont.dict<Point>("d", null, { valueEncoding: "json" });
  same<Equal<typeof chosen, DDict<Point>>>();
  const coded = await dcont.dict("d", null, { valueEncoding: pointCodec });
  same<Equal<typeof coded, DDict<Point>>>();
  const checked = await dcont.dict("d", { a: { x: 1 } }, { valueEncoding: json(pointSchema) });
  same<Equal<typeof checked, DDict<Point>>>();
  const inferred = await dcont.dict("d", { a: 1, b: 2 }, { valueEncoding: "json" });
  same<Equal<typeof inferred, DDict<number>>>();

  same<Equal<Awaited<ReturnType<typeof dd.get>>, Bytes | undefined>>();
  same<Equal<Awaited<ReturnType<typeof points.get>>, Point | undefined>>();

  same<Equal<Awaited<ReturnType<typeof openings.bytes>>, DDict<Bytes>>>();
  same<Equal<Awaited<ReturnType<typeof openings.utf8>>, DDict<string>>>();
  same<Equal<Awaited<ReturnType<typeof openings.json>>, DDict<Point>>>();
  same<Equal<Awaited<ReturnType<typeof openings.coded>>, DDict<Point>>>();

  await dcont.dict("d", { a: "text", b: Buffer.from("bytes"), c: new Uint8Array(1) });
  await dcont.dict("d", new Map([["a", "text"]]), { ifExists: "open", oclass: "OC_S1" });
  await dcont.dict("d", texts.entries(), { valueEncoding: "utf8" });
  await dcont.dict("d", dd);
  await dcont.dict("d", undefined, {
    valueEncoding: "utf8",
    signal: AbortSignal.timeout(1),
    onProgress: (done, total) => done + (total ?? 0),
  });
  // @ts-expect-error a number is no bytes
  await dcont.dict("d", { a: 1 });
  // @ts-expect-error bytes are no text
  await dcont.dict("d", { a: Buffer.from("x") }, { valueEncoding: "utf8" });
  // @ts-expect-error nothing is created under null
  await dcont.dict("d", { a: null });
  // @ts-expect-error options go third
  await dcont.dict("d", { valueEncoding: "json" });
  // @ts-expect-error options go third
  await dcont.dict("d", { ifExists: "open" });
  // @ts-expect-error options go third
  await dcont.dict("d", { oclass: "OC_S1" });
  // @ts-expect-error no such encoding
  await dcont.dict("d", null, { valueEncoding: "latin1" });
  // @ts-expect-error no such choice
  await dcont.dict("d", null, { ifExists: "replace" });
  // @ts-expect-error null deletes, so it is no value
  await dcont.dict<Point | null>("d", null, { valueEncoding: "json" });
}

const openings = {
  bytes: () => dcont.getDict("d"),
  utf8: () => dcont.getDict("d", { valueEncoding: "utf8" }),
  json: () => dcont.getDict<Point>("d", { valueEncoding: "json" }),
  coded: () => dcont.getDict("d", { valueEncoding: pointCodec }),
};

export async function values(): Promise<void> {
  same<Equal<In<Bytes>, Bytes | string | Uint8Array>>();
  same<Equal<In<string>, string>>();
  same<Equal<In<Point>, Point>>();
  await dd.put("k", "text");
  await dd.put(new Uint8Array(1), new Uint8Array(1), { if: "absent", signal: undefined });
  await dd.put("k", null);
  await points.put("k", { x: 1 });
  await points.put("k", null);
  // @ts-expect-error a number is no key
  await dd.get(7);
  // @ts-expect-error a number is no bytes
  await dd.put("k", 7);
  // @ts-expect-error undefined is no value
  await dd.put("k", undefined);
  // @ts-expect-error set never deletes
  await dd.set("k", null);
  // @ts-expect-error bytes are no text
  await texts.put("k", Buffer.from("v"));
  // @ts-expect-error another shape
  await points.put("k", { y: 1 });
  // @ts-expect-error no such condition
  await dd.put("k", "v", { if: "missing" });

  same<Equal<ReturnType<typeof dd.put>, Promise<void>>>();
  same<Equal<ReturnType<typeof dd.set>, Promise<void>>>();
  same<Equal<ReturnType<typeof dd.delete>, Promise<boolean>>>();
  same<Equal<ReturnType<typeof points.pop>, Promise<Point | undefined>>>();
  same<Equal<ReturnType<typeof points.popitem>, Promise<[string, Point] | undefined>>>();
  same<Equal<ReturnType<typeof points.modify>, Promise<Point | undefined>>>();
  same<Equal<ReturnType<typeof points.getOrInsert>, Promise<Point>>>();
  same<Equal<ReturnType<typeof points.getOrInsertComputed>, Promise<Point>>>();
  same<Equal<ReturnType<typeof points.size>, Promise<number>>>();
  same<Equal<ReturnType<typeof points.isEmpty>, Promise<boolean>>>();
  same<Equal<ReturnType<typeof points.dump>, Promise<Map<string, Point>>>>();
  same<Equal<ReturnType<typeof points.equals>, Promise<boolean>>>();
  same<Equal<ReturnType<typeof points.clear>, Promise<void>>>();
  await points.modify("k", (old) => {
    same<Equal<typeof old, Point | undefined>>();
    return old ?? null;
  });
  await points.getOrInsertComputed("k", async (key) => {
    same<Equal<typeof key, string>>();
    return { x: 1 };
  });
  // @ts-expect-error the function of modify is not async
  await points.modify("k", async (old) => old ?? null);
}

export async function bulk(): Promise<void> {
  const record = await points.bget({ Madrid: null, Rio: null });
  same<Equal<typeof record, { Madrid: Point | undefined; Rio: Point | undefined }>>();
  const numbered = await points.bget({ 1: null });
  same<Equal<typeof numbered, { 1: Point | undefined }>>();
  const keys = await points.bget(["a", Buffer.from("b")]);
  same<Equal<typeof keys, Map<string, Point>>>();
  const set = await points.bget(new Set(["a"]));
  same<Equal<typeof set, Map<string, Point>>>();
  const map = await points.bget(new Map([["a", 1]]));
  same<Equal<typeof map, Map<string, Point>>>();
  // @ts-expect-error a lone string: its characters are hardly meant
  await points.bget("ab");
  await dd.bput({ a: "1", b: null });
  await dd.bput([
    ["a", "1"],
    [Buffer.from("b"), null],
  ]);
  await dd.bput(dd);
  await texts.bput(texts.entries({ prefix: "a" }));
  // @ts-expect-error a number is no bytes
  await dd.bput({ a: 1 });
  // @ts-expect-error undefined is no value
  await dd.bput({ a: undefined });
  await dd.equals({ a: "1" });
  await dd.equals(new Map([["a", "1"]]));
  await dd.equals(dd);
}

export async function walks(): Promise<void> {
  for await (const item of points) same<Equal<typeof item, [string, Point]>>();
  for await (const key of points.keys({ prefix: "a", start: "a", end: "b", limit: 1, reverse: true }))
    same<Equal<typeof key, string>>();
  for await (const value of points.values()) same<Equal<typeof value, Point>>();
  for await (const item of points.entries({ signal: AbortSignal.timeout(1) }))
    same<Equal<typeof item, [string, Point]>>();
  for await (const object of dcont) same<Equal<typeof object, ObjectInfo>>();
  points.keys() satisfies AsyncIteratorObject<string, undefined>;
  dd satisfies AsyncIterable<[string, Bytes]>;
}

export async function containers(): Promise<void> {
  await using opened = await DCont.open("tank", "neo", { mode: "RO", system: new URL("file:///d"), create: true });
  same<Equal<typeof opened, DCont>>();
  await DCont.open({ path: "results/neo" });
  await DCont.open({ path: new URL("file:///results/neo"), mode: "RO" });
  same<Equal<typeof opened.mode, "RO" | "RW">>();
  const any = await dcont.get("stadium");
  if (any.kind === "dict") same<Equal<typeof any, DDict<Bytes>>>();
  same<Equal<typeof any.kind, "dict" | "array">>();
  // @ts-expect-error a container has a name
  await DCont.open("tank");
  // @ts-expect-error no such mode
  await DCont.open("tank", "neo", { mode: "rw" });
  // @ts-expect-error open makes them, nobody else
  new DCont();
  // @ts-expect-error a container makes them, nobody else
  new DDict();
  // @ts-expect-error what was opened stays
  dcont.pool = "other";
  // @ts-expect-error one shape, with its dtype
  ({ shape: [1] }) satisfies ArraySpec<"float64">;
}

export function errors(): void {
  if (DaosError.is(caught)) same<Equal<typeof caught, DaosError<DerCode>>>();
  if (DaosError.is(caught, "DER_EXIST")) {
    same<Equal<typeof caught, DaosError<"DER_EXIST">>>();
    same<Equal<typeof caught.code, "DER_EXIST">>();
    same<Equal<typeof caught.errno, number>>();
  }
  if (DaosError.is(caught, "DER_EXIST", "DER_BUSY")) same<Equal<typeof caught.code, "DER_EXIST" | "DER_BUSY">>();
  if (caught instanceof DObjNotFound) same<Equal<typeof caught.code, "DER_NONEXIST">>();
  // @ts-expect-error no such code
  DaosError.is(caught, "EEXIST");
}
