/** Writes, sums and reads an array of as many MiB as told; tells the results and the most memory that it took, in MiB. */
import { readFileSync } from "node:fs";
import { DCont, ndarray, slice, xp } from "../../../../src/index.ts";

const [system, mebibytes] = process.argv.slice(2) as [string, string];
const rows = Number(mebibytes);
/** Elements of a row: 1 MiB. */
const LENGTH = 131_072;
const ROWS_AT_A_TIME = 16;

let most = 0;
const measure = (): void => {
  const [, anonymous] = /RssAnon:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))!;
  most = Math.max(most, Number(anonymous) / 1024);
};

await using cont = await DCont.open("tank", "neo", { system });
const a = await cont.array("big", { shape: [rows, LENGTH], dtype: "float64", chunks: [4, LENGTH] });
const slab = ndarray("float64", [ROWS_AT_A_TIME, LENGTH]);
for (let row = 0; row < rows; row += ROWS_AT_A_TIME) {
  for (let i = 0; i < ROWS_AT_A_TIME; i++) slab.data.fill(row + i + 1, i * LENGTH, (i + 1) * LENGTH);
  await a.set([slice(row, row + ROWS_AT_A_TIME)], slab, { onProgress: measure });
}
const sum = await xp.sum(a).get(null, { onProgress: measure });
const columns = await xp.sum(a, { axis: 0 }).get(null, { onProgress: measure });
let read = 0;
for (let row = 0; row < rows; row += ROWS_AT_A_TIME) {
  await a.get([slice(row, row + ROWS_AT_A_TIME)], { out: slab, onProgress: measure });
  read += slab.data.reduce((total, v) => total + v, 0);
}
await cont.destroy("big");
const total = columns.data.reduce((all, v) => all + v, 0);
console.log(JSON.stringify({ sum: sum.data[0], columns: total, read, most: Math.round(most) }));
