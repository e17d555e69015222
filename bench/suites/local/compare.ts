/** Operations per second, interleaved with the peers. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Contender, race, ratio, type Samples } from "../../harness.ts";
import { Dice, entriesFrom, freshen, someEntries, someKeys, VALUE_BYTES } from "../../records.ts";
import { classicLevel } from "../../stores/classic-level.ts";
import { denoKv } from "../../stores/deno-kv.ts";
import { keyv } from "../../stores/keyv.ts";
import { lmdb } from "../../stores/lmdb.ts";
import { redis } from "../../stores/redis.ts";
import { betterSqlite, rawSqlite } from "../../stores/sqlite.ts";
import type { Entry, Opener, Store } from "../../stores/store.ts";
import { tsdaosAsync, tsdaosSync } from "../../stores/tsdaos.ts";
import type { Bench } from "../../suite.ts";

const SYNC = tsdaosSync.name;
const ASYNC = tsdaosAsync.name;
const RAW = rawSqlite.name;
const OURS = [SYNC, ASYNC];
const OPENERS: readonly Opener[] = [
  tsdaosSync,
  tsdaosAsync,
  rawSqlite,
  betterSqlite,
  lmdb,
  classicLevel,
  keyv,
  denoKv,
  redis,
];

const FILL = 10_000;
const GETS = 1000;
const BGET = 1000;
const BPUT = 10_000;
const PUTS = 20;
const CHANGED = 5120;
const FLIGHTS = [16, 256];

/** Every operation on stores of every size. */
export async function compare(bench: Bench): Promise<void> {
  for (const records of bench.records) await compareAt(bench, records);
}

