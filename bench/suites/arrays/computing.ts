/** Computing from storage: reductions against reading alone and against NumPy, a chain of functions into a stored array. */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { xp } from "tsdaos";
import { xp as blockingXp } from "tsdaos/sync";
import type { Bench } from "../../suite.ts";
import { bytesOf, check, compare, type Data, figures, type Worker } from "./data.ts";

const REDUCTIONS = ["sum", "mean", "min", "max"] as const;
const OURS = ["tsdaos", "tsdaos/sync"];

export async function computing({ report, rounds }: Bench, data: Data): Promise<void> {
  const { a, b, target, blocking, size, memory, python } = data;
  const bytes = bytesOf(size);
  const expected = reduceSlowly(memory);
  const chunk = bytesOf({ rows: size.chunks[0], columns: size.chunks[1] });
  for (const name of REDUCTIONS) {
    const samples = await compare(report, rounds, name, bytes, [
      { name: "tsdaos", run: async () => checkClose(await xp[name](a).at(), expected[name]) },
      { name: "tsdaos/sync", run: () => checkClose(blockingXp[name](blocking.a).at(), expected[name]) },
      { name: "fs.readSync", run: readerOf(data, new Uint8Array(chunk)) },
      { name: "fs.readSync, aligned", run: readerOf(data, alignedMemory(chunk)) },
      ...(python === undefined
        ? []
        : ["numpy, new memmap", "numpy, old memmap"].map(
            (peer): Worker => ({
              name: peer,
              run: () => python.ask(JSON.stringify({ do: "reduce", name, keep: peer.includes("old") })),
            }),
          )),
    ]);
    figures(report, name, samples, OURS, "fs.readSync", 0.7);
    figures(report, name, samples, OURS, "fs.readSync, aligned", 0.7);
    if (name === "sum")
      for (const peer of ["numpy, new memmap", "numpy, old memmap"]) figures(report, name, samples, OURS, peer, 0.7);
  }
  const samples = await compare(report, rounds, "a * 2 + b into a stored array", 3 * bytes, [
    { name: "tsdaos", run: () => xp.add(xp.multiply(a, 2), b).into(target) },
    {
      name: "tsdaos/sync",
      run: () => blockingXp.add(blockingXp.multiply(blocking.a, 2), blocking.b).into(blocking.target),
    },
    ...(python === undefined ? [] : [{ name: "numpy", run: () => python.ask(JSON.stringify({ do: "axpy" })) }]),
  ]);
  const [y, x] = [size.rows - 1, size.columns - 1];
  check(blocking.target.at(y, x) === memory.at(-1)! * 2 + blocking.b.at(y, x), "tsdaos");
  figures(report, "a * 2 + b into a stored array", samples, OURS, "numpy", 0.7);
}

/** Memory that begins where a page does: only that of WebAssembly is known to. */
function alignedMemory(bytes: number): Uint8Array {
  // The types of Node do not have it.
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: { Memory: new (o: { initial: number }) => { buffer: ArrayBuffer } };
  };
  return new Uint8Array(new WebAssembly.Memory({ initial: Math.ceil(bytes / 65_536) }).buffer, 0, bytes);
}

/** Reads the files of all chunks into one buffer. */
function readerOf({ a }: Data, buffer: Uint8Array): () => void {
  const files = readdirSync(join(a.path!, "c"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return () => {
    for (const file of files) {
      const fd = openSync(file, "r");
      check(readSync(fd, buffer) === buffer.length, "fs.readSync");
      closeSync(fd);
    }
  };
}

function reduceSlowly(memory: Float64Array): Readonly<Record<(typeof REDUCTIONS)[number], number>> {
  let [sum, min, max] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const x of memory) {
    sum += x;
    min = Math.min(min, x);
    max = Math.max(max, x);
  }
  return { sum, mean: sum / memory.length, min, max };
}

function checkClose(got: number, expected: number): void {
  check(Math.abs(got - expected) <= 1e-6 * Math.max(1, Math.abs(expected)), "tsdaos");
}
