/**
 * Writes until it is killed, and notes what was acknowledged: `node victim.ts <system> <dict> <kind> <log>`.
 *
 * `async` and `sync` write the keys 0, 1, 2, ... of a dictionary of its own; `bulk` and `bulk-sync` write batches, each
 * to the same keys. A line of the log is the number of an acknowledged write or batch.
 */
import { openSync, writeSync } from "node:fs";
import { DCont } from "../../../../src/index.ts";
import * as blocking from "../../../../src/sync.ts";
import { BATCH_KEYS, valueOfWrite } from "../kills.ts";

const [system, dictionary, kind, log] = process.argv.slice(2) as [string, string, string, string];
const fd = openSync(log, "a");
const acknowledged = (n: number): void => {
  writeSync(fd, `${n}\n`);
};
const batch = (n: number): [string, string][] =>
  Array.from({ length: BATCH_KEYS }, (_, i) => [`k${i}`, valueOfWrite(n)]);

if (kind === "async" || kind === "bulk") {
  const c = await DCont.open("tank", "neo", { system });
  const dict = await c.dict(dictionary);
  const write = async (lane: number, lanes: number): Promise<never> => {
    for (let n = lane; ; n += lanes) {
      await (kind === "async" ? dict.put(String(n), valueOfWrite(n)) : dict.bput(batch(n)));
      acknowledged(n);
    }
  };
  const lanes = kind === "async" ? 32 : 1;
  await Promise.all(Array.from({ length: lanes }, (_, lane) => write(lane, lanes)));
} else {
  const dict = new blocking.DCont("tank", "neo", { system }).dict(dictionary);
  for (let n = 0; ; n++) {
    if (kind === "sync") dict.put(String(n), valueOfWrite(n));
    else dict.bput(batch(n));
    acknowledged(n);
  }
}
