/** `daos shell` */
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { createInterface } from "node:readline";
import repl, { type REPLServer } from "node:repl";
import { PassThrough } from "node:stream";
import { inspect } from "node:util";
import * as face from "../../index.ts";
import type { Call } from "../call.ts";
import { failureOf } from "../failure.ts";
import { openContainer } from "../open-container.ts";

export async function run(call: Call): Promise<undefined> {
  const isSync = call.options.sync === true;
  const mode = call.options.readOnly === true ? "RO" : "RW";
  const { dcont, globals } = isSync ? await blocking(call, mode) : await asynchronous(call, mode);
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  if (isTerminal) process.stdout.write(banner(`${dcont}`, isSync));
  try {
    if (isTerminal) await converse(globals);
    else if (!(await runLines(globals))) process.exitCode = 1;
  } finally {
    await dcont.close();
  }
}

/** What stands ready under its name. */
type Globals = Readonly<Record<string, unknown>>;

interface Session {
  readonly dcont: { close(): void | Promise<void>; toString(): string };
  readonly globals: Globals;
}

async function asynchronous(call: Call, mode: "RO" | "RW"): Promise<Session> {
  const dcont = await openContainer(call, mode);
  return { dcont, globals: { ...face, dcont, dict: (name: string) => dcont.dict(name, null, { ifExists: "open" }) } };
}

async function blocking(call: Call, mode: "RO" | "RW"): Promise<Session> {
  const sync = await import("../../sync.ts");
  const { pool, container, system } = await call.container();
  const dcont = new sync.DCont(pool, container, { system, mode });
  return { dcont, globals: { ...sync, dcont, dict: (name: string) => dcont.dict(name, null, { ifExists: "open" }) } };
}

function banner(name: string, isSync: boolean): string {
  const wait = isSync ? "" : "await ";
  const line = (code: string, about: string): string => `  ${`${wait}${code}`.padEnd(32)} ${about}`;
  return `${[
    `${name} is open as dcont. Ctrl-D or .exit ends, .help lists more.`,
    line('dict("stadium")', "a dictionary, created when it is missing"),
    line('dcont.get("stadium")', "a dictionary that must be there"),
    isSync
      ? line("[...dcont]", "what is in the container")
      : line("Array.fromAsync(dcont)", "what is in the container"),
    "  DCont, DaosError, json, createPool, ... stand ready under their names.",
  ].join("\n")}\n`;
}

/** Runs the REPL on the terminal until it is left. */
async function converse(globals: Globals): Promise<void> {
  const server = start(process.stdin, "> ", globals);
  server.setupHistory(historyFile(), () => {});
  await once(server, "exit");
}

/** Runs the lines of a pipe, each when the one before is done; whether all of them went well. */
async function runLines(globals: Globals): Promise<boolean> {
  const input = new PassThrough();
  const server = start(input, "", globals);
  const left = once(server, "exit");
  let isReady = Promise.withResolvers<void>();
  // The REPL asks for the next line when it is done with one; it would not wait for an await of its own accord.
  server.displayPrompt = () => isReady.resolve();
  for await (const line of createInterface({ input: process.stdin })) {
    input.write(`${line}\n`);
    await Promise.race([isReady.promise, left]);
    isReady = Promise.withResolvers<void>();
  }
  input.end();
  await left;
  return server.context._error === undefined;
}

function start(input: NodeJS.ReadableStream, prompt: string, globals: Globals): REPLServer {
  const terminal = prompt !== "";
  // The REPL breaks the line of an error that is longer, whatever its writer says.
  repl.writer.options.breakLength = Number.POSITIVE_INFINITY;
  const server = repl.start({
    input,
    output: process.stdout,
    prompt,
    terminal,
    // The realm of the library: an array made in another one would be no instance of its Uint8Array.
    useGlobal: true,
    breakEvalOnSigint: terminal,
    writer: (value) => show(value, terminal),
  });
  Object.assign(server.context, globals);
  return server;
}

/** A result; a DaosError is one line. */
function show(value: unknown, colors: boolean): string {
  if (!face.DaosError.is(value))
    return inspect(value, { ...repl.writer.options, colors, breakLength: process.stdout.columns || 80 });
  return `${value.name}: ${failureOf(value).text}`;
}

/** The file of the history, in a directory that is the user's alone. */
function historyFile(): string {
  const state = process.env.XDG_STATE_HOME;
  const directory = join(state && isAbsolute(state) ? state : join(homedir(), ".local", "state"), "tsdaos");
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch {
    // Without one there is no history; the REPL says so.
  }
  return join(directory, "history");
}
