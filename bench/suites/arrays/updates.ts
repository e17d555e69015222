/** Small durable updates of a big array: 512 bytes somewhere in a chunk of 256 KiB. */
import { fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DCont, ndarray, slice } from "tsdaos";
import { DCont as SyncDCont } from "tsdaos/sync";
import { type Answer, interleave, of, spread } from "../../harness.ts";
import { Dice } from "../../records.ts";
import type { Bench } from "../../suite.ts";
import { fillNoise } from "./data.ts";

const UPDATES = 50;
const CHUNK = 32_768;
const CHUNKS = 64;
const ELEMENTS = 64;

export async function updates({ report, rounds, directory }: Bench): Promise<void> {
  const system = pathToFileURL(join(directory, "updates"));
  await using cont = await DCont.open("tank", "neo", { system, create: true });
  const memory = new Float64Array(CHUNKS * CHUNK);
  fillNoise(memory, 1);
  const da = await cont.array("a", { from: ndarray("float64", [memory.length], memory), chunks: [CHUNK] });
  using blocking = new SyncDCont("tank", "neo", { system });
  const twin = blocking.getArray("a", { dtype: "float64" });
  const plain = openSync(join(directory, "plain-file"), "w+");
  writeSync(plain, memory);
  fdatasyncSync(plain);
  const dice = new Dice();
  let version = 0;
  const someWhere = (): number => dice.below(memory.length / ELEMENTS) * ELEMENTS;
  const value = ndarray("float64", [ELEMENTS]);
  const fresh = (): typeof value => {
    value.data.fill(++version);
    return value;
  };
  /** Milliseconds of one update. */
  const timed = async (update: (at: number) => Answer<unknown>): Promise<number> => {
    const started = performance.now();
    for (let i = 0; i < UPDATES; i++) {
      const done = update(someWhere());
      if (done instanceof Promise) await done;
    }
    return (performance.now() - started) / UPDATES;
  };
  const samples = await interleave(
    rounds,
    [
      { name: "tsdaos", update: (at: number) => da.set([slice(at, at + ELEMENTS)], fresh()) },
      { name: "tsdaos/sync", update: (at: number) => twin.set([slice(at, at + ELEMENTS)], fresh()) },
      {
        name: "pwrite and fdatasync",
        update: (at: number) => {
          writeSync(plain, fresh().data, 0, ELEMENTS * 8, at * 8);
          fdatasyncSync(plain);
        },
      },
    ],
    ({ update }) => timed(update),
  );
  report.note("\n512 bytes in a chunk of 256 KiB, durable");
  for (const name of ["tsdaos", "tsdaos/sync"])
    report.figure({
      what: `512-byte update (${name})`,
      measured: spread(of(samples, name)),
      target: { under: 1, unit: "ms" },
    });
  report.note(`  pwrite and fdatasync alone: ${spread(of(samples, "pwrite and fdatasync")).median.toFixed(3)} ms`);
}
