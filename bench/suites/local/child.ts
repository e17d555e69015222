/** Fresh processes: for what a process that has done other things cannot tell. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The `daos` command of the package. */
export const DAOS: string = join(import.meta.dirname, "..", "..", "node_modules", "tsdaos", "bin", "daos.js");

/** How often the memory of a child is looked at, milliseconds. */
const LOOK_MS = 10;

/** What a child said and took. */
export interface ChildResult {
  /** The JSON that it printed. */
  readonly answer: unknown;
  /** The most anonymous resident memory that was seen, bytes. */
  readonly rssAnon: number;
}

/** Runs `children/<name>.ts` in a process of its own. */
export function runChild(name: string, args: readonly string[]): Promise<ChildResult> {
  return runNode([join(import.meta.dirname, "..", "..", "children", `${name}.ts`), ...args]);
}

/** Runs a program in a process of its own. */
export async function runNode(args: readonly string[]): Promise<ChildResult> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  let rssAnon = 0;
  const look = setInterval(() => {
    rssAnon = Math.max(rssAnon, rssAnonOf(child));
  }, LOOK_MS);
  const [code] = (await once(child, "close")) as [number | null];
  clearInterval(look);
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}`);
  return { answer: JSON.parse(output), rssAnon };
}

function rssAnonOf({ pid }: ChildProcess): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return 1024 * Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0; // it has just ended
  }
}
