import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import FileSystemStore from "@zarrita/storage/fs";
import * as zarr from "zarrita";
import { asBytes, DTYPES } from "../../src/array/dtype.ts";
import { type ChunkCodec, DCont, type DType, ndarray, type Scalar, sel, xp } from "../../src/index.ts";
import { DCont as SyncDCont } from "../../src/sync.ts";

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

test("views, expressions and other layouts are exported too, for zarrita and for us", async () => {
  const da = await cont.array("export view", {
    from: content("int32", [20, 30]),
    chunks: [7, 8],
    codecs: ["zstd"],
    fill: 5,
    attributes: { unit: "K" },
  });
  using blocking = new SyncDCont("tank", "neo", { system: pathToFileURL(root) });
  const cases = [
    { name: "view", export: (path: string) => da.view(sel("::-3, 4")).toZarr(path), of: da.view(sel("::-3, 4")) },
    { name: "sum", export: (path: string) => xp.add(da, 1).toZarr(path, { codecs: ["gzip"] }), of: xp.add(da, 1) },
    { name: "chunks", export: (path: string) => da.toZarr(path, { chunks: [20, 4] }), of: da },
    {
      name: "blocking",
      export: (path: string) =>
        blocking
          .getArray("export view", { dtype: "int32" })
          .transpose()
          .toZarr(path, { fill: 7, chunks: [4, 4] }),
      of: da.transpose(),
    },
  ];
  for (const { name, export: write, of } of cases) {
    const path = join(root, `${name}.zarr`);
    await write(path);
    const opened = await zarr.open(new FileSystemStore(path), { kind: "array" });
    const wanted = await of.get();
    assert.deepEqual([opened.shape, opened.dtype], [wanted.shape, "int32"], name);
    assert.deepEqual(((await zarr.get(opened)) as { data: unknown }).data, wanted.data, name);
    const again = await cont.array(`again ${name}`, { from: { zarr: path } });
    assert.deepEqual((await again.get()).data, wanted.data, name);
  }
  const rechunked = await cont.getArray("again chunks");
  assert.deepEqual([rechunked.chunks, rechunked.fillValue, rechunked.attributes], [[20, 4], 5, { unit: "K" }]);
  assert.deepEqual(rechunked.metadata.codecs, da.metadata.codecs);
  assert.deepEqual((await cont.getArray("again blocking")).fillValue, 7);
  const listed = readdirSync(root).length;
  await assert.rejects(da.view([0]).toZarr(join(root, "view.zarr")), { code: "DER_EXIST" });
  await assert.rejects(da.view([0]).toZarr(join(root, "none"), { chunks: [1, 1] }), TypeError);
  await assert.rejects(da.toZarr(join(root, "none"), { signal: AbortSignal.abort(new Error("enough")) }), /enough/);
  await assert.rejects(da.toZarr(join(root, "none", "deeper")), { code: "DER_NONEXIST" });
  assert.equal(readdirSync(root).length, listed);
});

test("what zarrita writes and tsdaos cannot read is refused by name, and nothing is made", async () => {
  const refused = [
    [{ codecs: [{ name: "transpose", configuration: { order: [1, 0] } }, { name: "bytes" }] }, /transpose/],
    [{ codecs: [{ name: "bytes", configuration: { endian: "big" } }] }, /endian "big"/],
    [
      {
        codecs: [
          {
            name: "sharding_indexed",
            configuration: {
              chunk_shape: [2, 2],
              codecs: [{ name: "bytes", configuration: { endian: "little" } }],
              index_codecs: [{ name: "bytes", configuration: { endian: "little" } }, { name: "crc32c" }],
            },
          },
        ],
      },
      /sharding_indexed/,
    ],
    [{ codecs: [{ name: "bytes", configuration: { endian: "little" } }, { name: "crc32c" }] }, /crc32c/],
  ] as const;
  for (const [i, [options, message]] of refused.entries()) {
    const path = join(root, `refused-${i}`);
    await zarr.create(new FileSystemStore(path), {
      shape: [4, 4],
      chunkShape: [4, 4],
      dtype: "int32",
      fillValue: 0,
      ...(options as object),
    });
    await assert.rejects(cont.array("refused", { from: { zarr: path } }), { code: "DER_INVAL", message });
  }
  await assert.rejects(cont.array("refused", { from: { zarr: root } }), { code: "DER_NONEXIST" });
  assert.equal(await cont.has("refused"), false);
});
