/** Progress on standard error, when that is a terminal. */
import { size } from "./output.ts";

const REDRAW_MS = 100;
const BAR = 16;

/** One line that is drawn again now and then; of work that is done at once, never. In a pipe it draws nothing. */
class Line {
  readonly #isShown = process.stderr.isTTY === true;
  #drawn = performance.now();
  #isDrawn = false;

  draw(text: () => string): void {
    const now = performance.now();
    if (!this.#isShown || now - this.#drawn < REDRAW_MS) return;
    this.#drawn = now;
    this.#isDrawn = true;
    process.stderr.write(`\r\x1b[K${text().slice(0, (process.stderr.columns || 80) - 1)}`);
  }

  clear(): void {
    if (this.#isDrawn) process.stderr.write("\r\x1b[K");
  }
}

/** What is done so far. */
export interface Done {
  readonly bytes: number;
  readonly records: number;
}

/** Draws how far a load is. */
export class Progress {
  readonly #total: number | undefined;
  readonly #started = performance.now();
  readonly #line = new Line();

  /** @param total - how many bytes there are, where that is known. */
  constructor(total: number | undefined) {
    this.#total = total;
  }

  /** Draws now and then. */
  update(done: Done): void {
    this.#line.draw(() => {
      const rate = Math.round(done.records / ((performance.now() - this.#started) / 1000));
      return `${this.#share(done.bytes)}${done.records.toLocaleString("en")} records  ${rate.toLocaleString("en")}/s`;
    });
  }

  /** Removes the bar. */
  clear(): void {
    this.#line.clear();
  }

  #share(bytes: number): string {
    if (this.#total === undefined) return `${size(bytes)}  `;
    return `${bar(this.#total === 0 ? 1 : bytes / this.#total)}  ${size(bytes)} of ${size(this.#total)}  `;
  }
}

/** Draws how many of the parts of a work are done; at the end of its block the bar is removed. */
export class PartProgress implements Disposable {
  readonly #total: number | undefined;
  readonly #line = new Line();

  /** @param total - how many parts there are, when the work itself does not say so. */
  constructor(total?: number) {
    this.#total = total;
  }

  /** An `onProgress`. */
  readonly update = (done: number, of: number | undefined): void => {
    const total = of ?? this.#total;
    this.#line.draw(() => (total ? bar(done / total) : `${done.toLocaleString("en")} parts`));
  };

  [Symbol.dispose](): void {
    this.#line.clear();
  }
}

/** `[####............]  25 %` */
function bar(share: number): string {
  const part = Math.min(1, share);
  const filled = Math.round(part * BAR);
  return `[${"#".repeat(filled)}${".".repeat(BAR - filled)}] ${`${Math.floor(part * 100)}`.padStart(3)} %`;
}
