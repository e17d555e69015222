/** Printing: text as DAOS lays it out, and writing that waits for whoever reads. */
import { visible } from "./failure.ts";

/** Writes to standard output; resolves when it is taken. */
export function write(data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(data, (error) => (error ? reject(error) : resolve()));
  });
}

/** Lines of `  Name : value`; a fact that is not known has no line. The width of names is the widest one's, or more. */
export function facts(
  pairs: readonly (readonly [name: string, value: string | undefined])[],
  width: number = Math.max(...pairs.map(([name]) => name.length)),
): string {
  return pairs
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name.padEnd(width)}: ${value}`)
    .join("\n");
}

/** Columns under underlined titles. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]!.length), title.length),
  );
  return [titles, titles.map((title) => "-".repeat(title.length)), ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join(" ")
        .trimEnd(),
    )
    .join("\n");
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/** A size for people: `1.4 GiB`. */
export function size(bytes: number): string {
  let unit = 0;
  let shown = bytes;
  for (; shown >= 1023.95 && unit < UNITS.length - 1; unit++) shown /= 1024;
  return `${unit === 0 ? shown : shown.toFixed(shown < 9.95 ? 2 : 1)} ${UNITS[unit]}`;
}

/** A name as it is; on a terminal its control characters become visible: they could be orders to it. */
export function printable(text: string): string {
  return process.stdout.isTTY ? visible(text) : text;
}
