/** PNG files of palette colours (https://www.w3.org/TR/png-3/). Pure. */
import { crc32, deflateSync } from "node:zlib";
import type { Color } from "./color-map.ts";

/** A picture: for each pixel, row by row from the top, the number of its colour. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
  /** At most 256 colours. */
  readonly palette: readonly Color[];
  /** The number of the colour that lets the background through. */
  readonly transparent: number;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const BITS_PER_PIXEL = 8;
const INDEXED = 3;
const OPAQUE = 255;

/** The file. */
export function encodePng({ width, height, pixels, palette, transparent }: Picture): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = BITS_PER_PIXEL;
  header[9] = INDEXED;
  const alpha = Buffer.alloc(transparent + 1, OPAQUE);
  alpha[transparent] = 0;
  // Each row begins with the number of its filter: 0, none.
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flat())),
    chunk("tRNS", alpha),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(data.length + 12);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, "latin1");
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), bytes.length - 4);
  return bytes;
}
