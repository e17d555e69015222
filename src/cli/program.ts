/** The tree of commands. A new noun is declared in a folder of its own and added here. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { arrayVerbs } from "./array/commands.ts";
import { addCommonOptions, addVerb, commandLine, type Verb } from "./call.ts";
import { completionVerb } from "./completion/command.ts";
import { containerVerbs } from "./cont/commands.ts";
import { dictionaryVerbs } from "./dict/commands.ts";
import { CliError } from "./failure.ts";
import { poolVerbs } from "./pool/commands.ts";
import { shellVerb } from "./shell/command.ts";

/** The whole command line, ready to parse. */
export function daosProgram(): Command {
  const program = addCommonOptions(new Command("daos"))
    .description("Pools, containers, dictionaries and arrays of tsdaos.")
    .version(`tsdaos ${version()}`, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .enablePositionalOptions()
    .configureHelp({ subcommandTerm })
    .configureOutput({ writeErr: () => {} })
    .exitOverride()
    .addHelpText("after", HELP);
  addNoun(program, "pool", undefined, "create, list, query and destroy pools", poolVerbs);
  addNoun(program, "cont", "container", "create, list, query, check, back up and destroy containers", containerVerbs);
  addNoun(program, "dict", undefined, "read, write, load and dump dictionaries", dictionaryVerbs);
  addNoun(program, "array", undefined, "create, import, export, compute on and draw arrays", arrayVerbs);
  addVerb(program, shellVerb);
  addVerb(
    program,
    completionVerb(() => program),
  );
  return wantsCommand(program);
}

const HELP = `
The system is where pools live: --system, else $DAOS_SYSTEM, else ~/.local/share/daos.
Write -- before a word that begins with a dash. A failure prints one line, ERROR: daos: ..., and exits with status 1.

Examples:
  $ daos pool create tank
  $ daos cont create tank --label neo --type PYTHON
  $ daos dict put tank neo stadium Barcelona "Camp Nou"
  $ daos dict get tank neo stadium Barcelona
  $ daos array import tank neo temps temps.npy
  $ daos array show tank neo temps
  $ daos shell tank neo`;

/** A command in a list: its words are in its own help; commander would show them as if all could be left out. */
function subcommandTerm(command: Command): string {
  return [command.name(), ...command.aliases()].join("|");
}

function addNoun(
  program: Command,
  name: string,
  alias: string | undefined,
  about: string,
  verbs: readonly Verb[],
): void {
  const noun = addCommonOptions(program.command(name).description(about)).enablePositionalOptions();
  if (alias !== undefined) noun.alias(alias);
  for (const verb of verbs) addVerb(noun, verb);
  noun.addHelpText("after", `\nExamples:\n${verbs.map(({ examples }) => `  $ daos ${examples[0]}`).join("\n")}`);
  wantsCommand(noun);
}

/** Without a command that it knows, it says in DAOS's words which ones there are. */
function wantsCommand(command: Command): Command {
  // Said aloud: a command with an action gets no help command of its own accord.
  return command
    .helpCommand("help [command]", "print the help of a command")
    .allowExcessArguments()
    .action(() => {
      const names = command.commands.map((c) => c.name()).sort();
      const choice = `Please specify one command of: ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
      const [given] = command.args;
      throw new CliError(
        given === undefined
          ? `${choice}; see ${commandLine(command)} --help`
          : `Unknown command \`${given}'. ${choice}`,
      );
    });
}

function version(): string {
  // The same place seen from src/cli and from dist/cli.
  return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
}
