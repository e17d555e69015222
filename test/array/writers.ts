/** Several processes that write the same arrays, on any engine: how they are started, and what has to hold afterwards. */
import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type DCont, ndarray, sel } from "../../src/index.ts";

const PROGRAM = fileURLToPath(new URL("programs/writer.ts", import.meta.url));
const WRITERS = 4;

/** How a process ended, and what it said about it. */
export interface End {
  readonly code: number | null;
  readonly stderr: string;
}

/** What a test says of a writer that has not ended as it should. */
export const complaint = ({ code, stderr }: End): string => `a writer ended with ${code}:\n${stderr}`;

/** A process of `programs/writer.ts` that waits for a line to begin. */
export interface Writer {
  readonly child: ChildProcessWithoutNullStreams;
  /** Its end, once nothing of its output is to come. */
  readonly ended: Promise<End>;
}

/**
 * Starts a writer and waits until it has opened its container; one that ends before fails the test.
 *
 * @param place - pool and container, where they are not those of the program.
 */
export async function start(
  t: TestContext,
  verb: string,
  system: string,
  face: "sync" | "async",
  number: number,
  place: readonly string[] = [],
): Promise<Writer> {
  const child = spawn(process.execPath, [PROGRAM, verb, system, face, String(number), ...place]);
  t.after(() => child.kill("SIGKILL"));
  let stderr = "";
  child.stderr.on("data", (text: Buffer) => {
    stderr += text.toString();
  });
  // To write to one that is dead is no error of its own: how it ended is told.
  child.stdin.on("error", () => {});
  const ended = once(child, "close").then(([code]): End => ({ code, stderr }));
  const dead = ended.then((end) => assert.fail(complaint(end)));
  await Promise.race([once(child.stdout, "data"), dead]);
  return { child, ended };
}

/** Runs four processes, two of each face, and waits until they have ended well. */
export async function together(
  t: TestContext,
  verb: string,
  system: string,
  place: readonly string[] = [],
): Promise<void> {
  const writers = await Promise.all(
    Array.from({ length: WRITERS }, (_, i) => start(t, verb, system, i % 2 === 0 ? "async" : "sync", i, place)),
  );
  for (const { child } of writers) child.stdin.write("go\n");
  for (const end of await Promise.all(writers.map(({ ended }) => ended))) assert.equal(end.code, 0, complaint(end));
}

/** In memory of its own: `data` of what was read. */
export const numbers = (a: { data: ArrayLike<number> }): number[] => Array.from(a.data);

/** Every element of one chunk is written by itself, one fourth of them by each process: of plain chunks and of a compressed one. */
export async function updateElements(t: TestContext, system: string, cont: DCont): Promise<void> {
  const plain = await cont.array("plain", { shape: [1200], dtype: "int32", chunks: [1500] });
  const zstd = await cont.array("zstd", { shape: [120], dtype: "int32", chunks: [1000], codecs: ["zstd"] });
  // A chunk that is there, so that it is written in place.
  const wide = await cont.array("wide", { shape: [120], dtype: "int32", chunks: [1000], fill: 7 });
  await wide.set([0], -1);
  await together(t, "elements", system);
  for (const da of [plain, zstd, wide])
    assert.deepEqual(
      numbers(await da.get()),
      Array.from({ length: da.size }, (_, i) => i + 1),
    );
}

/** Each process changes every fourth element of a whole chunk, 60 times. */
export async function updateCombs(t: TestContext, system: string, cont: DCont): Promise<void> {
  const da = await cont.array("combs", { shape: [30_000], dtype: "int32", chunks: [30_000] });
  await together(t, "combs", system);
  assert.ok((await da.get()).data.every((v) => v === 60));
}

/** Each process appends 25 times three rows. */
export async function appendRows(t: TestContext, system: string, cont: DCont): Promise<void> {
  const da = await cont.array("rows", { shape: [0, 5], dtype: "int32", chunks: [4, 3] });
  await together(t, "append", system);
  const all = await da.get();
  assert.deepEqual(all.shape, [300, 5]);
  const seen = new Map<number, number>();
  for (let row = 0; row < 300; row += 3) {
    const block = numbers({ data: all.data.subarray(row * 5, row * 5 + 15) });
    assert.equal(new Set(block).size, 1, `rows ${row} to ${row + 2}: ${block}`);
    seen.set(block[0]!, (seen.get(block[0]!) ?? 0) + 1);
  }
  const expected = Array.from({ length: WRITERS * 25 }, (_, i) => Math.floor(i / 25) * 1000 + (i % 25));
  assert.deepEqual(
    [...seen.keys()].sort((a, b) => a - b),
    expected,
  );
}

