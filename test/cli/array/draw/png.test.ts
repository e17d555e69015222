import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { encodePng } from "../../../../src/cli/array/draw/png.ts";
import { decodePng } from "../../png.ts";

test("a PNG file has the chunks, checksums and pixels of the picture", () => {
  const [width, height] = [7, 5];
  const pixels = Uint8Array.from({ length: width * height }, (_, i) => i % 4);
  const palette = [
    [255, 255, 255],
    [1, 2, 3],
    [255, 0, 128],
    [0, 0, 0],
  ] as const;
  const bytes = Buffer.from(encodePng({ width, height, pixels, palette, transparent: 0 }));
  assert.equal(bytes.subarray(0, 8).toString("latin1"), "\x89PNG\r\n\x1a\n");
  const types: string[] = [];
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    types.push(bytes.toString("latin1", at + 4, at + 8));
    assert.equal(bytes.readUInt32BE(at + 8 + length), crc32(bytes.subarray(at + 4, at + 8 + length)), types.at(-1));
    at += 12 + length;
  }
  assert.deepEqual(types, ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"]);
  const decoded = decodePng(bytes);
  assert.deepEqual([decoded.width, decoded.height], [width, height]);
  for (let i = 0; i < pixels.length; i++)
    assert.deepEqual(decoded.colors[i], [...palette[pixels[i]!]!, pixels[i] === 0 ? 0 : 255], `pixel ${i}`);
});
