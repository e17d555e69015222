/** PyDAOS, to test against: Python's own module, where it is installed. */
import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { missing, pool } from "./support.ts";

/** Why PyDAOS cannot be run; `undefined` when it can. */
export const missingPython: string | undefined = missing ?? whyMissing();

/** For the options of a test that needs PyDAOS. */
export const needsPython: { readonly skip: string | false } = { skip: missingPython ?? false };

// Leaving Python with live objects aborts it: the program is a function, whose locals are gone at its end.
const AROUND = (program: string): string => `
import sys, json, hashlib, gc, pydaos
def main(dc, arg):
${program.trimEnd().replace(/^/gm, "    ")}
dc = pydaos.DCont(sys.argv[1], sys.argv[2])
result = main(dc, json.loads(sys.argv[3]))
gc.collect()
del dc
print(json.dumps(result))
`;

/**
 * Runs the body of a Python function of a container `dc` and an argument `arg`, and gives what it returns; both travel
 * as JSON.
 */
export function python(container: string, program: string, arg: unknown = null): unknown {
  return answerOf(execFileSync("python3", argumentsOf(container, program, arg), OPTIONS));
}

/** The same, while this process goes on. */
export async function pythonAside(container: string, program: string, arg: unknown = null): Promise<unknown> {
  const { stdout } = await promisify(execFile)("python3", argumentsOf(container, program, arg), OPTIONS);
  return answerOf(stdout);
}

const OPTIONS = { encoding: "utf8", maxBuffer: 2 ** 26 } as const;

function argumentsOf(container: string, program: string, arg: unknown): string[] {
  return ["-c", AROUND(program), pool, container, JSON.stringify(arg)];
}

function answerOf(stdout: string): unknown {
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

function whyMissing(): string | undefined {
  try {
    execFileSync("python3", ["-c", "import pydaos"], { stdio: "pipe" });
    return undefined;
  } catch {
    return "python3 cannot import pydaos";
  }
}
