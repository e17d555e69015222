/** Reads PNG files of the kind that `daos array show` writes: palette colours, 8 bits, no filter. */
import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";

/** Red, green, blue, alpha. */
export type Pixel = [number, number, number, number];

/** A picture. */
export interface Decoded {
  readonly width: number;
  readonly height: number;
  readonly colors: readonly Pixel[];
}

export function decodePng(file: Uint8Array): Decoded {
  const bytes = Buffer.from(file);
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    chunks.set(bytes.toString("latin1", at + 4, at + 8), bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const [header, palette, alpha] = ["IHDR", "PLTE", "tRNS"].map((type) => chunks.get(type)!) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  assert.deepEqual([...header.subarray(8)], [8, 3, 0, 0, 0]);
  const rows = inflateSync(chunks.get("IDAT")!);
  assert.equal(rows.length, height * (width + 1));
  const colors: Pixel[] = [];
  for (let y = 0; y < height; y++) {
    const row = rows.subarray(y * (width + 1), (y + 1) * (width + 1));
    assert.equal(row[0], 0);
    for (const index of row.subarray(1)) {
      const [red, green, blue] = palette.subarray(3 * index, 3 * index + 3) as unknown as [number, number, number];
      colors.push([red, green, blue, alpha[index] ?? 255]);
    }
  }
  return { width, height, colors };
}
