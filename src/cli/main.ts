/** The `daos` command: runs the command line, tells of failures in DAOS's form, sets the exit status. */
import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import { CliError, failureOf, Interrupted, STATUS_INVALID } from "./failure.ts";
import { write } from "./output.ts";
import { daosProgram } from "./program.ts";

/** Runs one command line. Never rejects. */
export async function main(args: readonly string[] = process.argv.slice(2)): Promise<void> {
  process.stdout.on("error", endOfOutput);
  process.stderr.on("error", () => {});
  process.on("uncaughtException", (error) => {
    sayOnStderr(error);
    process.exit(1);
  });
  try {
    refuseLossyWords(args);
    await daosProgram().parseAsync(args, { from: "user" });
  } catch (error) {
    await tell(error, isJson(args));
  }
}

async function tell(error: unknown, json: boolean): Promise<void> {
  if (error instanceof CommanderError && error.exitCode === 0) return;
  if (error instanceof Interrupted) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitStatus;
    return;
  }
  process.exitCode = 1;
  const { text, status } = failureOf(error);
  const answer = error instanceof CliError ? error.answer : undefined;
  if (json)
    await write(`${JSON.stringify({ response: answer?.response ?? null, error: text, status }, undefined, 2)}\n`);
  else if (answer !== undefined) await write(`${answer.text}\n`);
  sayOnStderr(error);
}

function sayOnStderr(error: unknown): void {
  process.stderr.write(`ERROR: daos: ${failureOf(error).text}\n`);
}

/** A reader that has seen enough (`| head`) is no failure; a full disk is one. */
function endOfOutput(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(0);
  sayOnStderr(error);
  process.exit(1);
}

/**
 * Node puts U+FFFD for bytes of the command line that are not UTF-8: another key or value than the one that was given
 * would be stored without a word. Linux still has the bytes; elsewhere there is nothing to compare with.
 */
function refuseLossyWords(args: readonly string[]): void {
  if (!args.some((arg) => arg.includes("\ufffd")) || isUtf8(givenBytes())) return;
  throw new CliError(
    "a word of the command line is not UTF-8; dict put takes such a value from standard input",
    STATUS_INVALID,
  );
}

function givenBytes(): Uint8Array {
  try {
    return readFileSync("/proc/self/cmdline");
  } catch {
    return new Uint8Array(0);
  }
}

// Asked of the words themselves: the command line may be one that could not be parsed.
function isJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end === -1 ? args : args.slice(0, end)).some((arg) => arg === "--json" || /^-[a-z]*j$/.test(arg));
}
