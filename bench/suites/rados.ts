/**
 * The rados engine against C with librados alone, and against the same calls made naively, on the same clusters in the same
 * run: one that keeps everything in memory, and one on BlueStore. It starts them by itself, and needs Ceph's packages and
 * gcc.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { createContainer, createPool, DCont, type DDict } from "tsdaos";
import { DCont as SyncDCont, type DDict as SyncDDict } from "tsdaos/sync";
import { CephCluster, cephMissing } from "../../test/helpers/ceph.ts";
import { type Contender, interleave, race, ratio, type Samples, spread } from "../harness.ts";
import { Loop } from "../loop.ts";
import { keyOf, VALUE_BYTES } from "../records.ts";
import type { Bench } from "../suite.ts";
import { MOST_IN_FLIGHT, Naive } from "./rados/naive.ts";

const POOL = "tank";
const CONTAINER = "neo";
/** Of what is compared with: beside the container, in no one's way. */
const NAMESPACE = "bench";
const SHARDS = 16;
/** C works with one operation in flight for each object; one more of this many keys adds nothing. */
const C_BULK_IN_FLIGHT = SHARDS;

/** How long a contender works in each round, milliseconds; in pieces of so many operations, after which the next one has its turn. */
const WORK_MS = 700;
const PIECE = 2000;

export async function run(bench: Bench): Promise<void> {
  const missing = cephMissing();
  if (missing !== undefined) throw new Error(`there is no Ceph to measure: ${missing}`);
  const program = join(bench.directory, "rados-loop");
  execFileSync("gcc", ["-O2", join(import.meta.dirname, "../native/rados-loop.c"), "-o", program, "-l:librados.so.2"], {
    stdio: "inherit",
  });
  bench.report.note(`rados: keys of 16 characters, values of ${VALUE_BYTES} bytes, ${SHARDS} shards, 3 OSDs, size 3`);
  for (const store of ["memstore", "bluestore"] as const) {
    const cluster = await CephCluster.start({ store, directory: join(bench.directory, store) });
    try {
      await measureAll(bench, cluster, store, program);
    } finally {
      cluster.remove();
    }
  }
}