async function compareAt(bench: Bench, records: number): Promise<void> {
  const { report, quick, rounds } = bench;
  const size = records.toLocaleString("en-US");
  report.note(`\n${size} records of 16 + ${VALUE_BYTES} bytes, ${rounds} rounds`);
  const stores = await openAll(bench, records);
  const dice = new Dice();
  const ms = quick ? 20 : 150;
  const measure = async (what: string, work: (store: Store) => Contender | undefined): Promise<Samples> => {
    const contenders = stores.map(work).filter((contender) => contender !== undefined);
    const samples = await race(rounds, ms, contenders);
    report.comparison({ what: `${what}, ${size} records`, samples, ours: OURS.filter((name) => samples.has(name)) });
    return samples;
  };
  const atLeast = (what: string, samples: Samples, a: string, b: string, limit: number): void =>
    report.figure({
      what: `${what}, ${size}`,
      measured: ratio(samples, a, b),
      target: { atLeast: limit, unit: "x" },
    });

  const keys = someKeys(dice, records, 20 * GETS);
  let at = 0;
  const nextKeys = (count: number): readonly string[] => {
    at = (at + count) % (keys.length - count);
    return keys.slice(at, at + count);
  };
  const gets = await measure("get, awaited where it can be", (store) => {
    let some: readonly string[] = [];
    return {
      name: store.name,
      prepare: () => {
        some = nextKeys(GETS);
      },
      work: () => seen(store, store.get(some), some.length),
    };
  });
  atLeast("sync get ÷ raw prepared get", gets, SYNC, RAW, 0.85);
  atLeast("async get awaited ÷ sync get", gets, ASYNC, SYNC, 0.5);

  const walks = await measure("iterate keys and values", (store) => {
    const iterate = store.iterate?.bind(store);
    return iterate && { name: store.name, work: () => seen(store, iterate(), records) };
  });
  atLeast("iterate entries, sync ÷ raw iterate", walks, SYNC, RAW, 0.8);
  atLeast("iterate entries, async ÷ raw iterate", walks, ASYNC, RAW, 0.6);

  const bgets = await measure(`bget of ${BGET}`, (store) => {
    const bget = store.bget?.bind(store);
    if (bget === undefined) return undefined;
    let some: readonly string[] = [];
    return {
      name: store.name,
      prepare: () => {
        some = [...new Set(someKeys(dice, records, 2 * BGET))].slice(0, BGET);
      },
      work: () => seen(store, bget(some), some.length),
    };
  });
  atLeast("bget of 1,000, sync ÷ raw gets in one transaction", bgets, SYNC, RAW, 0.8);
  atLeast("bget of 1,000, async ÷ raw gets in one transaction", bgets, ASYNC, RAW, 0.8);

  const many = someEntries(dice, records, BPUT);
  const bputs = await measure("bput of 10,000, durable", (store) => {
    const bput = store.bput?.bind(store);
    return bput && { name: store.name, prepare: () => freshen(many), work: () => done(bput(many), many.length) };
  });
  atLeast("bput of 10,000, sync ÷ raw transaction", bputs, SYNC, RAW, 0.75);
  atLeast("bput of 10,000, async ÷ raw transaction", bputs, ASYNC, RAW, 0.75);

  // One at a time or many: all of them change the same records, so that they touch as many pages of the file.
  const changed = someEntries(dice, records, CHANGED);
  let from = 0;
  const nextChanges = (count: number): readonly Entry[] => {
    from = from + count > changed.length ? 0 : from;
    const some = changed.slice(from, from + count);
    from += count;
    freshen(some);
    return some;
  };
  const puts = await measure("one durable put at a time", (store) => {
    let few: readonly Entry[] = [];
    return {
      name: store.name,
      prepare: () => {
        few = nextChanges(PUTS);
      },
      work: () => done(store.put(few), few.length),
    };
  });
  atLeast("one durable awaited put ÷ raw durable upsert", puts, ASYNC, RAW, 0.6);
  if (puts.has(lmdb.name)) atLeast("one durable awaited put ÷ lmdb await put", puts, ASYNC, lmdb.name, 1.5);

  for (const width of FLIGHTS) {
    await measure(`${width} durable puts in flight`, (store) => {
      const inFlight = store.inFlight?.bind(store);
      if (inFlight === undefined) return undefined;
      let some: readonly Entry[] = [];
      return {
        name: store.name,
        prepare: () => {
          some = nextChanges(10 * width);
        },
        work: () => done(inFlight(some, width), some.length),
      };
    });
  }

  const ours = stores.find(({ name }) => name === ASYNC)!;
  const widths = await race(
    rounds,
    ms,
    [1, ...FLIGHTS].map((width): Contender => {
      let some: readonly Entry[] = [];
      return {
        name: String(width),
        prepare: () => {
          some = nextChanges(Math.max(PUTS, 10 * width));
        },
        work: () => done(ours.inFlight!(some, width), some.length),
      };
    }),
  );
  atLeast("16 puts in flight ÷ one at a time", widths, "16", "1", 6);
  atLeast("256 puts in flight ÷ one at a time", widths, "256", "1", 20);

  for (const store of stores) await store.close();
  rmSync(directoryOf(bench, records), { recursive: true });
}

async function openAll(bench: Bench, records: number): Promise<Store[]> {
  const stores: Store[] = [];
  for (const opener of OPENERS) {
    if (records > (opener.most ?? Number.POSITIVE_INFINITY)) {
      bench.report.note(`  ${opener.name}: left out, ${records} records take it too long`);
      continue;
    }
    const directory = join(directoryOf(bench, records), opener.name.replace(/\W+/g, "-"));
    mkdirSync(directory, { recursive: true });
    try {
      const store = await opener.open(directory);
      for (let from = 0; from < records; from += FILL)
        await store.fill(entriesFrom(from, Math.min(records, from + FILL)));
      stores.push(store);
      bench.report.note(`  ${store.name}: a write survives ${store.durability}`);
    } catch (e) {
      if (OURS.includes(opener.name) || opener.name === RAW) throw e;
      bench.report.note(`  ${opener.name}: left out, ${(e as Error).message}`);
    }
  }
  return stores;
}

function directoryOf(bench: Bench, records: number): string {
  return join(bench.directory, String(records));
}

/** How many records were read; throws unless their bytes were all there. */
function seen(store: Store, bytes: number | Promise<number>, records: number): number | Promise<number> {
  if (typeof bytes !== "number") return bytes.then((awaited) => seen(store, awaited, records));
  if (bytes !== records * VALUE_BYTES) throw new Error(`${store.name} read ${bytes} bytes of ${records} records`);
  return records;
}

function done(written: void | Promise<void>, records: number): number | Promise<number> {
  return written === undefined ? records : written.then(() => records);
}
