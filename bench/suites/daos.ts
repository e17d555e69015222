/**
 * The daos engine against PyDAOS and against C, on the same engine in the same run. It needs a running DAOS:
 * `TSDAOS_TEST_DAOS_POOL` names a pool, `TSDAOS_TEST_DAOS_INCLUDE` the directory of its headers (for C; libdaos.so is looked
 * for beside it, in `lib64`), and `python3` has `pydaos`.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createContainer, DCont, type DDict, destroyContainer } from "tsdaos";
import { DCont as SyncDCont, type DDict as SyncDDict } from "tsdaos/sync";
import { type Answer, interleave, ratio, type Samples } from "../harness.ts";
import { Loop } from "../loop.ts";
import { keyOf, VALUE_BYTES } from "../records.ts";
import type { Bench } from "../suite.ts";

const SYSTEM = "daos:";
const IN_FLIGHT = 16;
const MIB = 2 ** 20;

/** Operations or mebibytes a second, measured by the contender itself. */
interface Timed {
  readonly name: string;
  measure(): Answer<number>;
}

/** Dictionaries that everyone works on. */
const SMALL = "small";
const LARGE = "large";
const WALKED = "walked";

export async function run(bench: Bench): Promise<void> {
  const pool = process.env.TSDAOS_TEST_DAOS_POOL;
  if (pool === undefined) throw new Error("TSDAOS_TEST_DAOS_POOL names no pool: there is no DAOS to measure");
  const container = `bench-${process.pid}`;
  await createContainer(pool, container, { system: SYSTEM });
  try {
    await measureAll(bench, pool, container);
  } finally {
    await destroyContainer(pool, container, { system: SYSTEM, force: true });
  }
}

async function measureAll(
  { report, rounds, quick, directory, only }: Bench,
  pool: string,
  container: string,
): Promise<void> {
  const wanted = (part: string): boolean => only === undefined || part.includes(only);
  const singles = quick ? 500 : 3000;
  const bulk = 10_000;
  const walked = quick ? 20_000 : 100_000;
  const larges = 16;
  report.note(`daos: keys of 16 characters, values of ${VALUE_BYTES} bytes, ${IN_FLIGHT} in flight`);

  await using dcont = await DCont.open(pool, container, { system: SYSTEM });
  using blocking = new SyncDCont(pool, container, { system: SYSTEM });
  const small = await dcont.dict(SMALL);
  const large = await dcont.dict(LARGE);
  const walk = await dcont.dict(WALKED);
  await small.bput(recordsOf(bulk, VALUE_BYTES));
  await large.bput(recordsOf(larges, MIB));
  await walk.bput(recordsOf(walked, 8));
  const blockingSmall = blocking.getDict(SMALL);
  const blockingLarge = blocking.getDict(LARGE);
  const blockingWalk = blocking.getDict(WALKED);

  const python = new Loop("python3", [here("pydaos-loop.py"), pool, container]);
  const ask = (name: string, what: string, count: number, size: number) => (): Promise<number> =>
    python.ask(JSON.stringify({ name, what, count, size })).then((seconds) => count / seconds);
  const compare = async (what: string, ours: Timed[], theirs: Timed[]): Promise<Samples> => {
    const samples = await interleave(rounds, [...ours, ...theirs], (contender) => contender.measure());
    report.comparison({ what, samples, ours: ours.map(({ name }) => name) });
    return samples;
  };
  const figure = (what: string, samples: Samples, mine: string, their: string, atLeast: number): void =>
    report.figure({ what, measured: ratio(samples, mine, their), target: { atLeast, unit: "x" } });
  const best = (samples: Samples, names: readonly string[]): string =>
    names.reduce((a, b) => (ratio(samples, a, b).median >= 1 ? a : b));

  try {
    for (const what of wanted("single") ? (["put", "get"] as const) : []) {
      const samples = await compare(
        `${what}, one at a time`,
        [
          { name: "tsdaos/sync", measure: () => blockingRate(blockingSmall, what, singles) },
          { name: "tsdaos", measure: () => awaitedRate(small, what, singles) },
        ],
        [{ name: "pydaos", measure: ask(SMALL, what, singles, VALUE_BYTES) }],
      );
      figure(`blocking ${what} / PyDAOS`, samples, "tsdaos/sync", "pydaos", 2.0);
    }

    for (const what of wanted("bulk") ? (["bput", "bget"] as const) : []) {
      const sizes = what === "bget" ? [VALUE_BYTES, 4096, MIB] : [VALUE_BYTES];
      const theirs = sizes.map((size) => ({
        name: what === "bget" ? `pydaos, value_size ${size}` : "pydaos",
        measure: ask(SMALL, what, bulk, size),
      }));
      const samples = await compare(
        `${what} of ${bulk}`,
        bulkContenders(small, blockingSmall, what, bulk, VALUE_BYTES),
        theirs,
      );
      const their = best(
        samples,
        theirs.map(({ name }) => name),
      );
      for (const mine of ["tsdaos", "tsdaos/sync"])
        figure(`${what} of ${bulk} (${mine}) / PyDAOS`, samples, mine, their, 1.3);
    }

    const include = process.env.TSDAOS_TEST_DAOS_INCLUDE;
    if (!wanted("flight")) report.note("C is left out, as was asked for");
    else if (include === undefined) report.note("C is left out: TSDAOS_TEST_DAOS_INCLUDE does not name DAOS's headers");
    else {
      const [hi, lo] = small.oid.split(":") as [string, string];
      const c = new Loop(compile(include, directory), [pool, container, hi, lo, String(IN_FLIGHT), String(bulk)]);
      try {
        for (const what of ["put", "get"] as const) {
          const samples = await compare(
            `${what}, ${IN_FLIGHT} in flight`,
            [{ name: "tsdaos", measure: () => concurrentRate(small, what, bulk) }],
            [{ name: "C", measure: () => c.ask(what).then((seconds) => bulk / seconds) }],
          );
          figure(`async ${what}, ${IN_FLIGHT} in flight / C`, samples, "tsdaos", "C", 0.6);
        }
      } finally {
        await c.end();
      }
    }

    if (wanted("walk")) {
      const iterated = await compare(
        `iterate ${walked} keys`,
        [
          { name: "tsdaos", measure: () => rate(walked, async () => await countKeys(walk)) },
          { name: "tsdaos/sync", measure: () => rate(walked, () => [...blockingWalk.keys()].length) },
        ],
        [{ name: "pydaos", measure: ask(WALKED, "iterate", walked, 0) }],
      );
      for (const mine of ["tsdaos", "tsdaos/sync"]) figure(`iterate (${mine}) / PyDAOS`, iterated, mine, "pydaos", 1.0);
      const counted = await compare(
        `size of ${walked} keys`,
        [
          { name: "tsdaos", measure: () => rate(walked, () => walk.size()) },
          { name: "tsdaos/sync", measure: () => rate(walked, () => blockingWalk.size) },
        ],
        [{ name: "pydaos", measure: ask(WALKED, "len", walked, 0) }],
      );
      for (const mine of ["tsdaos", "tsdaos/sync"]) figure(`size (${mine}) / PyDAOS len`, counted, mine, "pydaos", 1.0);
    }

    for (const what of wanted("large") ? (["bput", "bget"] as const) : []) {
      const samples = await compare(`1 MiB ${what}, MiB/s`, bulkContenders(large, blockingLarge, what, larges, MIB), [
        { name: "pydaos", measure: ask(LARGE, what, larges, MIB) },
      ]);
      for (const mine of ["tsdaos", "tsdaos/sync"])
        figure(`1 MiB ${what} (${mine}) / PyDAOS`, samples, mine, "pydaos", 1.0);
    }
  } finally {
    await python.end();
  }
}

