import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { colorAt } from "../../src/cli/array/draw/color-map.ts";
import { type DArray, DCont, ndarray, sel, xp } from "../../src/index.ts";
import { skipWithout } from "../needs.ts";
import { BIN, type Playground, playgroundWithContainer } from "./daos.ts";
import { decodePng } from "./png.ts";

const hasScript = spawnSync("script", ["--version"]).status === 0;
const noScript = !hasScript && skipWithout("script", "script of util-linux is not on this machine");

describe("daos array", () => {
  let play: Playground;
  let cont: DCont;
  before(async () => {
    play = playgroundWithContainer();
    cont = await DCont.open("tank", "neo", { system: play.environment.DAOS_SYSTEM });
  });
  after(async () => {
    await cont.close();
    play[Symbol.dispose]();
  });

  const array = (verb: string, ...words: string[]) => play.daos("array", verb, "tank", "neo", ...words);
  const json = (verb: string, ...words: string[]): Record<string, unknown> => {
    const answer = play.json("array", verb, "tank", "neo", ...words) as { response: Record<string, unknown> };
    return answer.response;
  };
  const done = (verb: string, ...words: string[]): string => {
    const { status, stdout, stderr } = array(verb, ...words);
    assert.deepEqual([status, stderr], [0, ""], `${verb} ${words.join(" ")}`);
    return stdout;
  };
  const fails = (error: RegExp, verb: string, ...words: string[]): void => {
    const { status, stdout, stderr } = array(verb, ...words);
    assert.deepEqual([status, stdout], [1, ""], `${verb} ${words.join(" ")}`);
    assert.match(stderr, /^ERROR: daos: [^\n]*\n$/);
    assert.match(stderr, error, `${verb} ${words.join(" ")}`);
  };
  /** A new array with 0, 1, 2, ... in it. */
  const counting = (name: string, shape: readonly number[], chunks?: readonly number[]): Promise<DArray<"float32">> => {
    const size = shape.reduce((a, b) => a * b, 1);
    const from = ndarray(
      "float32",
      shape,
      Float32Array.from({ length: size }, (_, i) => i),
    );
    return cont.array(name, { from, chunks });
  };

  it("creates an array with all that it may have, lists it, tells of it, destroys it", async () => {
    const made = done(
      "create",
      "made",
      ...["--shape", "10,20,30", "--dtype", "float32", "--chunks", "5x20x30", "--fill", "nan", "--codec", "zstd:3"],
      ...["--names", "time,,lon", "--attributes", '{"unit": "K"}'],
    );
    assert.equal(made, "Successfully created array made of [10, 20, 30] float32\n");
    const da = await cont.getArray("made", { dtype: "float32" });
    await da.set(sel("0"), 1);
    assert.match(done("list"), /^made$/m);
    assert.deepEqual(
      (json("list") as unknown as { name: string }[]).find(({ name }) => name === "made"),
      { name: "made", oid: da.oid },
    );
    const { storedBytes, ...info } = json("info", "made");
    assert.ok(Number(storedBytes) > 10 && Number(storedBytes) < 12_000);
    assert.deepEqual(info, {
      name: "made",
      oid: da.oid,
      dtype: "float32",
      shape: [10, 20, 30],
      dimensionNames: ["time", null, "lon"],
      elements: 6000,
      bytes: 24_000,
      fill: "NaN",
      chunks: [5, 20, 30],
      codecs: [
        { name: "bytes", configuration: { endian: "little" } },
        { name: "zstd", configuration: { level: 3, checksum: false } },
      ],
      chunkCount: 2,
      storedChunks: 1,
      attributes: { unit: "K" },
      path: da.path,
    });
    const text = done("info", "made");
    for (const line of [
      "Type      : float32",
      "Shape     : [10, 20, 30]",
      "Axes      : time, -, lon",
      "Elements  : 6000 (23.4 KiB)",
      "Fill Value: NaN",
      "Chunks    : [5, 20, 30] (11.7 KiB)",
      "Codecs    : bytes, zstd (level 3)",
      'Attributes: {"unit":"K"}',
    ])
      assert.ok(text.includes(`  ${line}\n`), `${line} in\n${text}`);
    assert.match(text, / {2}Stored {4}: 1 of 2 chunks \(\d+ B\)/);
    done("destroy", "made");
    assert.equal(await cont.has("made"), false);
    assert.doesNotMatch(done("list"), /^made$/m);
  });

  it("says in DAOS's words what is wrong, and changes nothing", async () => {
    await cont.dict("stadium", { a: "b" });
    const da = await counting("sound", [2, 3]);
    for (const words of [["info"], ["stat"], ["show"], ["get"], ["destroy"]] as const) {
      fails(/Failed to open 'none': DER_NONEXIST\(-1005\)/, words[0], "none");
      fails(/DER_MISMATCH\(-1031\): .*'stadium' is a dict, not an array/, words[0], "stadium");
    }
    fails(/DER_NONEXIST/, "export", "none", "none.npy");
    fails(/DER_MISMATCH/, "export", "stadium", "none.npy");
    fails(/DER_MISMATCH/, "set", "stadium", "1", "--select", "0");
    fails(/`<array>' was not provided/, "info");
    fails(/--shape says/, "create", "x", "--dtype", "int8");
    fails(/--dtype says/, "create", "x", "--shape", "1");
    fails(
      /argument 'int9' is invalid. Allowed choices are bool, int8/,
      "create",
      "x",
      "--shape",
      "1",
      "--dtype",
      "int9",
    );
    const create = ["create", "x", "--shape", "4,5", "--dtype", "int8"] as const;
    fails(/--shape takes lengths such as 100,200, not "a"/, "create", "x", "--shape", "a", "--dtype", "int8");
    fails(/--shape takes lengths/, "create", "x", "--shape=-1,2", "--dtype", "int8");
    fails(/--chunks takes lengths/, ...create, "--chunks", "1;2");
    fails(/chunks has 1 lengths, the array has 2 axes/, ...create, "--chunks", "1");
    fails(/--codec is zstd, gzip, zstd:3 or none, not "blosc"/, ...create, "--codec", "blosc");
    fails(/DER_INVAL.*level of zstd is a whole number from -131072 to 22, not 99/, ...create, "--codec", "zstd:99");
    fails(/an element of int8 is a number, not "x"/, ...create, "--fill", "x");
    fails(/DER_INVAL.*300 is out of the range of int8/, ...create, "--fill", "300");
    fails(/DER_INVAL.*dimension names are 2 texts/, ...create, "--names", "x");
    fails(/--attributes is no JSON/, ...create, "--attributes", "{");
    fails(/--attributes takes a JSON object/, ...create, "--attributes", "[1]");
    fails(/DER_EXIST/, "create", "sound", "--shape", "1", "--dtype", "int8");
    assert.equal(await cont.has("x"), false);
    fails(/DER_INVAL.*index 2 is out of range for axis 0 with length 2/, "get", "sound", "--select", "2");
    fails(/DER_INVAL.*"a" in "a" is no index, range, list, mask/, "get", "sound", "-s", "a");
    fails(/--select says which elements/, "set", "sound", "1");
    fails(/an element of float32 is a number, not "one"/, "set", "sound", "one", "-s", "0");
    fails(/'--codec'|unknown option '--code'/, "export", "sound", "x.npy", "--code", "zstd");
    fails(/ends neither in .npy nor in .zarr; --format says/, "export", "sound", "x.txt");
    fails(/--min is not less than --max/, "show", "sound", "--min", "2", "--max", "1");
    fails(/--min takes a finite number, not inf/, "show", "sound", "--min", "inf");
    fails(/--width is from 1 to 8192, not 0/, "show", "sound", "--width", "0");
    fails(/--bins takes a whole number, not "x"/, "show", "sound", "--bins", "x");
    fails(/argument 'jet' is invalid. Allowed choices are viridis/, "show", "sound", "--colors", "jet");
    fails(/there is nothing to draw in \[0, 3\]/, "show", "sound", "-s", "0:0");
    assert.deepEqual([...(await da.get()).data], [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(play.json("array", "info", "tank", "neo", "none"), {
      response: null,
      error: "Failed to open 'none': DER_NONEXIST(-1005): The specified entity does not exist",
      status: -1005,
    });
  });

  it("prints and sets elements of every kind", async () => {
    await counting("cells", [2, 3, 4]);
    assert.equal(done("get", "cells"), "0 1 2 3\n4 5 6 7\n8 9 10 11\n\n12 13 14 15\n16 17 18 19\n20 21 22 23\n");
    assert.equal(done("get", "cells", "-s", "-1, ::-2, [3, 0]"), "23 20\n15 12\n");
    assert.equal(done("get", "cells", "--select", "1, 2, 3"), "23\n");
    assert.equal(done("get", "cells", "--select", "[false, true], 0, 0"), "12\n");
    assert.equal(done("get", "cells", "--select", "0:0"), "");
    done("set", "cells", "-1.5", "--select", "0, :2, 1:3");
    done("set", "cells", "nan", "--select", "..., -1");
    assert.equal(done("get", "cells", "-s", "0"), "0 -1.5 -1.5 NaN\n4 -1.5 -1.5 NaN\n8 9 10 NaN\n");
    assert.deepEqual(json("get", "cells", "-s", "0, :2, 2:"), {
      name: "cells",
      dtype: "float32",
      shape: [2, 2],
      data: [
        [-1.5, "NaN"],
        [-1.5, "NaN"],
      ],
    });
    await cont.array("z", { shape: [2], dtype: "complex64" });
    done("set", "z", "1-2i", "-s", "0");
    assert.equal(done("get", "z"), "1-2i 0+0i\n");
    await cont.array("scalar", { shape: [], dtype: "uint64" });
    done("set", "scalar", "18446744073709551615", "-s", "...");
    assert.equal(done("get", "scalar"), "18446744073709551615\n");
    assert.match(array("get", "scalar", "-j").stdout, /"data": 18446744073709551615\n/);
    await cont.array("huge", { shape: [1001, 1000], dtype: "int8" });
    fails(/\[1001, 1000\] are 1001000 elements, at most 1000000 are printed/, "get", "huge");
    assert.equal(done("get", "huge", "-s", "1:201").length, 400_000);
  });

  it("exports to .npy and Zarr and imports both again, whole and in part", async () => {
    const da = await cont.array("source", {
      from: xp.add(await counting("parts", [20, 30], [7, 8]), 0.5),
      codecs: ["zstd"],
      fill: -1,
      attributes: { unit: "K" },
    });
    const whole = (await da.get()).data;
    const npy = play.file("a.npy");
    assert.equal(done("export", "source", npy), `Successfully exported [20, 30] float32 to ${npy}\n`);
    assert.equal(
      done("import", "from npy", npy, "--chunks", "6,30", "--codec", "gzip:1", "--names", "y,x", "--attributes", "{}"),
      "Successfully imported [20, 30] float32 into from npy\n",
    );
    const fromNpy = await cont.getArray("from npy");
    assert.deepEqual((await fromNpy.get()).data, whole);
    assert.deepEqual(
      [fromNpy.chunks, fromNpy.dimensionNames],
      [
        [6, 30],
        ["y", "x"],
      ],
    );
    assert.deepEqual((fromNpy.metadata.codecs as unknown[])[1], { name: "gzip", configuration: { level: 1 } });
    const zarr = play.file("a.zarr");
    done("export", "source", zarr);
    done("import", "from zarr", zarr);
    const fromZarr = await cont.getArray("from zarr");
    assert.deepEqual((await fromZarr.get()).data, whole);
    assert.deepEqual(fromZarr.metadata, da.metadata);
    for (const [file, format] of [
      ["part.npy", "npy"],
      ["part.zarr", "zarr"],
      ["part", "zarr"],
    ] as const) {
      done("export", "source", play.file(file), "--select", "::-3, 4", "--format", format);
      done("import", file, play.file(file));
      const part = await cont.getArray(file);
      assert.deepEqual((await part.get()).data, (await da.get(sel("::-3, 4"))).data, file);
    }
    const part = await cont.getArray("part.zarr");
    assert.deepEqual([part.fillValue, part.attributes, part.metadata.codecs], [-1, { unit: "K" }, da.metadata.codecs]);
    assert.deepEqual(json("export", "source", play.file("b.npy"), "-s", "0"), {
      name: "source",
      file: play.file("b.npy"),
      format: "npy",
      dtype: "float32",
      shape: [30],
    });
  });

  it("replaces what is there with --force only, and never a directory of other things", async () => {
    await counting("precious", [4]);
    const files = ["precious.npy", "precious.zarr"].map((name) => play.file(name));
    for (const file of files) {
      done("export", "precious", file);
      const exists = new RegExp(`DER_EXIST\\(-1004\\): .*; ${file} exists; --force replaces it\n$`);
      fails(exists, "export", "precious", file);
      done("export", "precious", file, "--force", "-s", "1:");
      done("import", `again ${file}`, file);
      assert.deepEqual([...(await (await cont.getArray(`again ${file}`)).get()).data], [1, 2, 3]);
    }
    const home = play.file("home");
    mkdirSync(home);
    writeFileSync(play.file("home/thesis.tex"), "ten years");
    writeFileSync(play.file("home/zarr.json"), '{"zarr_format": 3, "node_type": "group"}');
    for (const format of ["npy", "zarr"])
      fails(/DER_EXIST.*is a directory of other things/, "export", "precious", home, "--force", "--format", format);
    fails(/DER_EXIST.*is a directory of other things/, "export", "precious", files[1]!, "--force", "--format", "npy");
    assert.equal(readFileSync(play.file("home/thesis.tex"), "utf8"), "ten years");
    assert.deepEqual(
      readdirSync(play.directory).filter((name) => name.includes("~")),
      [],
    );
  });

  it("refuses to import what is no array, and leaves nothing", async () => {
    writeFileSync(play.file("text.npy"), "hello, this is no array");
    fails(/DER_INVAL.*does not begin as .npy files do/, "import", "bad", play.file("text.npy"));
    fails(/DER_NONEXIST/, "import", "bad", play.file("nowhere.npy"));
    fails(/DER_NONEXIST/, "import", "bad", play.directory);
    await counting("taken", [2]);
    done("export", "taken", play.file("taken.npy"));
    fails(/DER_EXIST/, "import", "taken", play.file("taken.npy"));
    assert.equal(await cont.has("bad"), false);
  });

  it("an import that is interrupted leaves nothing", async () => {
    const file = play.file("interrupted.npy");
    await cont.array("pattern", { shape: [1], dtype: "float32" });
    const arrays = new URL(`${play.environment.DAOS_SYSTEM}/tank/neo/arrays`);
    const before = readdirSync(arrays).length;
    const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (536870912,), }".padEnd(117);
    writeFileSync(file, Buffer.concat([Buffer.from("\x93NUMPY\x01\x00v\x00", "latin1"), Buffer.from(`${header}\n`)]));
    // Four GiB of holes: reading them takes a while.
    truncateSync(file, 128 + 2 ** 32);
    const child = play.start("array", "import", "tank", "neo", "interrupted", file);
    const ended = once(child, "exit");
    let stderr = "";
    child.stderr!.on("data", (data) => {
      stderr += data;
    });
    while (readdirSync(arrays).length === before && child.exitCode === null) await sleep(5);
    child.kill("SIGINT");
    assert.deepEqual(await ended, [130, null], stderr);
    assert.equal(stderr, "interrupted; nothing was stored\n");
    assert.deepEqual([await cont.has("interrupted"), readdirSync(arrays).length], [false, before]);
  });

  it("tells the figures of an array and of a part of it", async () => {
    const da = await cont.array("weather", { shape: [400, 500], dtype: "float64", chunks: [64, 64] });
    const content = ndarray("float64", [400, 500]);
    for (let i = 0; i < content.data.length; i++) content.data[i] = i % 1000 === 0 ? NaN : Math.sin(i) * 10 + 5;
    content.data[1] = 0;
    await da.set(null, content);
    const real = content.data.filter((v) => !Number.isNaN(v));
    const mean = real.reduce((a, b) => a + b, 0) / real.length;
    const std = Math.sqrt(real.reduce((s, v) => s + (v - mean) ** 2, 0) / real.length);
    const { mean: gotMean, std: gotStd, ...figures } = json("stat", "weather");
    assert.deepEqual(figures, {
      name: "weather",
      dtype: "float64",
      shape: [400, 500],
      elements: 200_000,
      nan: 200,
      infinite: 0,
      zeros: 1,
      min: real.reduce((a, b) => Math.min(a, b)),
      max: real.reduce((a, b) => Math.max(a, b)),
    });
    assert.ok(Math.abs(Number(gotMean) - mean) < 1e-9 && Math.abs(Number(gotStd) - std) < 1e-9);
    assert.match(
      done("stat", "weather", "--select", "0, 1"),
      /Shape {3}: \[\]\n.*\n {2}Elements: 1\n.*\n.*\n {2}Zero {4}: 1\n/,
    );
    // What xp says of the same part, and of integers beyond 2^53.
    const part = da.view(sel("1:9, 1:"));
    assert.deepEqual(
      [json("stat", "weather", "-s", "1:9, 1:").min, json("stat", "weather", "-s", "1:9, 1:").max],
      [await xp.min(part).at(), await xp.max(part).at()],
    );
    await cont.array("ids", { from: ndarray("int64", [3], BigInt64Array.of(2n ** 62n + 1n, 0n, -7n)) });
    assert.match(done("stat", "ids"), / {2}Min {5}: -7\n {2}Max {5}: 4611686018427387905\n/);
    await cont.array("waves", { from: ndarray("complex64", [2], Float32Array.of(3, 4, 0, NaN)) });
    assert.match(done("stat", "waves"), /absolute values\)\n.*\n {2}NaN {5}: 1\n(.*\n)*? {2}Max {5}: 5\n/);
    await cont.array("none at all", { shape: [0], dtype: "int8" });
    assert.doesNotMatch(done("stat", "none at all"), /Min|Mean/);
    assert.equal(json("stat", "none at all").mean, null);
  });

  it("draws two axes with characters in a pipe, NaN as a blank, a big array by samples", async () => {
    const da = await counting("slope", [2, 4, 9]);
    await da.set(sel("0, 0, 4"), NaN);
    assert.equal(
      done("show", "slope"),
      "slope [4, 9] float32, the first of 2; --select takes another\n...::::--\n===+++***\n0 .:-=+*#%@ 35\n"
        .replace(
          "...::::--\n===+++***\n",
          `${drawn(
            [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => (i === 4 ? 13 : i + 4.5)),
            [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => i + 22.5),
          )}\n`,
        )
        .replace("0 .:-=+*#%@ 35", "4.5 .:-=+*#%@ 30.5"),
    );
    const huge = await cont.array("huge picture", { shape: [100_000, 100_000], dtype: "float64", fill: 2 });
    await huge.set(sel("50000:51000, :1000"), 5);
    const { stdout, stderr, status } = play.daos("array", "show", "tank", "neo", "huge picture", "--width", "10");
    assert.deepEqual([status, stderr], [0, ""]);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.length, 7);
    assert.match(lines[3]!, /^@\.{9}$/);
  });

  /** Rows of means as characters. */
  function drawn(...rows: number[][]): string {
    const all = rows.flat();
    const [min, max] = [Math.min(...all), Math.max(...all)];
    const ramp = ".:-=+*#%@";
    return rows
      .map((row) => row.map((v) => ramp[Math.min(8, Math.floor(((v - min) / (max - min)) * 9))]).join(""))
      .join("\n");
  }

  it("draws histograms", async () => {
    await cont.array("dice", {
      from: ndarray("float32", [8], Float32Array.of(1, 1, 1, 2, 4, 4, NaN, Infinity)),
    });
    assert.equal(
      done("show", "dice", "--bins", "3", "--width", "20"),
      "dice [8] float32, 1 outside, 1 NaN\n1 |############## 3\n2 |##### 1\n3 |######### 2\n",
    );
    assert.deepEqual(json("show", "dice", "--histogram", "--bins", "2", "--min", "0", "--max", "4"), {
      name: "dice",
      shape: [8],
      bins: [
        { from: 0, to: 2, count: 3 },
        { from: 2, to: 4, count: 3 },
      ],
      outside: 1,
      nan: 1,
    });
    await cont.array("nothing", { shape: [3], dtype: "float64", fill: NaN });
    fails(/every element is NaN or infinite/, "show", "nothing");
  });

  it("draws a PNG file, NaN transparent, small arrays enlarged, on the scale that is asked for", async () => {
    await cont.array("pixels", { from: ndarray("float32", [2, 3], Float32Array.of(0, 5, 10, NaN, 20, -7)) });
    const file = play.file("pixels.png");
    assert.match(
      done("show", "pixels", "--png", file, "--min", "0", "--max", "10", "--colors", "gray"),
      /^Successfully drew 510 x 340 pixels to .*pixels\.png\n$/,
    );
    const { width, height, colors } = decodePng(readFileSync(file));
    assert.deepEqual([width, height], [510, 340]);
    const at = (row: number, column: number) => colors[(row * 170 + 85) * width + column * 170 + 85]!;
    const gray = (share: number) => [...colorAt("gray", share), 255];
    assert.deepEqual([at(0, 0), at(0, 2), at(1, 1), at(1, 2)], [gray(0), gray(1), gray(1), gray(0)]);
    assert.deepEqual(at(0, 1), gray(127 / 254));
    assert.equal(at(1, 0)[3], 0);
    fails(/pixels\.png exists; --force replaces it/, "show", "pixels", "--png", file);
    done("show", "pixels", "--png", file, "--force", "--width", "2");
    assert.equal(decodePng(readFileSync(file)).width, 2);
    fails(/cannot write .*ENOENT/, "show", "pixels", "--png", play.file("no/where.png"));
    assert.deepEqual(json("show", "pixels", "--png", play.file("json.png")), {
      name: "pixels",
      shape: [2, 3],
      width: 3,
      height: 2,
      min: -7,
      max: 20,
      png: play.file("json.png"),
    });
    const bars = play.file("bars.png");
    done("show", "pixels", "--histogram", "--bins", "5", "--png", bars, "--width", "100");
    assert.deepEqual([decodePng(readFileSync(bars)).width, decodePng(readFileSync(bars)).height], [100, 50]);
    assert.ok(existsSync(bars));
  });

  it("draws coloured half blocks on a terminal, characters where NO_COLOR says so, and progress bars", {
    skip: noScript,
  }, async () => {
    await counting("screen", [4, 3]);
    const environment = { ...play.environment, TERM: "xterm-256color", COLORTERM: "truecolor" };
    const onTerminal = (env: NodeJS.ProcessEnv, ...words: string[]): string => {
      const line = ["array", ...words].map((word) => `'${word}'`).join(" ");
      const script = `stty columns 60 rows 12; ${process.execPath} ${BIN} ${line}`;
      const { stdout } = play.run("script", ["-qec", script, "/dev/null"], { input: "", env });
      return stdout.replaceAll("\r\n", "\n");
    };
    /** Without the progress bar that comes before it when the machine is slow. */
    const afterBar = (text: string): string => text.split("\x1b[K").at(-1)!;
    const colored = afterBar(onTerminal(environment, "show", "tank", "neo", "screen"));
    assert.ok(colored.startsWith("screen [4, 3] float32\n\x1b[38;2;68;1;84;48;2;"), JSON.stringify(colored));
    assert.equal(colored.split("\n").length, 5);
    assert.ok(onTerminal({ ...environment, COLORTERM: undefined }, "show", "tank", "neo", "screen").includes("38;5;"));
    const plain = afterBar(onTerminal({ ...environment, NO_COLOR: "1" }, "show", "tank", "neo", "screen"));
    assert.equal(
      plain,
      "screen [4, 3] float32\n.:-\n%%@\n1.5 .:-=+*#%@ 9.5\n".replace(
        ".:-\n%%@",
        drawn([1.5, 2.5, 3.5], [7.5, 8.5, 9.5]),
      ),
    );
    // A picture is no higher than the terminal.
    await counting("tower", [300, 20]);
    assert.ok(onTerminal(environment, "show", "tank", "neo", "tower").split("\n").length <= 12);
    await cont.array("long", { shape: [400, 100_000], dtype: "float32", fill: 3, chunks: [1, 100_000] });
    assert.match(onTerminal(environment, "stat", "tank", "neo", "long"), /\[#*\.*\] +\d+ %/);
    assert.equal(array("stat", "long").stderr, "");
  });
});
