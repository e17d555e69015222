import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { giveScratchBack, takeScratch } from "../../src/array/scratch.ts";
import { takesFast, wasmMemory } from "../../src/array/wasm.ts";

const MIB = 2 ** 20;

test("no two buffers that are taken share a byte, and one that is given back is taken again", () => {
  for (const bytes of [0, 1, 65_535, 65_536, 100_001, MIB, 9 * MIB]) {
    const taken = Array.from({ length: 12 }, () => takeScratch(bytes));
    taken.forEach((buffer, i) => {
      assert.equal(buffer.length, bytes);
      buffer.fill(i + 1);
    });
    taken.forEach((buffer, i) => {
      assert.ok(Buffer.alloc(bytes, i + 1).equals(buffer), `${bytes} bytes, buffer ${i}`);
    });
    taken.forEach(giveScratchBack);
    const again = takeScratch(bytes);
    assert.equal(again.length, bytes);
    if (bytes >= 65_536 && bytes <= 64 * MIB) assert.ok(taken.includes(again));
    giveScratchBack(again);
  }
});

test("big buffers begin in the middle of a page, and bytes of files get there at full speed", () => {
  const buffer = takeScratch(MIB);
  assert.equal(buffer.byteOffset % 4096, 2048);
  assert.ok(takesFast(buffer, 0));
  assert.equal(takesFast(buffer, 2040), false, "8 bytes after a page of the file");
  assert.ok(takesFast(buffer, 2048));
  assert.equal(takesFast(new Uint8Array(MIB), 0), false, "nobody knows where it begins");
  giveScratchBack(buffer);
  assert.ok(takesFast(new Uint8Array(wasmMemory(100)!.buffer), 0));
});

test("without WebAssembly everything works, slower", () => {
  const program = `
    const { DCont, ndarray, xp } = await import(${JSON.stringify(fileURLToPath(new URL("../../dist/sync.js", import.meta.url)))});
    const { mkdtempSync, rmSync } = await import("node:fs");
    const directory = mkdtempSync("/tmp/tsdaos-jitless-");
    const cont = new DCont("tank", "neo", { system: "file://" + directory, create: true });
    const da = cont.array("a", { shape: [300, 1000], dtype: "float64", chunks: [100, 500] });
    da.set(null, 1.5);
    console.log(globalThis.WebAssembly === undefined, xp.sum(da).at(), da.get([299, [0, 999]]).data.join());
    cont.close();
    rmSync(directory, { recursive: true });
  `;
  const output = execFileSync(process.execPath, ["--jitless", "--input-type=module", "-e", program]);
  assert.equal(output.toString().trim(), "true 450000 1.5,1.5");
});
