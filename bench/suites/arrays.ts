/**
 * Arrays of the local engine: both faces against zarrita on the same files, h5py and NumPy on the same data, and against what
 * the machine itself can do (memcpy, `fs.readSync`, plain files). A gibibyte of float64, in chunks of 1 and of 4 MiB.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Loop } from "../loop.ts";
import type { Bench } from "../suite.ts";
import { computing } from "./arrays/computing.ts";
import { type Data, describe, makeData, type Size } from "./arrays/data.ts";
import { reading } from "./arrays/reading.ts";
import { updates } from "./arrays/updates.ts";
import { writing } from "./arrays/writing.ts";

const PYTHON = "/usr/bin/python3";
const PARTS: Readonly<Record<string, (bench: Bench, data: Data) => Promise<void>>> = { reading, writing, computing };

export async function run(bench: Bench): Promise<void> {
  const { report, quick, directory, only } = bench;
  const wanted = (part: string): boolean => only === undefined || part.includes(only);
  const parts = Object.entries(PARTS).filter(([name]) => wanted(name));
  const [rows, columns] = quick ? [2048, 8192] : [8192, 16_384];
  const sizes: readonly Size[] = [
    { rows, columns, chunks: [256, 512] },
    { rows, columns, chunks: [512, 1024] },
  ];
  if (!has("numpy")) report.note("NumPy is left out: /usr/bin/python3 has no numpy (Debian's python3-numpy)");
  if (!has("h5py")) report.note("h5py is left out: /usr/bin/python3 has no h5py (Debian's python3-h5py)");
  for (const size of parts.length > 0 ? sizes : []) {
    report.note(`\narrays: ${describe(size)}`);
    const python = has("numpy") ? startPython(directory, size) : undefined;
    try {
      const data = await makeData(directory, size, python, has("h5py"));
      try {
        for (const [, part] of parts) await part(bench, data);
      } finally {
        await data.remove();
      }
    } finally {
      await python?.end();
    }
  }
  if (wanted("updates")) await updates(bench);
}

function startPython(directory: string, { rows, columns }: Size): Loop {
  const program = fileURLToPath(new URL("../native/numpy-loop.py", import.meta.url));
  return new Loop(PYTHON, [program, directory, String(rows), String(columns)]);
}

function has(module: string): boolean {
  try {
    execFileSync(PYTHON, ["-c", `import ${module}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
