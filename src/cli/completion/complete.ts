/** `daos completion`: scripts for shells, made from the tree of commands. */
import type { Command, Option } from "commander";
import type { Answer } from "../call.ts";
import { CliError } from "../failure.ts";

/** A command with the words that lead to it, aliases included. */
interface Node {
  /** Each way to type the words after `daos`; `[""]` for `daos` itself. */
  readonly paths: readonly string[];
  readonly commands: readonly Command[];
  readonly options: readonly Option[];
}

const SCRIPTS: Readonly<Record<string, (nodes: readonly Node[]) => string>> = { bash, zsh, fish };

/** The script for that shell. */
export function complete(program: Command, shell: string): Answer {
  const script = SCRIPTS[shell];
  if (script === undefined)
    throw new CliError(`unknown shell ${JSON.stringify(shell)}; known are ${Object.keys(SCRIPTS).join(", ")}`);
  const text = script(nodesOf(program, [""]));
  return { text, response: text };
}

function nodesOf(command: Command, paths: readonly string[]): Node[] {
  const help = command.createHelp();
  const commands = command.commands;
  const children = commands.flatMap((child) => {
    const names = [child.name(), ...child.aliases()];
    return nodesOf(
      child,
      paths.flatMap((path) => names.map((name) => `${path} ${name}`.trim())),
    );
  });
  return [{ paths, commands, options: help.visibleOptions(command) }, ...children];
}

function flagsOf(options: readonly Option[]): string[] {
  return options.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined));
}

function wordsOf({ commands, options }: Node): string {
  return [...commands.flatMap((c) => [c.name(), ...c.aliases()]), ...flagsOf(options)].join(" ");
}

/** Options whose value is the next word: it must not be taken for a command. */
function valueFlags(nodes: readonly Node[]): string[] {
  return [...new Set(nodes.flatMap(({ options }) => flagsOf(options.filter((o) => o.required))))];
}

/** What may follow an option, by command and option: two commands may have an option of one name. */
function choiceCases(nodes: readonly Node[], line: (patterns: string, choices: string) => string): string[] {
  return nodes.flatMap(({ paths, options }) =>
    options
      .filter(({ argChoices }) => argChoices !== undefined)
      .map((option) => {
        const patterns = paths.flatMap((path) => flagsOf([option]).map((flag) => `"${path}:${flag}"`));
        return line(patterns.join("|"), option.argChoices!.join(" "));
      }),
  );
}

function bash(nodes: readonly Node[]): string {
  return `# bash completion of daos and tsdaos
_daos() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path="" word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      ${valueFlags(nodes).join("|")}) ((i++)) ;;
      -*) ;;
      *) case "\${path:+$path }$word" in
          ${pathPattern(nodes)}) path="\${path:+$path }$word" ;;
        esac ;;
    esac
  done
  case $path:$prev in
    ${choiceCases(nodes, (patterns, choices) => `${patterns}) COMPREPLY=($(compgen -W "${choices}" -- "$cur")); return ;;`).join("\n    ")}
  esac
  local words=""
  case $path in
    ${nodes.map((node) => `${caseOf(node)}) words="${wordsOf(node)}" ;;`).join("\n    ")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _daos daos tsdaos`;
}

function zsh(nodes: readonly Node[]): string {
  return `#compdef daos tsdaos
# zsh completion of daos and tsdaos
_daos() {
  local path_="" word i
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    case $word in
      ${valueFlags(nodes).join("|")}) ((i++)) ;;
      -*) ;;
      *) case "\${path_:+$path_ }$word" in
          ${pathPattern(nodes)}) path_="\${path_:+$path_ }$word" ;;
        esac ;;
    esac
  done
  case $path_:\${words[CURRENT-1]} in
    ${choiceCases(nodes, (patterns, choices) => `${patterns}) compadd -- ${choices}; return ;;`).join("\n    ")}
  esac
  case $path_ in
    ${nodes.map((node) => `${caseOf(node)}) compadd -- ${wordsOf(node)} ;;`).join("\n    ")}
  esac
  [[ \${words[CURRENT]} == -* ]] || _files
}
compdef _daos daos tsdaos`;
}

function caseOf({ paths }: Node): string {
  return paths.map((path) => `"${path}"`).join("|");
}

function pathPattern(nodes: readonly Node[]): string {
  return nodes
    .flatMap(({ paths }) => paths)
    .filter((path) => path !== "")
    .map((path) => `"${path}"`)
    .join("|");
}

function fish(nodes: readonly Node[]): string {
  const lines = ["daos", "tsdaos"].flatMap((name) =>
    nodes.flatMap((node) => {
      const condition = fishCondition(node);
      return [
        ...node.commands.flatMap((c) =>
          [c.name(), ...c.aliases()].map(
            (word) => `complete -c ${name} -f -n ${condition} -a ${word} -d ${fishQuote(c.description())}`,
          ),
        ),
        ...node.options.map(
          (o) => `complete -c ${name} -n ${condition}${fishOption(o)} -d ${fishQuote(o.description)}`,
        ),
      ];
    }),
  );
  return `# fish completion of daos and tsdaos\n${lines.join("\n")}`;
}

function fishCondition({ paths, commands }: Node): string {
  const [first = ""] = paths;
  const depth = first === "" ? 0 : first.split(" ").length;
  const seen = Array.from({ length: depth }, (_, i) => {
    const names = new Set(paths.map((path) => path.split(" ")[i]!));
    return `__fish_seen_subcommand_from ${[...names].join(" ")}`;
  });
  const below = commands.flatMap((c) => [c.name(), ...c.aliases()]);
  const notBelow = below.length === 0 ? [] : [`not __fish_seen_subcommand_from ${below.join(" ")}`];
  return fishQuote([...seen, ...notBelow].join("; and "));
}

function fishOption({ short, long, required, argChoices }: Option): string {
  const flags = `${short === undefined ? "" : ` -s ${short.slice(1)}`}${long === undefined ? "" : ` -l ${long.slice(2)}`}`;
  return `${flags}${required ? " -r" : ""}${argChoices === undefined ? "" : ` -f -a ${fishQuote(argChoices.join(" "))}`}`;
}

function fishQuote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
