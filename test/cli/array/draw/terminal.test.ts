import assert from "node:assert/strict";
import { test } from "node:test";
import { COLOR_MAPS, colorAt } from "../../../../src/cli/array/draw/color-map.ts";
import { bar, Histogram } from "../../../../src/cli/array/draw/histogram.ts";
import { pictureOfBars } from "../../../../src/cli/array/draw/picture.ts";
import { scaleOf, shareOf } from "../../../../src/cli/array/draw/raster.ts";
import { drawLegend, drawRaster } from "../../../../src/cli/array/draw/terminal.ts";

const values = Float64Array.of(0, 0.5, 1, NaN, 1, NaN);
const raster = { width: 2, height: 3, values };
const scale = { min: 0, max: 1 };

test("without colours each value is a character, and NaN is a blank", () => {
  assert.deepEqual(drawRaster(raster, scale, "gray", "plain"), [".+", "@", "@"]);
  assert.equal(drawLegend(["0", "1"], "gray", "plain"), "0 .:-=+*#%@ 1");
});

test("with colours a character is two values, one above the other, and where there is NaN nothing is painted", () => {
  assert.deepEqual(drawRaster(raster, scale, "gray", "truecolor"), [
    "\x1b[38;2;0;0;0;48;2;255;255;255m▀\x1b[38;2;128;128;128;49m▀\x1b[0m",
    "\x1b[38;2;255;255;255;49m▀\x1b[0m \x1b[0m",
  ]);
  const below = { width: 1, height: 2, values: Float64Array.of(NaN, 1) };
  assert.deepEqual(drawRaster(below, scale, "gray", "256"), ["\x1b[49;38;5;231m▄\x1b[0m"]);
  const legend = drawLegend(["0", "1"], "viridis", "truecolor");
  assert.ok(legend.startsWith("0 \x1b[38;2;68;1;84;48;2;68;1;84m▀") && legend.endsWith("▀\x1b[0m 1"), legend);
});

test("neighbours of the same colours share their orders", () => {
  const flat = { width: 3, height: 2, values: new Float64Array(6) };
  assert.deepEqual(drawRaster(flat, scale, "gray", "256"), ["\x1b[38;5;16;48;5;16m▀▀▀\x1b[0m"]);
});

test("a colour map begins and ends with its own colours, and goes evenly between them", () => {
  assert.deepEqual(colorAt("viridis", 0), [0x44, 0x01, 0x54]);
  assert.deepEqual(colorAt("viridis", 1), [0xfd, 0xe7, 0x25]);
  assert.deepEqual(colorAt("gray", 0.25), [64, 64, 64]);
  for (const map of COLOR_MAPS)
    for (let i = 0; i <= 100; i++)
      for (const part of colorAt(map, i / 100)) assert.ok(Number.isInteger(part) && part >= 0 && part <= 255);
});

test("a scale is that of what is finite; what lies beyond it is at its end", () => {
  assert.deepEqual(scaleOf([3, NaN, -Infinity, -1, 5n, Infinity]), { min: -1, max: 5 });
  assert.deepEqual(scaleOf([NaN]), { min: NaN, max: NaN });
  const shares = [-Infinity, -1, 0, 0.25, 1, 7, Infinity, NaN].map((value) => shareOf(value, scale));
  assert.deepEqual(shares, [0, 0, 0, 0.25, 1, 1, 1, NaN]);
  assert.equal(shareOf(4, { min: 4, max: 4 }), 0);
});

test("a histogram counts each value once: the upper end, NaN and what is outside too", () => {
  const histogram = new Histogram({ min: 0, max: 4 }, 4);
  histogram.add([0, 0.999, 1, 2.5, 3, 4, 4.001, -0.001, NaN, Infinity, 2n]);
  assert.deepEqual([...histogram.counts], [2, 1, 2, 2]);
  assert.deepEqual([histogram.outside, histogram.missing], [3, 1]);
  assert.deepEqual([histogram.edge(0), histogram.edge(3), histogram.edge(4)], [0, 3, 4]);
  const constant = new Histogram({ min: 5, max: 5 }, 3);
  constant.add([5, 5]);
  assert.deepEqual([...constant.counts], [2, 0, 0]);
});

test("bars are as long as their share, and what is not nothing is seen", () => {
  assert.deepEqual([bar(1, 4, true), bar(0.5, 4, true), bar(0.001, 4, true), bar(0, 4, true)], ["####", "##", "#", ""]);
  assert.deepEqual(
    [bar(1, 2, false), bar(0.75, 2, false), bar(0.5, 1, false), bar(0.0001, 2, false)],
    ["██", "█▌", "▌", "▏"],
  );
});

test("bars stand side by side in a picture", () => {
  const { pixels, width, height } = pictureOfBars([1, 2], 4, 2, "gray");
  assert.deepEqual([width, height, [...pixels]], [4, 2, [0, 0, 255, 255, 1, 1, 255, 255]]);
});
