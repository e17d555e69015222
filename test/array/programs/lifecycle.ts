/**
 * The life of an array of as many MiB as told: created, filled, sliced, reduced, rechunked, exported and imported again. Tells
 * the most memory that each step took, in MiB: anonymous memory, that is without the page cache.
 */
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DCont, ndarray, sel, xp } from "../../../src/index.ts";

const COLUMNS = 131_072;
const [directory, mebibytes] = process.argv.slice(2) as [string, string];
const rows = Number(mebibytes);

function anonymous(): number {
  return Number(/RssAnon:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]) / 1024;
}

const most: Record<string, number> = {};
let step = "start";
const look = (): void => {
  most[step] = Math.round(Math.max(most[step] ?? 0, anonymous()));
};
async function measured<T>(name: string, work: () => Promise<T>): Promise<T> {
  step = name;
  look();
  const timer = setInterval(look, 5);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    look();
  }
}
const onProgress = look;

const system = `${pathToFileURL(directory)}?durability=process`;
await using cont = await DCont.open("tank", "neo", { create: true, system });
const a = await measured("create", () => cont.array("a", { shape: [rows, COLUMNS], dtype: "float64" }));
await measured("fill", () => a.fill(1, { onProgress }));
await measured("slice", async () => {
  const line = ndarray("float64", [COLUMNS]);
  for (let i = 0; i < COLUMNS; i++) line.data[i] = i;
  await a.set([rows - 1], line);
  const part = await a.get(sel("-2:, ::65536"));
  if (part.data.join() !== "1,1,0,65536") throw new Error(`the slice is ${part.data.join()}`);
});
const sum = await measured("reduce", async () => (await xp.sum(a).get(null, { onProgress })).data[0]!);
const columns = await measured("reduce along an axis", async () => {
  const { data } = await xp.max(a, { axis: 0 }).get(null, { onProgress });
  return [data[0], data[COLUMNS - 1]];
});
const b = await measured("rechunk", () => a.rechunk("b", [rows, 128], { onProgress }));
await cont.destroy("b");
const npy = join(directory, "a.npy");
await measured("export .npy", () => a.toNpy(npy, { onProgress }));
const { size } = statSync(npy);
const c = await measured("import .npy", () => cont.array("c", { from: { npy } }, { onProgress }));
rmSync(npy);
const zarr = join(directory, "a.zarr");
await measured("export Zarr", () => a.toZarr(zarr, { onProgress }));
const d = await measured("import Zarr", () => cont.array("d", { from: { zarr } }, { onProgress }));
const imported = [await c.at(rows - 1, 5), await d.at(rows - 1, 6), await d.at(0, 6)];
console.log(JSON.stringify({ sum, columns, size, chunks: b.chunks, imported, most }));
