/** `size()` of a small and of a big dictionary: it costs the same. */
import { pathToFileURL } from "node:url";
import { DCont } from "tsdaos";
import * as blocking from "tsdaos/sync";
import { interleave, of, ratio, spread } from "../../harness.ts";
import { entriesFrom } from "../../records.ts";
import type { Bench } from "../../suite.ts";

const SMALL = 10_000;
const FILL = 10_000;
const CALLS = 500;

export async function sizes(bench: Bench): Promise<void> {
  const { report, quick, rounds } = bench;
  const big = quick ? 100_000 : 1_000_000;
  const system = pathToFileURL(`${bench.directory}/sizes`);
  await using cont = await DCont.open("tank", "sizes", { system, create: true });
  using twin = new blocking.DCont("tank", "sizes", { system });
  const contenders = [];
  for (const records of [SMALL, big]) {
    const name = records.toLocaleString("en-US");
    const dict = await cont.dict(name);
    for (let from = 0; from < records; from += FILL) await dict.bput(entriesFrom(from, from + FILL));
    const same = twin.getDict(name);
    if ((await dict.size()) !== records || same.size !== records) throw new Error(`size() of ${name} is wrong`);
    contenders.push(
      { name: `async ${name}`, call: () => dict.size() },
      { name: `sync ${name}`, call: () => same.size },
    );
  }
  const samples = await interleave(rounds, contenders, async ({ call }) => {
    const started = performance.now();
    for (let i = 0; i < CALLS; i++) await call();
    return (performance.now() - started) / CALLS;
  });
  const [few, many] = [SMALL, big].map((records) => records.toLocaleString("en-US"));
  for (const face of ["async", "sync"]) {
    report.figure({
      what: `size() of ${many} records, ${face}`,
      measured: spread(of(samples, `${face} ${many}`)),
      target: { under: 1, unit: "ms" },
    });
    report.figure({
      what: `size() of ${many} ÷ of ${few} records, ${face}`,
      measured: ratio(samples, `${face} ${many}`, `${face} ${few}`),
      target: { under: 1.5, unit: "x" },
    });
  }
}
