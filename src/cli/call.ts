/** A verb as it is declared, and one call of it. */
import { type Command, Option } from "commander";
import type { SystemOptions } from "../index.ts";
import { CliError } from "./failure.ts";
import { write } from "./output.ts";

/** What a verb answers: for people and, with `--json`, for programs. */
export interface Answer {
  /** What is printed; a line break is added unless it is empty. */
  readonly text: string;
  /** The `response` of the envelope. */
  readonly response: unknown;
}

/** A word that a verb takes. */
export interface Word {
  readonly name: string;
  readonly about: string;
  /** It may be left out. */
  readonly optional?: boolean;
  /** It may be given several times; only the last one can. */
  readonly many?: boolean;
}

/** A container as the command line names it: by pool and container, or by `--path`. */
export interface ContainerPlace extends SystemOptions {
  readonly pool: string;
  readonly container: string;
}

/** The declaration of a verb. Its code is loaded when it is called: a start stays quick however many verbs there are. */
export interface Verb {
  readonly name: string;
  readonly about: string;
  /** More for its help. */
  readonly notes?: string;
  /** It works on a container: the words pool and container come first, or `--path` stands for both. */
  readonly onContainer?: boolean;
  readonly words: readonly Word[];
  readonly options?: readonly (readonly [flags: string, about: string] | Option)[];
  /** Command lines without the leading `daos`. */
  readonly examples: readonly string[];
  readonly load: () => Promise<{ run(call: Call): Promise<Answer | undefined> }>;
}

/** The word that names a pool. */
export const POOL: Word = { name: "pool", about: "label or UUID of the pool" };

const CONTAINER_WORDS: readonly Word[] = [POOL, { name: "container", about: "label or UUID of the container" }];

/** One call of a verb: words and options, checked. */
export class Call {
  /** The options, by commander's names. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Where the system is. */
  readonly system: SystemOptions;
  /** Whether `--json` was given. */
  readonly json: boolean;
  readonly #words: ReadonlyMap<string, readonly string[]>;

  constructor(options: Readonly<Record<string, unknown>>, words: ReadonlyMap<string, readonly string[]>) {
    this.options = options;
    this.system = { system: options.system as string | undefined };
    this.json = options.json === true;
    this.#words = words;
  }

  /** A word that must be there. */
  word(name: string): string {
    return this.#words.get(name)![0]!;
  }

  /** A word that may be left out. */
  optional(name: string): string | undefined {
    return this.#words.get(name)?.[0];
  }

  /** All that was given for the last word. */
  all(name: string): readonly string[] {
    return this.#words.get(name) ?? [];
  }

  /** A whole number that an option was given. */
  count(option: string): number | undefined {
    const text = this.options[option] as string | undefined;
    if (text === undefined) return undefined;
    if (!/^\d{1,15}$/.test(text)) throw new CliError(`--${option} takes a whole number, not ${JSON.stringify(text)}`);
    return Number(text);
  }

  /** The container that the words or `--path` name. */
  async container(): Promise<ContainerPlace> {
    const path = this.options.path as string | undefined;
    if (path === undefined) return { ...this.system, pool: this.word("pool"), container: this.word("container") };
    const { resolvePath } = await import("../index.ts");
    const target = resolvePath(path);
    return { ...target, system: this.system.system ?? target.system };
  }
}

/** Adds the options that every command takes, before or after its words. */
export function addCommonOptions(command: Command): Command {
  return command
    .option("-j, --json", "answer with DAOS's JSON envelope {response, error, status}")
    .option("--system <url>", "where the pools are, such as file:///data/daos (default: $DAOS_SYSTEM)");
}

/** Adds a verb to its noun. */
export function addVerb(noun: Command, verb: Verb): Command {
  const words = verb.onContainer ? [...CONTAINER_WORDS, ...verb.words] : verb.words;
  const command = noun.command(verb.name).description(verb.about);
  // Which words must be there depends on --path, so that it is ours to say; commander says when there are too many.
  for (const { name, about, many } of words) command.argument(many ? `[${name}...]` : `[${name}]`, about);
  const usage = words.map(usageOf).join(" ");
  command.usage(`[options] ${usage}`);
  for (const option of verb.options ?? [])
    command.addOption(option instanceof Option ? option : new Option(option[0], option[1]));
  if (verb.onContainer) command.option("-d, --path <file>", "a unified-namespace file, in place of pool and container");
  addCommonOptions(command);
  const examples = verb.examples.map((line) => `  $ daos ${line}`).join("\n");
  command.addHelpText("after", `${verb.notes === undefined ? "" : `\n${verb.notes}\n`}\nExamples:\n${examples}`);
  return command.action(async () => {
    const options = command.optsWithGlobals();
    const isPathGiven = verb.onContainer === true && options.path !== undefined;
    const call = new Call(options, assign(command.args, isPathGiven ? verb.words : words, command));
    const { run } = await verb.load();
    const answer = await run(call);
    if (answer !== undefined) await write(call.json ? envelope(answer.response) : withLineBreak(answer.text));
  });
}

/** DAOS's envelope around an answer. */
export function envelope(response: unknown): string {
  return `${JSON.stringify({ response: response ?? null, error: null, status: 0 }, undefined, 2)}\n`;
}

/** An answer's text as it is printed. */
function withLineBreak(text: string): string {
  return text === "" ? "" : `${text}\n`;
}

function usageOf({ name, optional, many }: Word): string {
  const shown = many ? `${name}...` : name;
  return optional ? `[${shown}]` : `<${shown}>`;
}

function assign(args: readonly string[], words: readonly Word[], command: Command): Map<string, readonly string[]> {
  const assigned = new Map<string, readonly string[]>();
  let next = 0;
  for (const { name, optional, many } of words) {
    const given = many ? args.slice(next) : args.slice(next, next + 1);
    if (given.length === 0 && !optional)
      throw new CliError(`the required argument \`<${name}>' was not provided; see ${commandLine(command)} --help`);
    if (given.length > 0) assigned.set(name, given);
    next += given.length;
  }
  if (next < args.length)
    throw new CliError(`too many arguments: ${JSON.stringify(args[next])}; see ${commandLine(command)} --help`);
  return assigned;
}

/** `daos cont create`: a command as it is typed. */
export function commandLine(command: Command): string {
  return command.parent === null ? command.name() : `${commandLine(command.parent)} ${command.name()}`;
}
