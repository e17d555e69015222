/** Operations and their answers keep together, whatever cannot be sent. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { engine } from "../../../src/engines/local/index.ts";
import { Code, Packer, unpack } from "../../../src/engines/local/wire.ts";
import { DCont } from "../../../src/index.ts";
import { scratchSystem } from "../../scratch.ts";

const KEY = Buffer.from("k");

test("what cannot be packed leaves the operations around it as they are", () => {
  const packer = new Packer();
  packer.add(Code.put, 1, KEY, Buffer.from("first"));
  assert.throws(() => packer.add(Code.put, 1, KEY, unreadable()), TypeError);
  packer.add(Code.put, 1, KEY, Buffer.from("second"));
  const values = Array.from(unpack(packer.take()), ({ value }) => Buffer.from(value).toString());
  assert.deepEqual(values, ["first", "second"]);
});

test("a write that cannot be sent fails alone, and each later one gets its own answer", async () => {
  const system = scratchSystem();
  await (await DCont.open("tank", "neo", { system, create: true })).close();
  const address = { url: new URL(system), timeout: 30_000 };
  const cont = await engine.system("async", address).openContainer("tank", "neo", { mode: "RW" });
  const kv = cont.kv((await cont.create("d", { kind: "dict", oclass: undefined }))!);
  await assert.rejects(kv.put(KEY, unreadable()), TypeError);
  assert.deepEqual(await kv.getMany([KEY]), [undefined]);
  const put = kv.put(KEY, unreadable());
  const remove = kv.remove(KEY);
  await assert.rejects(put, TypeError);
  assert.equal(await remove, false);
  await cont.close();
});

test("a process whose only write could not be sent ends by itself", async () => {
  const system = scratchSystem();
  await using cont = await DCont.open("tank", "neo", { system, create: true });
  await cont.dict("d");
  const program = fileURLToPath(new URL("programs/unsendable.ts", import.meta.url));
  // A process that hangs is killed, which is a failure.
  const { stdout } = await promisify(execFile)(process.execPath, [program, system], { timeout: 60_000 });
  assert.equal(stdout, "TypeError\n");
});

/** Bytes whose memory is gone. */
function unreadable(): Uint8Array {
  const bytes = Uint8Array.of(1);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}
