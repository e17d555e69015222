/** The verbs of `daos array`. */
import { Option } from "commander";
import type { Verb, Word } from "../call.ts";
import { COLOR_MAPS } from "./draw/color-map.ts";
import { DTYPES } from "./dtypes.ts";
import { FILE_FORMATS } from "./file-format.ts";
import { LAYOUT_OPTIONS } from "./layout.ts";

const ARRAY: Word = { name: "array", about: "name of the array" };
const SELECT = ["-s, --select <selection>", 'a part of it, as in Python: "0, 10:20, ::2, ..., -1, [3, 1]"'] as const;

export const arrayVerbs: readonly Verb[] = [
  {
    name: "list",
    about: "list the arrays of a container",
    onContainer: true,
    words: [],
    examples: ["array list tank neo"],
    load: () => import("./list.ts"),
  },
  {
    name: "info",
    about: "show shape, type, chunks, codecs and attributes of an array, and what of it is stored",
    onContainer: true,
    words: [ARRAY],
    examples: ["array info tank neo temps", "-j array info tank neo temps"],
    load: () => import("./info.ts"),
  },
  {
    name: "create",
    about: "create an array of fill values",
    notes: "Chunks that have fill values only take no space: an array may be far bigger than the disk.",
    onContainer: true,
    words: [ARRAY],
    options: [
      ["--shape <lengths>", "length of each axis, such as 365,180,360; '' for an array of one element without axes"],
      new Option("-t, --dtype <type>", "type of the elements").choices(DTYPES),
      ["--fill <value>", "what elements are that were never written (default: 0)"],
      ...LAYOUT_OPTIONS,
    ],
    examples: [
      "array create tank neo temps --shape 365,180,360 --dtype float32 --fill nan",
      "array create tank neo log --shape 0,3 --dtype float64 --chunks 4096,3 --codec zstd --names time,axis",
    ],
    load: () => import("./create.ts"),
  },
  {
    name: "destroy",
    about: "destroy an array",
    onContainer: true,
    words: [ARRAY],
    examples: ["array destroy tank neo temps"],
    load: () => import("./destroy.ts"),
  },
  {
    name: "import",
    about: "make an array of a .npy file or a Zarr v3 directory",
    notes:
      "Reads files bigger than memory. A Zarr directory keeps its chunks, codecs, axis names and attributes unless\n" +
      "the options say otherwise; codecs are zstd and gzip. The array is there when all of it is; an import that\n" +
      "fails or is interrupted leaves nothing.",
    onContainer: true,
    words: [ARRAY, { name: "file", about: "the .npy file or the Zarr directory" }],
    options: LAYOUT_OPTIONS,
    examples: [
      "array import tank neo temps temps.npy",
      "array import tank neo temps temps.npy --chunks 1,180,360 --codec zstd",
      "array import tank neo temps temps.zarr",
    ],
    load: () => import("./import.ts"),
  },
  {
    name: "export",
    about: "write an array, or a part of it, to a .npy file or a Zarr v3 directory",
    notes:
      "Writes arrays bigger than memory. The file appears complete or not at all. What is there stays, unless --force:\n" +
      "that replaces files and Zarr arrays, no other directories.",
    onContainer: true,
    words: [ARRAY, { name: "file", about: "the file or directory to make" }],
    options: [
      SELECT,
      new Option("-F, --format <format>", "what to write (default: by the file's name)").choices(FILE_FORMATS),
      ["-f, --force", "replace what is there"],
    ],
    examples: [
      "array export tank neo temps temps.npy",
      "array export tank neo temps day0.npy --select 0",
      "array export tank neo temps temps.zarr",
    ],
    load: () => import("./export.ts"),
  },
  {
    name: "get",
    about: "print elements",
    notes:
      "A line for each row of the last axis, a blank line between matrices. With --json the response is\n" +
      "{name, dtype, shape, data}; NaN and infinities are text there, complex numbers pairs.",
    onContainer: true,
    words: [ARRAY],
    options: [SELECT],
    examples: ["array get tank neo temps --select 0,90,180", 'array get tank neo temps --select "0, :10, :10"'],
    load: () => import("./get.ts"),
  },
  {
    name: "set",
    about: "make elements a value",
    notes: "The value is a number such as -1.5, nan or inf, a complex one such as 1-2i, or true or false.",
    onContainer: true,
    words: [ARRAY, { name: "value", about: "the value; after -- when it begins with a dash and is no number" }],
    options: [SELECT],
    examples: ["array set tank neo temps 21.5 --select 0,90,180", 'array set tank neo temps nan --select "..., :10"'],
    load: () => import("./set.ts"),
  },
  {
    name: "stat",
    about: "print smallest, largest, mean and standard deviation of the elements",
    notes:
      "Reads the array once, however big, in little memory. NaNs are counted and left out of the other figures.\n" +
      "Of complex numbers the figures are those of the absolute values.",
    onContainer: true,
    words: [ARRAY],
    options: [SELECT],
    examples: ["array stat tank neo temps", 'array stat tank neo temps --select ":31"'],
    load: () => import("./stat.ts"),
  },
  {
    name: "show",
    about: "draw two axes of an array, or a histogram, in the terminal or as a PNG file",
    notes:
      "Of more than two axes the last two are drawn, at the first index of the others, or at what --select says; of\n" +
      "fewer, a histogram. A colour is the mean of the elements behind it, evenly chosen ones of a big array; NaN is\n" +
      "left out and shows the background. Where there are no colours (a pipe, NO_COLOR) it draws with characters.",
    onContainer: true,
    words: [ARRAY],
    options: [
      SELECT,
      ["--histogram", "how often values occur"],
      ["--bins <count>", "bars of the histogram (default: 16)"],
      ["--min <value>", "value of the first colour or bar (default: the smallest)"],
      ["--max <value>", "value of the last colour or bar (default: the largest)"],
      new Option("--colors <map>", "the colours").choices(COLOR_MAPS).default("viridis"),
      ["-w, --width <count>", "characters, or pixels of a file (default: what fits the terminal; up to 1024 pixels)"],
      ["--png <file>", "write a PNG file"],
      ["-f, --force", "replace the PNG file"],
    ],
    examples: [
      "array show tank neo temps --select 0",
      "array show tank neo temps --select 0 --png day0.png --colors coolwarm --min -40 --max 40",
      "array show tank neo temps --histogram --bins 20",
    ],
    load: () => import("./show.ts"),
  },
];
