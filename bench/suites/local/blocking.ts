/** How long the event loop stands still while many asynchronous puts commit. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { DCont } from "tsdaos";
import { spread } from "../../harness.ts";
import { Dice, entriesFrom, freshen, someEntries } from "../../records.ts";
import type { Bench } from "../../suite.ts";

const RECORDS = 100_000;
const PUTS = 10_000;
/** Timers of the event loop are looked at this often, milliseconds. */
const RESOLUTION = 1;

export async function blocking({ report, directory, rounds }: Bench): Promise<void> {
  const system = pathToFileURL(`${directory}/blocking`);
  await using cont = await DCont.open("tank", "blocking", { system, create: true });
  const dict = await cont.dict("records");
  await dict.bput(entriesFrom(0, RECORDS));
  const entries = someEntries(new Dice(), RECORDS, PUTS);
  const longest: number[] = [];
  for (let round = -1; round < rounds; round++) {
    freshen(entries);
    await sleep(50);
    const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
    delay.enable();
    await sleep(5);
    delay.reset();
    await Promise.all(entries.map(([key, value]) => dict.put(key, value)));
    await sleep(2 * RESOLUTION);
    delay.disable();
    if (round >= 0) longest.push(delay.max / 1e6);
  }
  report.figure({
    what: "longest block of the event loop, 10,000 puts at once",
    measured: spread(longest),
    target: { under: 20, unit: "ms" },
  });
}
