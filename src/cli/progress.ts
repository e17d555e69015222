/** A progress bar on standard error, when that is a terminal. */
import { size } from "./output.ts";

const REDRAW_MS = 100;
const BAR = 16;

/** What is done so far. */
export interface Done {
  readonly bytes: number;
  readonly records: number;
}

/** Draws how far a load is. In a pipe it draws nothing. */
export class Progress {
  readonly #total: number | undefined;
  readonly #started = performance.now();
  readonly #isShown = process.stderr.isTTY === true;
  #drawn = 0;

  /** @param total - how many bytes there are, where that is known. */
  constructor(total: number | undefined) {
    this.#total = total;
  }

  /** Draws now and then. */
  update(done: Done): void {
    const now = performance.now();
    if (!this.#isShown || now - this.#drawn < REDRAW_MS) return;
    this.#drawn = now;
    const rate = Math.round(done.records / ((now - this.#started) / 1000));
    const line = `${this.#share(done.bytes)}${done.records.toLocaleString("en")} records  ${rate.toLocaleString("en")}/s`;
    process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns || 80) - 1)}`);
  }

  /** Removes the bar. */
  clear(): void {
    if (this.#drawn > 0) process.stderr.write("\r\x1b[K");
  }

  #share(bytes: number): string {
    if (this.#total === undefined) return `${size(bytes)}  `;
    const part = this.#total === 0 ? 1 : Math.min(1, bytes / this.#total);
    const filled = Math.round(part * BAR);
    const percent = `${Math.floor(part * 100)}`.padStart(3);
    return `[${"#".repeat(filled)}${".".repeat(BAR - filled)}] ${percent} %  ${size(bytes)} of ${size(this.#total)}  `;
  }
}
