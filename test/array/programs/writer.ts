/** A process of `writers.ts`: `writer.ts <verb> <system> <face> <number> [<pool> <container>]`. */
import { type DArray, DCont, ndarray, slice } from "../../../src/index.ts";
import { type DArray as SyncDArray, DCont as SyncDCont } from "../../../src/sync.ts";

const [verb, system, face, number, pool = "tank", container = "neo"] = process.argv.slice(2) as [
  string,
  string,
  "sync" | "async",
  string,
  string?,
  string?,
];
const me = Number(number);
const WRITERS = 4;

const cont =
  face === "sync" ? new SyncDCont(pool, container, { system }) : await DCont.open(pool, container, { system });
const open = (name: string): Promise<DArray<"int32">> | SyncDArray<"int32"> =>
  cont instanceof DCont ? cont.getArray(name, { dtype: "int32" }) : cont.getArray(name, { dtype: "int32" });
process.stdout.write("ready\n");
await new Promise((resolve) => process.stdin.once("data", resolve));

switch (verb) {
  // Every fourth element is mine; one after the other.
  case "elements": {
    for (const name of ["plain", "zstd", "wide"]) {
      const da = await open(name);
      for (let i = me; i < da.size; i += WRITERS) await da.set([i], i + 1);
    }
    break;
  }
  // A comb over the whole chunk: it cannot be written in one piece.
  case "combs": {
    const da = await open("combs");
    for (let k = 1; k <= 60; k++) await da.set([slice(me, null, WRITERS)], k);
    break;
  }
  case "append": {
    const da = await open("rows");
    for (let k = 0; k < 25; k++) {
      const rows = ndarray("int32", [3, 5]);
      rows.data.fill(me * 1000 + k);
      await da.append(rows);
    }
    break;
  }
  // Until killed.
  case "overwrite": {
    const da = await open("big");
    for (let k = 1; ; k++) {
      await da.set(me === 0 ? null : [slice(3, null), slice(5, -5)], k);
      process.stdout.write(`${k}\n`);
    }
  }
}
await cont.close();
process.exit(0);
