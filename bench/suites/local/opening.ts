/** Opening a container with many dictionaries, and the first get, in a fresh process. */
import { pathToFileURL } from "node:url";
import { DCont } from "tsdaos";
import { spread } from "../../harness.ts";
import type { Bench } from "../../suite.ts";
import { runChild } from "./child.ts";

export async function opening({ report, directory, quick, rounds }: Bench): Promise<void> {
  const dictionaries = quick ? 1000 : 10_000;
  const system = pathToFileURL(`${directory}/opening`);
  {
    await using cont = await DCont.open("tank", "many", { system, create: true });
    const dicts = await Promise.all(Array.from({ length: dictionaries }, (_, i) => cont.dict(`dict-${i}`)));
    await Promise.all(dicts.map((dict) => dict.put("key", dict.name)));
  }
  const taken = new Map<string, number[]>([
    ["async", []],
    ["sync", []],
  ]);
  for (let round = 0; round < rounds; round++)
    for (const [face, times] of taken) {
      const { answer } = await runChild("open", [face, system.href, `dict-${(round * 977) % dictionaries}`]);
      times.push((answer as { ms: number }).ms);
    }
  for (const [face, times] of taken)
    report.figure({
      what: `open a container of ${dictionaries.toLocaleString("en-US")} dictionaries and get, ${face}`,
      measured: spread(times),
      target: { under: 50, unit: "ms" },
    });
}