async function measureAll(bench: Bench, cluster: CephCluster, store: string, program: string): Promise<void> {
  const { report, rounds, quick, only } = bench;
  const wanted = (part: string): boolean => only === undefined || part.includes(only);
  const system = cluster.system();
  const singles = quick ? 2000 : 10_000;
  const bulk = quick ? 20_000 : 100_000;
  const asked = 10_000;

  await createPool(POOL, { system });
  await createContainer(POOL, CONTAINER, { system });
  await using dcont = await DCont.open(POOL, CONTAINER, { system });
  using blocking = new SyncDCont(POOL, CONTAINER, { system });
  const small = await dcont.dict("small", null, { oclass: `S${SHARDS}` });
  const large = await dcont.dict("large", null, { oclass: `S${SHARDS}` });
  const blockingLarge = blocking.getDict("large");
  const c = new Loop(program, [cluster.conf, POOL, NAMESPACE, String(SHARDS)]);
  const pools = JSON.parse(await cluster.ceph("osd", "lspools", "--format", "json")) as { poolnum: number }[];
  const naive = new Naive(cluster.conf, pools[0]!.poolnum, NAMESPACE, SHARDS);

  const inC = (what: string, inFlight: number, count: number) => async (): Promise<number> => {
    await c.ask(`${what} ${inFlight} ${count}`);
    return count;
  };
  const compare = async (what: string, ours: Contender[], theirs: Contender[]): Promise<Samples> => {
    const samples = await race(rounds, quick ? WORK_MS / 3 : WORK_MS, [...ours, ...theirs]);
    report.comparison({ what: `${store}: ${what}`, samples, ours: ours.map(({ name }) => name) });
    return samples;
  };
  const figure = (what: string, samples: Samples, mine: string, their: string, atLeast: number): void =>
    report.figure({
      what: `${store}: ${what}`,
      measured: ratio(samples, mine, their),
      target: { atLeast, unit: "x" },
    });

  try {
    await small.bput(recordsOf(singles));
    await large.bput(recordsOf(bulk));
    await c.ask(`put 64 ${singles}`);
    await c.ask(`bput ${C_BULK_IN_FLIGHT} ${bulk}`);

    if (wanted("get")) {
      const samples = await compare(
        "get, 16 in flight",
        [{ name: "tsdaos", work: () => concurrently(small, "get", 16, PIECE) }],
        [
          { name: "C", work: inC("get", 16, PIECE) },
          { name: "naive", work: () => naive.run("get", 16, PIECE).then(() => PIECE) },
        ],
      );
      figure("async get, 16 in flight / C, 16 in flight", samples, "tsdaos", "C", 0.7);
      figure("async get, 16 in flight / naive, 16 in flight", samples, "tsdaos", "naive", 1);
    }

    if (wanted("put")) {
      const samples = await compare(
        "put",
        [{ name: "tsdaos, 256", work: () => concurrently(small, "put", 256, PIECE) }],
        [
          { name: "C, 64", work: inC("put", 64, PIECE) },
          { name: "naive, 250", work: () => naive.run("put", MOST_IN_FLIGHT, PIECE).then(() => PIECE) },
        ],
      );
      figure("async put, 256 in flight / C, 64 in flight", samples, "tsdaos, 256", "C, 64", 4);
      figure("async put, 256 in flight / naive, 250 in flight", samples, "tsdaos, 256", "naive, 250", 4);
    }

    for (const [what, count] of wanted("bulk")
      ? ([
          ["bput", bulk],
          ["bget", asked],
        ] as const)
      : []) {
      const samples = await compare(`${what} of ${count}`, bulkContenders(large, blockingLarge, what, count), [
        { name: "C", work: inC(what, C_BULK_IN_FLIGHT, count) },
      ]);
      for (const mine of ["tsdaos", "tsdaos/sync"])
        figure(`${what} of ${count} (${mine}) / C, 1000 keys an operation`, samples, mine, "C", 0.6);
    }

    if (wanted("list")) {
      const samples = await compare(
        `list ${bulk} keys`,
        [
          { name: "tsdaos", work: async () => must(await countKeys(large), bulk) },
          { name: "tsdaos/sync", work: () => must([...blockingLarge.keys()].length, bulk) },
        ],
        [{ name: "C", work: inC("list", SHARDS, bulk) }],
      );
      for (const mine of ["tsdaos", "tsdaos/sync"]) figure(`list keys (${mine}) / C`, samples, mine, "C", 0.5);
    }

    if (wanted("cpu")) {
      const samples = await interleave(rounds, [{ name: "tsdaos" }, { name: "C" }], async ({ name }) => {
        if (name === "C") {
          await c.ask(`get 64 ${singles}`);
          return ((await c.ask("cpu")) / singles) * 1e6;
        }
        const before = process.cpuUsage();
        await concurrently(small, "get", 64, singles);
        const { user, system: kernel } = process.cpuUsage(before);
        return (user + kernel) / singles;
      });
      const micros = (name: string) => spread(samples.get(name)!);
      report.note(`\n${store}: processor time of C per get, 64 in flight: ${micros("C").median.toFixed(1)} us`);
      report.figure({
        what: `${store}: processor time per get, 64 in flight`,
        measured: micros("tsdaos"),
        target: { under: 25, unit: "us" },
      });
    }
  } finally {
    naive.close();
    await c.end();
  }
}

function recordsOf(count: number): [string, Buffer][] {
  const value = Buffer.alloc(VALUE_BYTES, "v");
  return Array.from({ length: count }, (_, i) => [keyOf(i), value]);
}

function bulkContenders(dd: DDict, blocking: SyncDDict, what: "bput" | "bget", count: number): Contender[] {
  const records = recordsOf(count);
  const keys = records.map(([key]) => key);
  if (what === "bget")
    return [
      { name: "tsdaos", work: async () => must((await dd.bget(keys)).size, count) },
      { name: "tsdaos/sync", work: () => must(blocking.bget(keys).size, count) },
    ];
  return [
    { name: "tsdaos", work: () => dd.bput(records).then(() => count) },
    {
      name: "tsdaos/sync",
      work: () => {
        blocking.bput(records);
        return count;
      },
    },
  ];
}

async function concurrently(dd: DDict, what: "put" | "get", inFlight: number, count: number): Promise<number> {
  const value = Buffer.alloc(VALUE_BYTES, "v");
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) {
      const key = keyOf(next++);
      await (what === "put" ? dd.put(key, value) : dd.get(key));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  return count;
}

async function countKeys(dd: DDict): Promise<number> {
  let count = 0;
  for await (const _ of dd.keys()) count++;
  return count;
}

function must(found: number, count: number): number {
  if (found !== count) throw new Error(`${found} of ${count} records were found`);
  return count;
}
