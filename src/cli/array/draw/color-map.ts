/** Colours for values between 0 and 1. Pure. */

/** Red, green, blue, each 0 to 255. */
export type Color = readonly [red: number, green: number, blue: number];

/** Colours at even distances; between them, the mixture. */
const MAPS = {
  viridis: [0x440154, 0x482878, 0x3e4a89, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b, 0xfde725],
  magma: [0x000004, 0x180f3e, 0x451077, 0x721f81, 0x9f2f7f, 0xcd4071, 0xf1605d, 0xfd9567, 0xfec98d, 0xfcfdbf],
  gray: [0x000000, 0xffffff],
  coolwarm: [0x3b4cc0, 0x7b9ff9, 0xc0d4f5, 0xdddcdc, 0xf2cab5, 0xee8468, 0xb40426],
} as const;

/** The name of a colour map. */
export type ColorMap = keyof typeof MAPS;

/** All of them. */
export const COLOR_MAPS = Object.keys(MAPS) as readonly ColorMap[];

/** The colour at `share` of the way, 0 to 1. */
export function colorAt(map: ColorMap, share: number): Color {
  const anchors: readonly number[] = MAPS[map];
  const position = share * (anchors.length - 1);
  const low = Math.min(Math.floor(position), anchors.length - 2);
  const weight = position - low;
  const mix = (shift: number): number => {
    const [a, b] = [(anchors[low]! >> shift) & 255, (anchors[low + 1]! >> shift) & 255];
    return Math.round(a + (b - a) * weight);
  };
  return [mix(16), mix(8), mix(0)];
}
