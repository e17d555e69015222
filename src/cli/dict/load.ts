/** `daos dict load` */
import { fstatSync } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { Answer, Call } from "../call.ts";
import { CliError, failureOf, Interrupted, STATUS_INVALID } from "../failure.ts";
import { onInterrupt } from "../interrupt.ts";
import { openContainer } from "../open-container.ts";
import { Progress } from "../progress.ts";
import { type Format, formatOfFile } from "../records/format.ts";
import { Loader } from "../records/loader.ts";
import { parserOf } from "../records/parsers.ts";
import { BadRecord } from "../records/record.ts";
import { TextInput } from "../records/text-input.ts";
import { keepMemorySmall } from "../small-memory.ts";

const CHUNK_BYTES = 64 * 1024;

export async function run(call: Call): Promise<Answer> {
  keepMemorySmall();
  const file = call.optional("file");
  const name = call.word("dict");
  await using input = await openInput(file);
  await using dcont = await openContainer(call, "RW");
  const loader = new Loader(() => dcont.dict(name, null, { ifExists: "open" }));
  const format = (call.options.format as Format | undefined) ?? formatOfFile(file);
  try {
    await load(input, format, loader);
  } catch (error) {
    throw withCount(error, input.name, loader.stored);
  }
  return {
    text: `Successfully loaded ${loader.stored} records into ${name}`,
    response: { dictionary: name, records: loader.stored },
  };
}

async function load(input: Input, format: Format, loader: Loader): Promise<void> {
  const text = new TextInput(parserOf(format, (record) => loader.add(record)));
  const progress = new Progress(input.size);
  using interrupt = onInterrupt(() => input.stream.destroy());
  let bytes = 0;
  try {
    for await (const chunk of chunksOf(input.stream)) {
      text.push(chunk);
      bytes += chunk.length;
      await loader.flow();
      progress.update({ bytes, records: loader.stored });
    }
    if (interrupt.status === undefined) text.end();
  } catch (error) {
    // What stands before a bad record is good.
    if (error instanceof BadRecord) await loader.settle();
    throw error;
  } finally {
    progress.clear();
  }
  if (interrupt.status === undefined) return loader.finish();
  await loader.settle();
  throw new Interrupted("interrupted", interrupt.status);
}

/** The stream's chunks; a stream that was destroyed, at an interrupt, just ends. */
async function* chunksOf(stream: Readable): AsyncGenerator<Buffer, void> {
  try {
    yield* stream;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  }
}

function withCount(error: unknown, file: string, stored: number): unknown {
  if (error instanceof Interrupted)
    return new Interrupted(`interrupted; ${stored} records of ${file} were stored`, error.exitStatus);
  const { text, status } = failureOf(error);
  const isBad = error instanceof BadRecord;
  const what = isBad ? `failed to load ${file}: ${text}` : text;
  return new CliError(`${what}; ${stored} records were stored before`, isBad ? STATUS_INVALID : status);
}

/** What is read. */
interface Input extends AsyncDisposable {
  readonly name: string;
  readonly stream: Readable;
  /** In bytes, where it is known. */
  readonly size: number | undefined;
}

async function openInput(file: string | undefined): Promise<Input> {
  if (file === undefined || file === "-") return standardInput();
  try {
    const handle = await open(file);
    const stat = await handle.stat();
    if (stat.isDirectory()) throw new Error("it is a directory");
    const stream = handle.createReadStream({ highWaterMark: CHUNK_BYTES });
    return {
      name: file,
      stream,
      size: stat.isFile() ? stat.size : undefined,
      [Symbol.asyncDispose]: async () => void stream.destroy(),
    };
  } catch (error) {
    throw new CliError(`cannot read ${file}: ${(error as Error).message}`);
  }
}

function standardInput(): Input {
  if (process.stdin.isTTY) process.stderr.write("reading records from the terminal; end them with Ctrl-D\n");
  const stat = fstatSync(0);
  return {
    name: "standard input",
    stream: process.stdin,
    size: stat.isFile() ? stat.size : undefined,
    [Symbol.asyncDispose]: async () => void process.stdin.destroy(),
  };
}