function recordsOf(count: number, size: number): [string, Buffer][] {
  const value = Buffer.alloc(size, "v");
  return Array.from({ length: count }, (_, i) => [keyOf(i), value]);
}

function bulkContenders(dd: DDict, blocking: SyncDDict, what: "bput" | "bget", count: number, size: number): Timed[] {
  const records = recordsOf(count, size);
  const keys = records.map(([key]) => key);
  const check = (found: { readonly size: number }): void => {
    if (found.size !== count) throw new Error(`${found.size} of ${count} records were found`);
  };
  return [
    {
      name: "tsdaos",
      measure: () => rate(count, async () => (what === "bput" ? dd.bput(records) : check(await dd.bget(keys)))),
    },
    {
      name: "tsdaos/sync",
      measure: () => rate(count, () => (what === "bput" ? blocking.bput(records) : check(blocking.bget(keys)))),
    },
  ];
}

function blockingRate(dd: SyncDDict, what: "put" | "get", count: number): Answer<number> {
  const value = Buffer.alloc(VALUE_BYTES, "v");
  return rate(count, () => {
    for (let i = 0; i < count; i++)
      if (what === "put") dd.put(keyOf(i), value);
      else dd.get(keyOf(i));
  });
}

function awaitedRate(dd: DDict, what: "put" | "get", count: number): Answer<number> {
  const value = Buffer.alloc(VALUE_BYTES, "v");
  return rate(count, async () => {
    for (let i = 0; i < count; i++) await (what === "put" ? dd.put(keyOf(i), value) : dd.get(keyOf(i)));
  });
}

function concurrentRate(dd: DDict, what: "put" | "get", count: number): Answer<number> {
  const value = Buffer.alloc(VALUE_BYTES, "v");
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) {
      const key = keyOf(next++);
      await (what === "put" ? dd.put(key, value) : dd.get(key));
    }
  };
  return rate(count, () => Promise.all(Array.from({ length: IN_FLIGHT }, one)));
}

async function countKeys(dd: DDict): Promise<number> {
  let count = 0;
  for await (const _ of dd.keys()) count++;
  return count;
}

/** Operations a second; blocking work must not pay for a turn of the event loop. */
function rate(count: number, work: () => unknown): Answer<number> {
  const started = performance.now();
  const done = work();
  const end = (): number => (count / (performance.now() - started)) * 1000;
  return done instanceof Promise ? done.then(end) : end();
}

function compile(include: string, directory: string): string {
  const program = join(directory, "daos-loop");
  const libraries = join(include, "..", "lib64");
  execFileSync(
    "gcc",
    [
      "-O2",
      `-I${include}`,
      here("daos-loop.c"),
      "-o",
      program,
      `-L${libraries}`,
      "-ldaos",
      "-ldaos_common",
      "-lgurt",
      "-luuid",
    ],
    { stdio: "inherit" },
  );
  return program;
}

function here(file: string): string {
  return fileURLToPath(new URL(`../native/${file}`, import.meta.url));
}
