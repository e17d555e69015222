/** The types of the blocking face. Checked by `tsc`; never run. */
import { type Bytes, type Codec, DCont, DDict, type Json, type ObjectInfo } from "../../src/sync.ts";
import { type Equal, same } from "./equal.ts";

interface Point {
  readonly x: number;
}
declare const dcont: DCont;
declare const dd: DDict;
declare const texts: DDict<string>;
declare const points: DDict<Point>;
declare const pointCodec: Codec<Point>;

export function aMap(): void {
  const map: Map<string, Point> = points;
  const readonly: ReadonlyMap<string, string> = texts;
  dd satisfies Map<string, Bytes>;
  same<Equal<typeof points.size, number>>();
  new Map(points) satisfies Map<string, Point>;
  [...points] satisfies [string, Point][];
  for (const item of points) same<Equal<typeof item, [string, Point]>>();
  for (const key of points.keys({ prefix: "a", limit: 1 })) same<Equal<typeof key, string>>();
  for (const value of points.values({ reverse: true })) same<Equal<typeof value, Point>>();
  points.forEach((value, key) => {
    same<Equal<typeof value, Point>>();
    same<Equal<typeof key, string>>();
  });
  const chained: DDict<Point> = points.set("a", { x: 1 }).set("b", { x: 2 });
  points.keys().map((key) => key.length) satisfies Iterable<number>;
  // @ts-expect-error a blocking walk has no signal
  points.keys({ signal: AbortSignal.timeout(1) });
  // @ts-expect-error a Map of other values
  map satisfies Map<string, string>;
  void [readonly, chained];
}

export function encodings(): void {
  same<Equal<typeof opened.bytes, DDict<Bytes>>>();
  same<Equal<typeof opened.utf8, DDict<string>>>();
  same<Equal<typeof opened.json, DDict<Json>>>();
  same<Equal<typeof opened.chosen, DDict<Point>>>();
  same<Equal<typeof opened.coded, DDict<Point>>>();
  same<Equal<typeof opened.again, DDict<string>>>();
  dcont.dict("d", dd);
  dcont.dict("d", new Map([["a", "text"]]), { ifExists: "open" });
  // @ts-expect-error options go third
  dcont.dict("d", { valueEncoding: "json" });
  // @ts-expect-error a blocking call has no signal
  dcont.dict("d", null, { signal: AbortSignal.timeout(1) });
  // @ts-expect-error a number is no bytes
  dcont.dict("d", { a: 1 });
  // @ts-expect-error null deletes, so it is no value
  dcont.getDict<null>("d", { valueEncoding: "json" });
}

const opened = {
  bytes: dcont.dict("d"),
  utf8: dcont.dict("d", { a: "text" }, { valueEncoding: "utf8" }),
  json: dcont.dict("d", null, { valueEncoding: "json" }),
  chosen: dcont.getDict<Point>("d", { valueEncoding: "json" }),
  coded: dcont.dict("d", { a: { x: 1 } }, { valueEncoding: pointCodec }),
  again: dcont.getDict("d", { valueEncoding: "utf8" }),
};

export function calls(): void {
  same<Equal<ReturnType<typeof dd.get>, Bytes | undefined>>();
  same<Equal<ReturnType<typeof points.put>, void>>();
  same<Equal<ReturnType<typeof points.pop>, Point | undefined>>();
  same<Equal<ReturnType<typeof points.popitem>, [string, Point] | undefined>>();
  same<Equal<ReturnType<typeof points.modify>, Point | undefined>>();
  same<Equal<ReturnType<typeof points.getOrInsert>, Point>>();
  same<Equal<ReturnType<typeof points.dump>, Map<string, Point>>>();
  same<Equal<ReturnType<typeof points.isEmpty>, boolean>>();
  const record = points.bget({ Madrid: null, Rio: null });
  same<Equal<typeof record, { Madrid: Point | undefined; Rio: Point | undefined }>>();
  const keys = points.bget(["a"]);
  same<Equal<typeof keys, Map<string, Point>>>();
  dd.put(Buffer.from("k"), "text", { if: "present" });
  dd.get(Buffer.from("k"));
  dd.delete(Buffer.from("k"));
  // @ts-expect-error a lone string: its characters are hardly meant
  points.bget("ab");
  // @ts-expect-error set never deletes
  dd.set("k", null);
  // @ts-expect-error a number is no key
  dd.get(7);
  // @ts-expect-error a function that gives a promise
  points.getOrInsertComputed("k", async () => ({ x: 1 }));
  // @ts-expect-error a container makes them, nobody else
  new DDict();
}

export function objects(): void {
  texts.object.Milano = "San Siro";
  dd.object.Milano = "San Siro";
  dd.object.Milano = Buffer.from("San Siro");
  delete dd.object.Milano;
  const value = points.object.a;
  same<Equal<typeof value, Point | undefined>>();
  // @ts-expect-error a number is no text
  texts.object.Milano = 7;
}

export function containers(): void {
  using local = new DCont("tank", "neo", { mode: "RO", create: true });
  new DCont({ path: "results/neo" });
  for (const object of local) same<Equal<typeof object, ObjectInfo>>();
  // @ts-expect-error a container has a name
  new DCont("tank");
  // @ts-expect-error a blocking call has no signal
  new DCont("tank", "neo", { signal: AbortSignal.timeout(1) });
}
