/** Anonymous memory of processes that walk a big dictionary, or load a big file. */
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pathToFileURL } from "node:url";
import { DCont } from "tsdaos";
import { spread } from "../../harness.ts";
import { entriesFrom, keyOf } from "../../records.ts";
import type { Bench } from "../../suite.ts";
import { DAOS, runChild, runNode } from "./child.ts";

const MIB = 2 ** 20;
const FILL = 10_000;
const LIMIT = { under: 150, unit: "MiB" } as const;

export async function memory(bench: Bench): Promise<void> {
  await walking(bench);
  await loading(bench);
}

async function walking({ report, directory, quick, rounds }: Bench): Promise<void> {
  const records = quick ? 100_000 : 1_000_000;
  const system = pathToFileURL(join(directory, "walk"));
  {
    await using cont = await DCont.open("tank", "walk", { system, create: true });
    const dict = await cont.dict("records");
    for (let from = 0; from < records; from += FILL) await dict.bput(entriesFrom(from, from + FILL));
  }
  for (const face of ["async", "sync"]) {
    const seen: number[] = [];
    for (let round = 0; round < Math.min(rounds, 3); round++) {
      const { answer, rssAnon } = await runChild("walk", [face, system.href]);
      if (answer !== records) throw new Error(`walked over ${answer} of ${records} records`);
      seen.push(rssAnon / MIB);
    }
    report.figure({
      what: `RssAnon while iterating ${records.toLocaleString("en-US")} records, ${face}`,
      measured: spread(seen),
      target: LIMIT,
    });
  }
}

async function loading({ report, directory, quick }: Bench): Promise<void> {
  const mib = quick ? 64 : 1024;
  const file = join(directory, "load.ndjson");
  const records = await writeNdjson(file, mib * MIB);
  const system = pathToFileURL(join(directory, "load"));
  await (await DCont.open("tank", "load", { system, create: true })).close();
  const command = ["dict", "load", "tank", "load", "by-command", file, "--json", "--system", system.href];
  const ways = {
    "daos dict load": () => runNode([DAOS, ...command]),
    "bput of a stream of lines": () => runChild("load", [system.href, file]),
  };
  for (const [way, load] of Object.entries(ways)) {
    const started = performance.now();
    const { answer, rssAnon } = await load();
    const seconds = (performance.now() - started) / 1000;
    const loaded = (answer as { response: { records: number } }).response.records;
    if (loaded !== records) throw new Error(`loaded ${loaded} of ${records} records`);
    report.figure({
      what: `RssAnon while loading ${mib} MiB of NDJSON, ${way}`,
      measured: spread([rssAnon / MIB]),
      target: LIMIT,
    });
    const rate = Math.round(records / seconds).toLocaleString("en-US");
    report.note(`         ${records.toLocaleString("en-US")} records in ${seconds.toFixed(0)} s: ${rate} a second`);
  }
  await rm(file);
}

async function writeNdjson(file: string, bytes: number): Promise<number> {
  let records = 0;
  function* blocks(): Generator<string> {
    for (let written = 0; written < bytes; ) {
      let block = "";
      for (let i = 0; i < 1000; i++, records++)
        block += `${JSON.stringify({ key: keyOf(records), value: keyOf(records).repeat(6) })}\n`;
      written += block.length;
      yield block;
    }
  }
  await pipeline(Readable.from(blocks()), createWriteStream(file));
  return records;
}
