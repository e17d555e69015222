/** A program in another language that is measured in turns with ours: it answers each line with what its work took. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A running program; it ends when its input does. */
export class Loop {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** The number that it answers to the line. */
  async ask(line: string): Promise<number> {
    this.#child.stdin!.write(`${line}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error(`${this.#child.spawnfile} ended`);
    return Number(value);
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.stdin!.end();
    await ended;
  }
}
