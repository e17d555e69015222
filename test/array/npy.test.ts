/** `.npy` files, in and out, with NumPy on the other side. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { asBytes, DTYPES } from "../../src/array/dtype.ts";
import { encodeNpyHeader, parseNpyHeader } from "../../src/array/npy.ts";
import { DCont, type DType, ndarray, sel } from "../../src/index.ts";
import { DCont as SyncDCont } from "../../src/sync.ts";
import { der } from "../engines/local/support.ts";
import { numpyMissing } from "./numpy-judge.ts";

const root = mkdtempSync(join(tmpdir(), "tsdaos-npy-"));
const system = pathToFileURL(root);
const cont = await DCont.open("tank", "neo", { system, create: true });
const blocking = new SyncDCont("tank", "neo", { system });
after(async () => {
  blocking.close();
  await cont.close();
  rmSync(root, { recursive: true });
});

const dtypes = Object.keys(DTYPES) as DType[];
const skip = numpyMissing();

function python(code: string): string {
  const { stdout, stderr, status } = spawnSync("/usr/bin/python3", ["-c", `import numpy as np\n${code}`], {
    encoding: "utf8",
    cwd: root,
  });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

function content(dtype: DType, shape: readonly number[]) {
  const a = ndarray(dtype, shape);
  const bytes = asBytes(a.data);
  for (let i = 0; i < bytes.length; i++) bytes[i] = dtype === "bool" ? i % 2 : (i * 37 + 11) % 251;
  return a;
}

test("NumPy reads what we write: all dtypes and shapes", { skip }, async () => {
  const files: string[] = [];
  for (const dtype of dtypes)
    for (const shape of [[], [0], [5], [3, 4], [2, 3, 4]]) {
      const a = content(dtype, shape);
      const name = `out-${dtype}-${shape.join("x")}`;
      const da = await cont.array(name, { from: a, chunks: shape.map((n) => Math.max(1, n - 1)) });
      await da.toNpy(join(root, `${name}.npy`));
      files.push(
        `("${name}.npy", "${dtype}", (${shape.map((n) => `${n},`).join("")}), "${Buffer.from(asBytes(a.data)).toString("hex")}")`,
      );
    }
  python(`for file, dtype, shape, data in [${files.join(",\n")}]:
    a = np.load(file)
    assert a.dtype == dtype and a.shape == shape and a.tobytes().hex() == data, (file, a.dtype, a.shape)`);
});

test("we read what NumPy writes: all dtypes, C and Fortran order, both byte orders, versions 1 to 3", {
  skip,
}, async () => {
  const said = python(`import json
done = []
for dtype in ${JSON.stringify(dtypes)}:
    for order in "CF":
        for endian in "<>":
            for version in [(1, 0), (2, 0), (3, 0)]:
                shape = [(6, 5), (2, 3, 4), (7,), ()][len(done) % 4]
                n = int(np.prod(shape))
                a = (np.arange(n) * 7 % 100).astype(dtype).reshape(shape)
                if a.dtype.kind == "c":
                    a = a + np.array(1j, dtype=dtype) * a
                name = "in-%s-%s-%s-%d.npy" % (dtype, order, "le" if endian == "<" else "be", version[0])
                stored = np.asarray(a, order=order).astype(a.dtype.newbyteorder(endian), order=order)
                with open(name, "wb") as f:
                    np.lib.format.write_array(f, stored, version=version)
                done.append([name, dtype, list(shape), np.ascontiguousarray(a).tobytes().hex()])
print(json.dumps(done))`);
  const files = JSON.parse(said) as [string, DType, number[], string][];
  assert.equal(files.length, dtypes.length * 12);
  for (const [i, [file, dtype, shape, data]] of files.entries()) {
    const spec = { from: { npy: join(root, file) }, chunks: shape.map((n) => Math.ceil(n / 2)) };
    const da = i % 2 === 0 ? await cont.array(file, spec) : blocking.array(file, spec);
    assert.deepEqual([da.dtype, da.shape], [dtype, shape], file);
    assert.equal(Buffer.from(asBytes((await da.get()).data)).toString("hex"), data, file);
  }
});

test("a header is what it was, and elements begin at a multiple of 64", () => {
  for (const dtype of dtypes)
    for (const shape of [[], [0], [1], [123456789, 2], Array.from({ length: 32 }, (_, i) => i)]) {
      const bytes = encodeNpyHeader(dtype, shape);
      assert.equal(bytes.length % 64, 0);
      assert.deepEqual(parseNpyHeader(bytes), {
        dtype,
        shape,
        fortranOrder: false,
        bigEndian: false,
        dataOffset: bytes.length,
      });
    }
});

test("what is no .npy file, or one of no numbers, is refused, and nothing is made", async () => {
  const file = join(root, "bad.npy");
  const header = (text: string): Buffer => {
    const prefix = Buffer.from("\x93NUMPY\x01\x00\x00\x00", "latin1");
    prefix.writeUInt16LE(text.length, 8);
    return Buffer.concat([prefix, Buffer.from(text)]);
  };
  const cases: [string, Uint8Array][] = [
    ["empty", Buffer.alloc(0)],
    ["text", Buffer.from("hello, this is no array at all")],
    ["cut in the header", Buffer.from(encodeNpyHeader("int8", [3])).subarray(0, 30)],
    ["version 9", Buffer.from("\x93NUMPY\x09\x00\x76\x00", "latin1")],
    ["objects", header("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }\n")],
    ["records", header("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (3,), }\n")],
    ["text elements", header("{'descr': '<U3', 'fortran_order': False, 'shape': (3,), }\n")],
    ["no shape", header("{'descr': '<i4', 'fortran_order': False, }\n")],
    ["cut short", Buffer.concat([encodeNpyHeader("int32", [3]), Buffer.alloc(11)])],
  ];
  for (const [what, bytes] of cases) {
    writeFileSync(file, bytes);
    await assert.rejects(cont.array("bad", { from: { npy: file } }), der("DER_INVAL"), what);
    assert.throws(() => blocking.array("bad", { from: { npy: file } }), der("DER_INVAL"), what);
  }
  assert.equal(await cont.has("bad"), false);
  await assert.rejects(cont.array("bad", { from: { npy: join(root, "none.npy") } }), der("DER_NONEXIST"));
});

test("a dtype that is not the file's is DER_MISMATCH", async () => {
  const file = join(root, "typed.npy");
  writeFileSync(file, Buffer.concat([encodeNpyHeader("int8", [2]), Buffer.alloc(2)]));
  await assert.rejects(cont.array("typed", { from: { npy: file }, dtype: "int16" }), der("DER_MISMATCH"));
  assert.equal((await cont.array("typed", { from: { npy: file }, dtype: "int8" })).size, 2);
});

test("a file that exists is not replaced unless it may be; an export that fails leaves no file", async () => {
  const file = join(root, "once.npy");
  const da = await cont.array("once", { from: content("int16", [40, 30]), chunks: [16, 16] });
  await da.toNpy(file);
  const before = readFileSync(file);
  await assert.rejects(da.view(sel("::2")).toNpy(file), der("DER_EXIST"));
  assert.deepEqual(readFileSync(file), before);
  await da.view(sel("::2")).toNpy(file, { overwrite: true });
  assert.notDeepEqual(readFileSync(file), before);
  const listed = readdirSync(root).length;
  truncateSync(join(da.path!, "c/0/1"), 5);
  await assert.rejects(da.toNpy(join(root, "broken.npy")), der("DER_IO"));
  await assert.rejects(
    da.toNpy(join(root, "aborted.npy"), { signal: AbortSignal.abort(new Error("enough")) }),
    /enough/,
  );
  assert.equal(readdirSync(root).length, listed);
  assert.equal(existsSync(join(root, "broken.npy")), false);
});
