/** The arrays that are measured: `a` and `b` stored by tsdaos, as `.npy` files, `a` as HDF5; and what measuring them shares. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createPool, type DArray, DCont, destroyPool, ndarray } from "tsdaos";
import { type DArray as SyncDArray, DCont as SyncDCont } from "tsdaos/sync";
import { type Answer, interleave, type Report, ratio, type Samples } from "../../harness.ts";
import type { Loop } from "../../loop.ts";

const MIB = 2 ** 20;

/** Shape of the arrays, and of their chunks. */
export interface Size {
  readonly rows: number;
  readonly columns: number;
  readonly chunks: readonly [number, number];
}

/** A box of rows and columns. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** What is measured on. */
export interface Data {
  readonly size: Size;
  readonly directory: string;
  readonly cont: DCont;
  readonly a: DArray<"float64">;
  readonly b: DArray<"float64">;
  /** An array of the same shape and chunks, to be written to. */
  readonly target: DArray<"float64">;
  readonly blocking: {
    readonly a: SyncDArray<"float64">;
    readonly b: SyncDArray<"float64">;
    readonly target: SyncDArray<"float64">;
  };
  /** The elements of `a`. */
  readonly memory: Float64Array<ArrayBuffer>;
  /** Memory of that size, written to before. */
  readonly out: Float64Array<ArrayBuffer>;
  readonly python: Loop | undefined;
  readonly hdf5: boolean;
  remove(): Promise<void>;
}

/** Bytes of an array. */
export function bytesOf({ rows, columns }: Pick<Size, "rows" | "columns">): number {
  return rows * columns * 8;
}

/** For the reader. */
export function describe(size: Size): string {
  const { rows, columns, chunks } = size;
  const chunk = bytesOf({ rows: chunks[0], columns: chunks[1] }) / MIB;
  return `${bytesOf(size) / MIB} MiB of float64, ${rows} x ${columns}, chunks of ${chunk} MiB, ${chunks.join(" x ")}`;
}

/** Makes the files; takes a minute. */
export async function makeData(directory: string, size: Size, python: Loop | undefined, hdf5: boolean): Promise<Data> {
  const { rows, columns, chunks } = size;
  const system = pathToFileURL(join(directory, "arrays"));
  const files = join(directory, "files");
  mkdirSync(files, { recursive: true });
  await createPool("tank", { system });
  const cont = await DCont.open("tank", "neo", { system, create: true });
  const memory = new Float64Array(rows * columns);
  const store = async (name: string, seed: number): Promise<DArray<"float64">> => {
    fillNoise(memory, seed);
    const da = await cont.array(name, { from: ndarray("float64", [rows, columns], memory), chunks });
    await da.toNpy(join(directory, `${name}.npy`), { overwrite: true });
    return da;
  };
  const b = await store("b", 2);
  const a = await store("a", 1);
  const target = await cont.array("target", { shape: [rows, columns], dtype: "float64", chunks });
  const blocking = new SyncDCont("tank", "neo", { system });
  await python?.ask(JSON.stringify({ do: "make_target" }));
  if (hdf5) await python?.ask(JSON.stringify({ do: "make_hdf5", chunks }));
  return {
    size,
    directory: files,
    cont,
    a,
    b,
    target,
    blocking: {
      a: blocking.getArray("a", { dtype: "float64" }),
      b: blocking.getArray("b", { dtype: "float64" }),
      target: blocking.getArray("target", { dtype: "float64" }),
    },
    memory,
    out: new Float64Array(rows * columns).fill(1),
    python,
    hdf5,
    async remove() {
      blocking.close();
      await cont.close();
      await destroyPool("tank", { system, force: true });
      rmSync(files, { recursive: true });
    },
  };
}

/** Numbers from -1 to 1 with 32 random bits (xorshift32). */
export function fillNoise(memory: Float64Array, seed: number): void {
  let state = seed;
  for (let i = 0; i < memory.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    memory[i] = state / 2 ** 31;
  }
}

/** One who does a piece of work, or measures itself. */
export interface Worker {
  readonly name: string;
  /** Does the work; a number: the seconds that it took, measured by itself. */
  run(): Answer<unknown>;
}

/** Measures workers in turns, in MiB/s of the bytes that the work goes over, and prints the comparison. */
export async function compare(
  report: Report,
  rounds: number,
  what: string,
  bytes: number,
  workers: readonly Worker[],
): Promise<Samples> {
  // What takes milliseconds is disturbed more than what takes seconds.
  const times = bytes < 2 ** 28 ? 5 : 1;
  const samples = await interleave(rounds * times, workers, async ({ run }) => {
    const started = performance.now();
    const answer = run();
    // Blocking work must not pay for a turn of the event loop.
    const seconds = answer instanceof Promise ? await answer : answer;
    return bytes / MIB / (typeof seconds === "number" ? seconds : (performance.now() - started) / 1000);
  });
  report.comparison({ what: `${what}, MiB/s`, samples, ours: workers.map(({ name }) => name).filter(isOurs) });
  return samples;
}

/** Adds a figure for each of `ours` against a peer, if that was measured. */
export function figures(
  report: Report,
  what: string,
  samples: Samples,
  ours: readonly string[],
  peer: string,
  atLeast: number,
): void {
  if (!samples.has(peer)) return;
  for (const mine of ours)
    report.figure({
      what: `${what} (${mine}) / ${peer}`,
      measured: ratio(samples, mine, peer),
      target: { atLeast, unit: "x" },
    });
}

function isOurs(name: string): boolean {
  return name.startsWith("tsdaos");
}

/** Ends the run when a worker has not read what was written. */
export function check(ok: boolean, who: string): void {
  if (!ok) throw new Error(`${who} gave something else than was written`);
}
