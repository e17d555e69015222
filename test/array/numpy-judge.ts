/** A NumPy process that answers questions, one at a time; Debian's python3-numpy. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { skipWithout } from "../needs.ts";

const PYTHON = "/usr/bin/python3";

/** Why there is no NumPy here; `false` when there is. A reason is a failure where TSDAOS_TEST_REQUIRE names numpy. */
export function numpyMissing(): string | false {
  const { status } = spawnSync(PYTHON, ["-c", "import numpy"]);
  if (status === 0) return false;
  return skipWithout("numpy", "python3-numpy is not installed");
}

export interface Answer {
  readonly refused?: string;
  readonly shape?: readonly number[];
  readonly data?: string;
}

/** The process. */
export class NumpyJudge {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(script: string) {
    this.#process = spawn(PYTHON, [fileURLToPath(new URL(script, import.meta.url))], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  async ask(question: object): Promise<Answer> {
    this.#process.stdin!.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("numpy-judge.py has ended");
    return JSON.parse(value) as Answer;
  }

  async close(): Promise<void> {
    this.#process.stdin!.end();
    if (this.#process.exitCode === null) await once(this.#process, "exit");
  }
}
