/**
 * Runs a program as if it were typed into a shell: each statement is printed before it runs, and what it gives after.
 * The program is an ordinary file; what is printed is the text that is run.
 */
import { registerHooks } from "node:module";
import { inspect } from "node:util";

const NARRATED = "?narrated";

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    return url.endsWith(NARRATED) ? { ...loaded, source: narrate(String(loaded.source)) } : loaded;
  },
});

let unexpected = 0;

/** Runs the program at `url`, narrated; resolves to how many of its statements did not end as they say. */
export async function runNarrated(url: URL): Promise<number> {
  const before = unexpected;
  await import(url.href + NARRATED);
  return unexpected - before;
}

/** Prints a statement as a shell shows it. Called by narrated programs. */
export function say(statement: string): void {
  console.log(`>>> ${statement.replaceAll("\n", "\n... ")}`);
}

/**
 * Runs an expression and prints what it gives; like Python's shell, nothing for nothing. Called by narrated programs.
 *
 * @param expected - the error code that the statement's comment announces, if it announces one.
 */
export async function show(expression: () => unknown, expected: string | undefined): Promise<void> {
  let code: unknown;
  try {
    const result = await expression();
    if (result !== undefined) console.log(inspect(result));
  } catch (e) {
    code = (e as { code?: unknown }).code;
    console.log(`Uncaught ${e}`);
    if (code === undefined) throw e;
  }
  if (code !== expected) unexpected++;
}

/** The same program, which tells what it does. A statement begins in the first column and ends before the next one. */
function narrate(program: string): string {
  const statements = program.split(/\n(?=[^\s}])/).filter((text) => !text.startsWith("//"));
  return [`import * as narration from ${JSON.stringify(import.meta.url)};`, ...statements.map(narrateStatement)].join(
    "\n",
  );
}

function narrateStatement(text: string): string {
  const statement = text.trimEnd();
  const said = `narration.say(${JSON.stringify(statement)});`;
  if (/^(import|const|let|for|if|while|try)\b/.test(statement)) return `${said}\n${statement}`;
  const [, expression, comment] = /^(.*?);(?:\s*\/\/ (.*))?$/s.exec(statement)!;
  const expected = /^DER_\w+$/.exec(comment ?? "")?.[0];
  return `${said}\nawait narration.show(async () => (${expression}), ${JSON.stringify(expected)});`;
}
