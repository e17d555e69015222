import assert from "node:assert/strict";
import { test } from "node:test";
import { asBytes, DTYPES, type DType, encodeScalar, type Scalar } from "../../src/array/dtype.ts";
import { fillFromJson, fillScalar } from "../../src/array/fill-value.ts";
import { type ArrayMetadata, encodeMetadata, parseMetadata, withShape } from "../../src/array/metadata.ts";
import { der } from "../engines/local/support.ts";

const base: ArrayMetadata = {
  shape: [10, 20],
  dtype: "float64",
  chunks: [4, 8],
  fill: asBytes(encodeScalar("float64", Number.NaN)),
  compressions: [],
  attributes: { unit: "K" },
  dimensionNames: ["t", null],
};
const json = (m: ArrayMetadata): Record<string, unknown> => JSON.parse(Buffer.from(encodeMetadata(m)).toString());

test("the document is Zarr v3's, field for field", () => {
  assert.deepEqual(json(base), {
    zarr_format: 3,
    node_type: "array",
    shape: [10, 20],
    data_type: "float64",
    chunk_grid: { name: "regular", configuration: { chunk_shape: [4, 8] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: "NaN",
    codecs: [{ name: "bytes", configuration: { endian: "little" } }],
    attributes: { unit: "K" },
    dimension_names: ["t", null],
  });
  const small = json({ ...base, dtype: "int8", fill: Uint8Array.of(0), compressions: [{ name: "gzip", level: 5 }] });
  assert.deepEqual(small.codecs, [{ name: "bytes" }, { name: "gzip", configuration: { level: 5 } }]);
});

const FILLS: { [D in DType]: readonly Scalar<D>[] } = {
  bool: [true, false],
  int8: [-128, 127],
  int16: [-32768],
  int32: [2 ** 31 - 1],
  int64: [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 0n],
  uint8: [255],
  uint16: [65535],
  uint32: [2 ** 32 - 1],
  uint64: [2n ** 64n - 1n, 2n ** 53n + 1n],
  float16: [Number.NaN, Infinity, -Infinity, -0, 65504, 2 ** -24],
  float32: [Number.NaN, Infinity, -Infinity, -0, Math.fround(0.1), 2 ** -149],
  float64: [Number.NaN, Infinity, -Infinity, -0, 0.1, 5e-324, Number.MAX_VALUE],
  complex64: [
    { re: Number.NaN, im: -0 },
    { re: 0.5, im: Infinity },
  ],
  complex128: [
    { re: -0, im: Number.NaN },
    { re: 1e300, im: -Infinity },
  ],
};

for (const dtype of Object.keys(FILLS) as DType[])
  test(`fill values of ${dtype} come back bit for bit`, () => {
    for (const value of FILLS[dtype]) {
      const fill = asBytes(encodeScalar(dtype, value));
      const parsed = parseMetadata(encodeMetadata({ ...base, dtype, fill }));
      assert.deepEqual(Buffer.from(parsed.fill), Buffer.from(fill), String(value));
      assert.deepEqual(fillScalar(dtype, parsed.fill), value);
    }
  });

test("a NaN of other bits is written in hex and read again", () => {
  for (const [dtype, hex] of [
    ["float16", "0x7e01"],
    ["float32", "0xffc00001"],
    ["float64", "0x7ff8000000000abc"],
  ] as const) {
    const fill = fillFromJson(dtype, hex);
    const document = { ...base, dtype, fill };
    assert.equal(json(document).fill_value, hex);
    assert.deepEqual(Buffer.from(parseMetadata(encodeMetadata(document)).fill), Buffer.from(fill));
    assert.equal(fill.length, DTYPES[dtype].bytes);
  }
  assert.deepEqual(Buffer.from(fillFromJson("float32", "0x3f800000")).readFloatLE(), 1);
});

test("another shape changes nothing else, also not what we do not know or JSON's numbers cannot hold", () => {
  const text = `{"zarr_format":3,"node_type":"array","shape":[1],"data_type":"int64","fill_value":9223372036854775807,
    "chunk_grid":{"name":"regular","configuration":{"chunk_shape":[4]}},"chunk_key_encoding":{"name":"default"},
    "codecs":[{"name":"bytes","configuration":{"endian":"little"}}],
    "attributes":{"big":12345678901234567890,"one":1.0,"minus":-0.0},"later":{"must_understand":false,"x":1}}`;
  const changed = Buffer.from(withShape(Buffer.from(text), [7])).toString();
  const flat = (s: string): string => s.replace(/\s/g, "");
  assert.equal(flat(changed), flat(text).replace('"shape":[1]', '"shape":[7]'));
  assert.equal(fillScalar("int64", parseMetadata(Buffer.from(changed)).fill), 2n ** 63n - 1n);
});

test("what we cannot read correctly is refused, with the reason", () => {
  const bad: [Record<string, unknown>, RegExp][] = [
    [{ zarr_format: 2 }, /zarr_format 2/],
    [{ node_type: "group" }, /group/],
    [{ data_type: "string" }, /data type "string"/],
    [{ shape: [1.5, 2] }, /shape/],
    [{ shape: undefined }, /shape/],
    [{ chunk_grid: { name: "rectilinear" } }, /chunk grid "rectilinear"/],
    [{ chunk_grid: { name: "regular", configuration: { chunk_shape: [4] } } }, /chunks has 1/],
    [{ chunk_grid: { name: "regular", configuration: { chunk_shape: [0, 4] } } }, /at least one element/],
    [{ chunk_key_encoding: { name: "other" } }, /chunk key encoding/],
    [{ codecs: [{ name: "bytes", configuration: { endian: "big" } }] }, /endian "big"/],
    [{ codecs: [{ name: "bytes", configuration: { endian: "little" } }, { name: "blosc" }] }, /"blosc"/],
    [{ codecs: [{ name: "sharding_indexed", configuration: {} }] }, /"sharding_indexed"/],
    [{ codecs: [{ name: "transpose" }, { name: "bytes" }] }, /"transpose"/],
    [{ fill_value: "nan" }, /fill value/],
    [{ storage_transformers: [{ name: "x" }] }, /storage transformers/],
    [{ unknown: 1 }, /"unknown"/],
    [{ dimension_names: ["one"] }, /dimension names/],
  ];
  for (const [change, reason] of bad)
    assert.throws(
      () => parseMetadata(Buffer.from(JSON.stringify({ ...json(base), ...change }))),
      der("DER_INVAL", reason),
    );
  assert.throws(() => parseMetadata(Buffer.from("{")), der("DER_INVAL", /no JSON/));
  assert.throws(() => parseMetadata(Buffer.from("[]")), der("DER_INVAL", /no JSON object/));
});
