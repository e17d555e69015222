/** How a failure is told: DAOS's `ERROR: daos: ...` line and the error part of its JSON envelope. */
import { CommanderError } from "commander";
import type { Answer } from "./call.ts";

/** DER_MISC and DER_INVAL: the status of failures that carry no code of their own. */
const STATUS_MISC = -1025;
/** The status of bad input. */
export const STATUS_INVALID = -1003;

/** A failure that the command itself found. */
export class CliError extends Error {
  /** DAOS's number of the error, negative. */
  readonly status: number;
  /** What was found out all the same. */
  readonly answer: Answer | undefined;

  constructor(message: string, status: number = STATUS_MISC, answer?: Answer) {
    super(message);
    this.status = status;
    this.answer = answer;
  }
}

/** Ctrl-C and `kill`: the command stopped in good order. */
export class Interrupted extends Error {
  /** The exit status: 128 and the signal's number. */
  readonly exitStatus: number;

  constructor(message: string, exitStatus: number) {
    super(message);
    this.exitStatus = exitStatus;
  }
}

/** A failure in words and as DAOS's number. */
export interface Failure {
  readonly text: string;
  readonly status: number;
}

/** What to say about an error, on one line. */
export function failureOf(error: unknown): Failure {
  return { text: onOneLine(textOf(error)), status: statusOf(error) };
}

// By their properties and not by `instanceof`: the errors come from the face, which is loaded only when a verb needs it.
interface Coded extends Error {
  readonly code: string;
  readonly errno: number;
  readonly context: string;
  readonly detail: string | undefined;
}

function isCoded(error: unknown): error is Coded {
  return error instanceof Error && "context" in error && "errno" in error && typeof error.errno === "number";
}

function statusOf(error: unknown): number {
  if (error instanceof CliError) return error.status;
  return isCoded(error) ? error.errno : STATUS_MISC;
}

const BAD_LABEL = /^invalid label "(?:[^"\\]|\\.)*"/;

function textOf(error: unknown): string {
  if (error instanceof CommanderError) return error.message.replace(/^error: /, "");
  // PyDAOS's message of a missing name leaves the code out.
  if (isCoded(error) && error.name === "DObjNotFound")
    return `${error.message}: ${error.code}(${error.errno}): The specified entity does not exist`;
  if (isCoded(error)) return BAD_LABEL.exec(error.detail ?? "")?.[0] ?? error.message;
  return error instanceof Error ? error.message : String(error);
}

/** Line breaks and what a terminal might obey become visible. */
function onOneLine(text: string): string {
  return visible(text.replaceAll(/\s*\n\s*/g, " "));
}

/** The text with its control characters written as escapes. */
export function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