/** Rows that are appended while others cut the array to nothing now and then are whole. */
export async function appendAndCut(cont: DCont, open: () => Promise<DCont>): Promise<void> {
  const da = await cont.array("cut rows", { shape: [0, 4], dtype: "int32", chunks: [3, 4] });
  const handles = await Promise.all(Array.from({ length: 3 }, open));
  // Each row has a number of its own.
  let cuts = 0;
  const row = (n: number) => ndarray("int32", [1, 4], new Int32Array(4).fill(n));
  await Promise.all(
    handles.map(async (handle, me) => {
      const mine = await handle.getArray("cut rows", { dtype: "int32" });
      for (let k = 1; k <= 40; k++) {
        await mine.append(row(100 * me + k));
        if (me === 0 && k % 8 === 0) {
          await mine.resize([mine.shape[0]! % 5, 4]);
          cuts++;
        }
      }
    }),
  );
  for (const handle of handles) await handle.close();
  assert.equal(cuts, 5);
  const { data, shape } = await da.get();
  // What is there now was appended after the last cut, or kept by it: never a row of fill values or of two numbers.
  for (let i = 0; i < shape[0]!; i++) {
    const values = new Set(data.subarray(4 * i, 4 * i + 4));
    assert.ok(values.size === 1 && !values.has(0), `row ${i}: ${[...values]}`);
  }
  assert.equal(JSON.stringify(da.metadata.attributes), "{}");
}

/** A process that overwrites an array is killed, again and again: each chunk is old or new, and the others go on. */
export async function killWriters(t: TestContext, system: string, cont: DCont, rounds: number): Promise<void> {
  const da = await cont.array("big", { shape: [64, 96], dtype: "int32", chunks: [16, 16] });
  await da.set(null, -1);
  for (let round = 0; round < rounds; round++) {
    const { child, ended } = await start(
      t,
      "overwrite",
      system,
      round % 2 === 0 ? "async" : "sync",
      round % 3 === 0 ? 1 : 0,
    );
    const [inner, outer] = round % 3 === 0 ? [sel("3:, 5:-5"), true] : [sel("..."), false];
    let last = 0;
    child.stdout.on("data", (text: Buffer) => {
      last = Number(text.toString().trim().split("\n").at(-1));
    });
    const before = (await da.get()).data;
    const kept = await da.copy(`round ${round}`);
    child.stdin.write("go\n");
    await sleep(40 + 17 * round);
    child.kill("SIGKILL");
    const end = await ended;
    assert.equal(end.code, null, complaint(end));
    const now = await da.get();
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < 6; j++) {
        const box = await da.view(sel(`${16 * i}:${16 * i + 16}, ${16 * j}:${16 * j + 16}`)).get();
        const values = new Set<number>();
        const old = await kept.view(sel(`${16 * i}:${16 * i + 16}, ${16 * j}:${16 * j + 16}`)).get();
        if (Buffer.compare(Buffer.from(box.data.buffer), Buffer.from(old.data.buffer)) === 0) continue;
        for (let x = 0; x < 16; x++)
          for (let y = 0; y < 16; y++) {
            const [row, column] = [16 * i + x, 16 * j + y];
            if (!outer || (row >= 3 && column >= 5 && column < 91)) values.add(box.data[16 * x + y]!);
            else assert.equal(box.data[16 * x + y], before[96 * row + column], "nothing else is touched");
          }
        assert.equal(values.size, 1, `round ${round}: chunk ${i}, ${j} has ${[...values]}`);
        // What was acknowledged is there, or what came after it.
        const [value] = [...values];
        assert.ok(value === last || value === last + 1, `${value} after ${last}`);
      }
    await da.set(inner, 1000 + round);
    assert.equal((await da.get(inner)).data[0], 1000 + round);
    assert.equal(now.shape.length, 2);
  }
}
