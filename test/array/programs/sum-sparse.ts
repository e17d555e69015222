/** Sums an array of as many MiB as told, and tells the result and the most memory that it took, in MiB. */
import { readFileSync } from "node:fs";
import { DCont, slice, xp } from "../../../src/index.ts";

const [system, mebibytes] = process.argv.slice(2) as [string, string];
const rows = Number(mebibytes);

function anonymous(): number {
  return Number(/RssAnon:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]) / 1024;
}

await using cont = await DCont.open("tank", "neo", { create: true, system: new URL(system) });
// Rows of 1 MiB, one a chunk; one row in eight is stored.
const a = await cont.array("a", { shape: [rows, 131_072], dtype: "float64", chunks: [1, 131_072], fill: 1 });
for (let row = 0; row < rows; row += 64) await a.set([slice(row, Math.min(row + 8, rows))], 2);
let most = 0;
const onProgress = (): void => {
  most = Math.max(most, anonymous());
};
const sum = await xp.sum(a).get(null, { onProgress });
const columns = await xp.sum(xp.add(xp.multiply(a, 2), a), { axis: 0 }).get(null, { onProgress });
console.log(JSON.stringify({ sum: sum.data[0], column: columns.data[0], most: Math.round(most) }));
