import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import FileSystemStore from "@zarrita/storage/fs";
import * as zarr from "zarrita";
import { asBytes, DTYPES } from "../../src/array/dtype.ts";
import { type ChunkCodec, DCont, type DType, ndarray, type Scalar, sel } from "../../src/index.ts";

const root = mkdtempSync(join(tmpdir(), "tsdaos-zarrita-"));
const cont = await DCont.open("tank", "neo", { system: pathToFileURL(root), create: true });
after(async () => {
  await cont.close();
  rmSync(root, { recursive: true });
});

/** zarrita knows no complex numbers. */
const dtypes = (Object.keys(DTYPES) as DType[]).filter((dtype) => !dtype.startsWith("complex"));
const FILLS: Partial<Record<DType, readonly Scalar<DType>[]>> = {
  bool: [true],
  // zarrita reads fill values as numbers: beyond 2^53 it gets them wrong.
  int64: [-(2n ** 53n), 7n],
  uint64: [2n ** 53n],
  float16: [Number.NaN, Infinity, -0],
  float32: [Number.NaN, -Infinity, 0.1],
  float64: [Number.NaN, Infinity, -Infinity, -0, 5e-324],
};

function content(dtype: DType, shape: readonly number[]) {
  const a = ndarray(dtype, shape);
  const bytes = asBytes(a.data);
  for (let i = 0; i < bytes.length; i++) bytes[i] = dtype === "bool" ? i % 2 : (i * 37) % 251;
  return a;
}

/** zarrita's elements; of bool, it has a class of its own. */
const values = (data: unknown): unknown[] =>
  Array.from(data as Iterable<unknown>, (v) => (typeof v === "boolean" ? Number(v) : v));

for (const codecs of [[], ["zstd"], ["gzip"]] as ChunkCodec[][])
  for (const dtype of dtypes)
    test(`zarrita opens what we wrote in place: ${dtype} ${codecs.join() || "not compressed"}`, async () => {
      for (const [i, fill] of [undefined, ...(FILLS[dtype] ?? [])].entries()) {
        const da = await cont.array(`ours-${dtype}-${codecs}-${i}`, {
          shape: [11, 7],
          dtype,
          chunks: [4, 3],
          codecs,
          fill: fill as Scalar<DType>,
          attributes: { unit: "K", levels: [1, 2.5], none: null },
          dimensionNames: ["time", null],
        });
        await da.set(sel("2:6, :5"), content(dtype, [4, 5]));
        const opened = await zarr.open(new FileSystemStore(da.path!), { kind: "array" });
        assert.deepEqual(opened.shape, [11, 7]);
        assert.deepEqual(opened.chunks, [4, 3]);
        assert.equal(opened.dtype, dtype);
        assert.deepEqual(opened.attrs, { unit: "K", levels: [1, 2.5], none: null });
        const theirs = await zarr.get(opened);
        assert.deepEqual(values((theirs as { data: unknown }).data), values((await da.get()).data));
      }
    });

for (const separator of ["/", "."] as const)
  for (const dtype of dtypes)
    test(`we read what zarrita wrote: ${dtype}, chunks named with ${separator}`, async () => {
      for (const [i, codecs] of [undefined, [{ name: "zstd", configuration: { level: 3 } }]].entries()) {
        const path = join(root, `theirs-${dtype}-${separator === "/" ? "slash" : "dot"}-${i}`);
        const a = content(dtype, [9, 10]);
        const array = await zarr.create(new FileSystemStore(path), {
          shape: [9, 10],
          chunkShape: [4, 4],
          dtype: dtype as zarr.DataType,
          chunkSeparator: separator,
          attributes: { by: "zarrita" },
          // Without one, zarrita writes null, which it cannot read for these two.
          ...(/^u?int64$/.test(dtype) ? { fillValue: 0 as never } : {}),
          ...(codecs === undefined
            ? {}
            : { codecs: [{ name: "bytes", configuration: { endian: "little" } }, ...codecs] as never }),
        });
        const Data = DTYPES[dtype].array as unknown as new (b: ArrayBufferLike) => unknown;
        const data =
          dtype === "bool" ? Object.assign(new zarr.BoolArray(a.data.buffer as ArrayBuffer)) : new Data(a.data.buffer);
        await zarr.set(array, null, { data, shape: [9, 10], stride: [10, 1] } as never);
        const da = await cont.array(`theirs-${dtype}-${separator}-${i}`, { from: { zarr: path } });
        assert.deepEqual([da.dtype, da.shape, da.chunks, da.attributes], [dtype, [9, 10], [4, 4], { by: "zarrita" }]);
        assert.deepEqual(Buffer.from(asBytes((await da.get()).data)), Buffer.from(asBytes(a.data)));
      }
    });

test("an exported directory is the array again, for zarrita and for us", async () => {
  const da = await cont.array("export", {
    from: content("int32", [20, 30]),
    chunks: [7, 8],
    codecs: ["zstd"],
    fill: 5,
  });
  const path = join(root, "exported.zarr");
  await da.toZarr(path);
  const theirs = (await zarr.get(await zarr.open(new FileSystemStore(path), { kind: "array" }))) as {
    data: Int32Array;
  };
  assert.deepEqual(theirs.data, (await da.get()).data);
  const again = await cont.array("again", { from: { zarr: path } });
  assert.deepEqual((await again.get()).data, theirs.data);
  assert.deepEqual(again.metadata, da.metadata);
  await assert.rejects(da.toZarr(path), { code: "DER_EXIST" });
  await da.toZarr(path, { overwrite: true });
});
