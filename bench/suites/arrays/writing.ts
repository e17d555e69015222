/** Writing all of an array so that it survives a power failure, against plain files of the same bytes that are flushed. */
import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { ndarray } from "tsdaos";
import type { Bench } from "../../suite.ts";
import { bytesOf, check, compare, type Data, figures } from "./data.ts";

const IN_FLIGHT = 8;

export async function writing({ report, rounds }: Bench, data: Data): Promise<void> {
  const { target, blocking, memory, size, directory } = data;
  const value = ndarray("float64", [size.rows, size.columns], memory);
  const files = cutIntoFiles(data, join(directory, "plain"));
  const samples = await compare(report, rounds, "write whole, durable", bytesOf(size), [
    { name: "tsdaos", run: () => target.set(null, value) },
    { name: "tsdaos/sync", run: () => blocking.target.set(null, value) },
    { name: `plain files, ${IN_FLIGHT} at a time`, run: () => writeFiles(files) },
    { name: "plain files, one by one", run: () => writeFilesOneByOne(files) },
  ]);
  check(blocking.target.at(size.rows - 1, size.columns - 1) === memory.at(-1), "tsdaos");
  figures(report, "write whole, durable", samples, ["tsdaos"], `plain files, ${IN_FLIGHT} at a time`, 0.7);
  figures(report, "write whole, durable", samples, ["tsdaos/sync"], "plain files, one by one", 0.7);
  rmSync(join(directory, "plain"), { recursive: true });
}

interface PlainFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A file for each chunk, of memory that needs no copying. */
function cutIntoFiles({ memory, size }: Data, directory: string): PlainFile[] {
  mkdirSync(directory);
  const length = bytesOf({ rows: size.chunks[0], columns: size.chunks[1] });
  return Array.from({ length: memory.byteLength / length }, (_, i) => ({
    path: join(directory, String(i)),
    bytes: new Uint8Array(memory.buffer, i * length, length),
  }));
}

function writeFilesOneByOne(files: readonly PlainFile[]): void {
  for (const { path, bytes } of files) {
    rmSync(path, { force: true });
    const fd = openSync(path, "w");
    writeSync(fd, bytes);
    fdatasyncSync(fd);
    closeSync(fd);
  }
}

async function writeFiles(files: readonly PlainFile[]): Promise<void> {
  let next = 0;
  const some = async (): Promise<void> => {
    while (next < files.length) {
      const { path, bytes } = files[next++]!;
      rmSync(path, { force: true });
      const file = await open(path, "w");
      await file.write(bytes);
      await file.datasync();
      await file.close();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, some));
}
