/** Arrays on DAOS: several writers, killed writers, damage, destroyed arrays, memory that DAOS reads and writes itself. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ArrayStore, Container, Face, ObjectRef } from "../../../src/engine/contract.ts";
import { METADATA_KEY } from "../../../src/engines/daos/array-operations.ts";
import { Client } from "../../../src/engines/daos/client.ts";
import { ContainerCore } from "../../../src/engines/daos/container-core.ts";
import { engine } from "../../../src/engines/daos/index.ts";
import { parseOid } from "../../../src/engines/daos/oid.ts";
import { openContainer } from "../../../src/engines/daos/pool-operations.ts";
import { addressOf } from "../../../src/ffi/arena.ts";
import { DAOS, OFFSET, SIZE } from "../../../src/ffi/daos-abi.ts";
import { runBlocking } from "../../../src/ffi/events.ts";
import { checkContainer, createContainer, DCont, destroyContainer, ndarray, sel } from "../../../src/index.ts";
import { DCont as SyncDCont } from "../../../src/sync.ts";
import { parseSystem } from "../../../src/system-url.ts";
import { complaint, start, together } from "../../array/writers.ts";
import { needsDaos, newContainer, pool, system } from "./support.ts";

const WRITERS = 4;
const FACES = ["async", "sync"] as const;

/** Writes one attribute key, behind the engine's back. */
function writeRaw(
  core: ContainerCore,
  { oid }: ObjectRef,
  dkey: string,
  akey: string,
  value: Uint8Array | number,
): void {
  const { lib, slot } = core.client;
  const single = typeof value === "number";
  const bytes = Buffer.alloc(2048);
  if (single) bytes.writeBigUInt64LE(BigInt(value));
  else bytes.set(value);
  const length = single ? (akey === "format" ? 4 : 8) : value.length;
  const memory = Buffer.alloc(4096);
  const base = addressOf(memory);
  const put = (at: number, number: number): unknown => memory.writeBigUInt64LE(BigInt(number), at);
  const iov = (at: number, address: number, size: number): void => {
    put(at, address);
    put(at + 8, size);
    put(at + 16, size);
  };
  memory.write(dkey, 1024);
  memory.write(akey, 2048);
  iov(0, base + 1024, dkey.length);
  const { iod_name, iod_type, iod_size, iod_nr, iod_recxs } = OFFSET.daos_iod_t;
  const iod = 64;
  iov(iod + iod_name, base + 2048, akey.length);
  memory.writeUInt32LE(single ? DAOS.DAOS_IOD_SINGLE : DAOS.DAOS_IOD_ARRAY, iod + iod_type);
  put(iod + iod_size, single ? length : 1);
  memory.writeUInt32LE(1, iod + iod_nr);
  put(iod + iod_recxs, base + 256);
  put(256 + OFFSET.daos_recx_t.rx_nr, length);
  const sgl = iod + SIZE.daos_iod_t;
  memory.writeUInt32LE(1, sgl);
  put(sgl + OFFSET.d_sg_list_t.sg_iovs, base + 320);
  iov(320, addressOf(bytes), length);
  const { oh } = core.array(core.object(parseOid(oid)));
  assert.equal(lib.objUpdate(oh, 0, 0, base, 1, base + iod, base + sgl, 0), 0);
  assert.equal(slot.kept.length, 0);
}

const text = (s: string): Buffer => Buffer.from(s);

describe("arrays on DAOS", needsDaos, () => {
  const container = needsDaos.skip === false ? newContainer() : "";
  const open = (): Promise<DCont> => DCont.open(pool, container, { system });

  /** The contract's twin, an array object of it, and the core, to get behind it. */
  async function store(face: Face) {
    const twin: Container<Face> = await engine
      .system(face, parseSystem(system, {}, "/home/me"))
      .openContainer(pool, container, { mode: "RW" });
    const object = await twin.createNameless({ kind: "array" });
    const array: ArrayStore<Face> = twin.array!(object);
    return { twin, object, array };
  }

  function rawCore(): ContainerCore {
    const client = Client.shared();
    const running = { client, inFlight: 16, timeoutMs: 30_000 };
    const opened = runBlocking(openContainer({ lib: client.lib, name: null }, client.slot, pool, container, "RW"));
    return new ContainerCore(running, opened);
  }

  test("1,440 updates by 4 processes of single elements of one chunk lose nothing", async (t) => {
    await using cont = await open();
    const plain = await cont.array("plain", { shape: [800], dtype: "int32", chunks: [1000] });
    const zstd = await cont.array("zstd", { shape: [320], dtype: "int32", chunks: [1000], codecs: ["zstd"] });
    const wide = await cont.array("wide", { shape: [320], dtype: "int32", chunks: [1000], fill: 7 });
    await wide.set([0], -1);
    await together(t, "elements", system, [pool, container]);
    for (const da of [plain, zstd, wide])
      assert.deepEqual(
        Array.from((await da.get()).data),
        Array.from({ length: da.size }, (_, i) => i + 1),
      );
    for (const name of ["plain", "zstd", "wide"]) await cont.destroy(name);
  });

  test("240 updates by 4 processes that each touch all of one chunk lose nothing", async (t) => {
    await using cont = await open();
    const da = await cont.array("combs", { shape: [30_000], dtype: "int32", chunks: [30_000] });
    await together(t, "combs", system, [pool, container]);
    assert.ok((await da.get()).data.every((v) => v === 60));
    await cont.destroy("combs");
  });

  test("rows that 4 processes append are all there, each in one piece", async (t) => {
    await using cont = await open();
    const da = await cont.array("rows", { shape: [0, 5], dtype: "int32", chunks: [4, 3] });
    await together(t, "append", system, [pool, container]);
    const all = await da.get();
    assert.deepEqual(all.shape, [300, 5]);
    const seen: number[] = [];
    for (let row = 0; row < 300; row += 3) {
      const block = new Set(all.data.subarray(row * 5, row * 5 + 15));
      assert.equal(block.size, 1, `rows ${row} to ${row + 2}: ${[...block]}`);
      seen.push(...block);
    }
    const expected = Array.from({ length: WRITERS * 25 }, (_, i) => Math.floor(i / 25) * 1000 + (i % 25));
    assert.deepEqual(
      seen.sort((a, b) => a - b),
      expected,
    );
  });

  test("a writer that is killed leaves each chunk old or new, and the others go on", async (t) => {
    await using cont = await open();
    const da = await cont.array("big", { shape: [64, 96], dtype: "int32", chunks: [16, 16] });
    await da.set(null, -1);
    for (let round = 0; round < 6; round++) {
      const { child, ended } = await start(t, "overwrite", system, FACES[round % 2]!, 0, [pool, container]);
      let last = 0;
      child.stdout.on("data", (line: Buffer) => {
        last = Number(line.toString().trim().split("\n").at(-1));
      });
      const old = await da.get();
      child.stdin.write("go\n");
      await sleep(60 + 17 * round);
      child.kill("SIGKILL");
      const end = await ended;
      assert.equal(end.code, null, complaint(end));
      const now = await da.get();
      const boxOf = (data: Int32Array, i: number, j: number): Set<number> =>
        new Set(Array.from({ length: 256 }, (_, k) => data[96 * (16 * i + (k >> 4)) + 16 * j + (k & 15)]!));
      for (let i = 0; i < 4; i++)
        for (let j = 0; j < 6; j++) {
          const box = boxOf(now.data, i, j);
          assert.equal(box.size, 1, `round ${round}: chunk ${i}, ${j} has ${[...box]}`);
          const [value] = [...box];
          // What was acknowledged is there, or what came after it.
          if (last > 0 || value !== [...boxOf(old.data, i, j)][0])
            assert.ok(value === last || value === last + 1, `${value} after ${last}`);
        }
      await da.set(null, 1000 + round);
      assert.ok((await da.get()).data.every((v) => v === 1000 + round));
    }
    await cont.destroy("big");
  });

  test("an array that another process destroys, and whose name is used again, never has the other one's elements", async () => {
    await using mine = await open();
    const before = await mine.array("reused", { from: ndarray("int8", [3], Int8Array.of(1, 2, 3)) });
    // Another process: this one's handles would know.
    const child = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `import { DCont } from ${JSON.stringify(new URL("../../../src/index.ts", import.meta.url).href)};
const [, pool, container, system] = process.argv;
await using cont = await DCont.open(pool, container, { system });
await cont.destroy("reused");
await cont.array("reused", { shape: [3], dtype: "int8", fill: 9 });
await (await cont.getArray("reused")).set([1], 8);`,
        pool,
        container,
        system,
      ],
      { stdio: "inherit" },
    );
    assert.deepEqual(await once(child, "exit"), [0, null]);
    const outcome = await before.get().then(
      ({ data }) => [...data],
      (e: { code: string }) => e.code,
    );
    assert.ok(["DER_NONEXIST", "DER_IO"].includes(outcome as string) || String(outcome) === "0,0,0", String(outcome));
    assert.deepEqual([...(await (await mine.getArray("reused")).get()).data], [9, 8, 9]);
    await mine.destroy("reused");
    await assert.rejects(mine.getArray("reused"), { code: "DER_NONEXIST" });
  });

  for (const face of FACES) {
    test(`a few ranges of a chunk that is there are written without a look at the rest (${face})`, async () => {
      const { twin, object, array } = await store(face);
      const content = Buffer.alloc(1 << 18, 1);
      await array.writeChunks([{ key: "c/0", bytes: content }]);
      const apply = (): Uint8Array => assert.fail("it was read");
      const ranges = Array.from({ length: 64 }, (_, i) => ({ offset: 4000 * i, bytes: new Uint8Array(i + 1).fill(2) }));
      await array.updateChunks([{ key: "c/0", ranges, apply }]);
      for (const { offset, bytes } of ranges) content.set(bytes, offset);
      assert.equal(Buffer.compare((await array.readChunks(["c/0"]))[0]!, content), 0);
      // One more than fit, a chunk that is not there, and one that is too short: each is made from what there is.
      let calls = 0;
      const append = (old: Uint8Array | undefined): Uint8Array => {
        calls++;
        return Buffer.concat([old ?? text("new"), text("!")]);
      };
      await array.updateChunks([
        { key: "c/0", ranges: [...ranges, { offset: 262_000, bytes: text("x") }], apply: append },
        { key: "c/1", ranges, apply: append },
      ]);
      await array.updateChunks([{ key: "c/1", ranges: [{ offset: 2, bytes: text("xyz") }], apply: append }]);
      const [zero, one] = await array.readChunks(["c/0", "c/1"]);
      assert.equal(Buffer.compare(zero!, Buffer.concat([content, text("!")])), 0);
      assert.equal(Buffer.from(one!).toString(), "new!!");
      assert.equal(calls, 3);
      await twin.discard(object);
      await twin.close();
    });

    test(`memory of every kind is read and written (${face})`, async () => {
      const { twin, object, array } = await store(face);
      const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));
      const shared = new Uint8Array(new SharedArrayBuffer(100_000));
      shared.set(content);
      const small = Uint8Array.of(7, 8, 9);
      const inside = new Uint8Array(300_000).subarray(1, 100_001);
      inside.set(content);
      await array.writeChunks([
        { key: "c/0", bytes: shared },
        { key: "c/1", bytes: small },
        { key: "c/2", bytes: inside },
        { key: "c/3", bytes: new Uint8Array(0) },
      ]);
      const [a, b, c, d] = await array.readChunks(["c/0", "c/1", "c/2", "c/3"]);
      for (const chunk of [a, c]) assert.equal(Buffer.compare(chunk!, content), 0);
      assert.deepEqual([[...b!], [...d!]], [[7, 8, 9], []]);
      const into = [
        new Uint8Array(new SharedArrayBuffer(5000)),
        new Uint8Array(3),
        new Uint8Array(9000).subarray(7, 4007),
        ...Array.from({ length: 30 }, () => new Uint8Array(1)),
      ];
      for (const parts of [into, into.slice(1), into.slice(1, 2), [...into, ...into, ...into]]) {
        for (const part of parts) part.fill(0);
        assert.deepEqual(await array.readInto([{ key: "c/2", offset: 11, into: parts }]), [true]);
        const all = Buffer.concat(parts);
        // Memory that is given twice has what came last.
        if (parts.length < 40) assert.equal(Buffer.compare(all, content.subarray(11, 11 + all.length)), 0);
      }
      await twin.discard(object);
      await twin.close();
    });

    test(`a chunk may have 64 MiB, and more than 512 MiB is DER_REC2BIG (${face})`, async () => {
      const { twin, object, array } = await store(face);
      const big = Buffer.alloc(64 << 20, "tsdaos");
      await array.writeChunks([{ key: "c/0", bytes: big }]);
      const [read] = await array.readChunks(["c/0"]);
      assert.ok(big.equals(read!));
      await array.updateChunks([{ key: "c/0", apply: (old) => old!.fill(1, 0, 10) }]);
      const part = new Uint8Array(20);
      await array.readInto([{ key: "c/0", offset: 0, into: [part] }]);
      assert.deepEqual([...part.subarray(8, 12)], [1, 1, big[10], big[11]]);
      // Something that has the length of a big chunk and none of its memory.
      const huge = new Uint8Array(0);
      Object.defineProperty(huge, "length", { value: 2 ** 29 + 1 });
      await assert.rejects(async () => array.writeChunks([{ key: "c/1", bytes: huge }]), { code: "DER_REC2BIG" });
      assert.deepEqual(await array.readChunks(["c/1"]), [undefined]);
      await twin.discard(object);
      await twin.close();
    });

    test(`what others have damaged is DER_IO, a newer form DER_MISMATCH (${face})`, async () => {
      const { twin, object, array } = await store(face);
      const core = rawCore();
      await array.setMetadata(text("{}"), undefined);
      writeRaw(core, object, METADATA_KEY, "format", 2);
      await assert.rejects(async () => array.getMetadata(), { code: "DER_MISMATCH", message: /version 2/ });
      await assert.rejects(async () => array.setMetadata(text("x"), text("{}")), { code: "DER_MISMATCH" });
      writeRaw(core, object, METADATA_KEY, "format", 1);
      assert.equal(Buffer.from((await array.getMetadata())!).toString(), "{}");
      writeRaw(core, object, "c/0", "size", 100);
      const reading = { key: "c/0", offset: 0, into: [new Uint8Array(10)] };
      await assert.rejects(async () => array.readChunks(["c/0"]), { code: "DER_IO", message: /no bytes/ });
      await assert.rejects(async () => array.readInto([reading]), { code: "DER_IO", message: /no bytes/ });
      writeRaw(core, object, "c/0", "size", 2 ** 52);
      writeRaw(core, object, "c/0", "data", text("abc"));
      await assert.rejects(async () => array.readChunks(["c/0"]), { code: "DER_IO", message: /claims/ });
      // Bytes without their number are no chunk.
      writeRaw(core, object, "c/1", "data", text("abc"));
      assert.deepEqual(await array.readChunks(["c/1"]), [undefined]);
      assert.deepEqual(await array.readInto([{ ...reading, key: "c/1" }]), [false]);
      await assert.rejects(async () => array.listChunks("c/0", 10), { code: "DER_INVAL" });
      core.closeSync();
      await twin.discard(object);
      await twin.close();
    });
  }

  test("a call that is aborted answers when nothing of it is under way any more", async () => {
    const { twin, object, array } = await store("async");
    const asyncArray = array as ArrayStore<"async">;
    const memory = Array.from({ length: 40 }, () => Buffer.alloc(1 << 20, 1));
    const controller = new AbortController();
    const writing = asyncArray.writeChunks(
      memory.map((bytes, i) => ({ key: `c/${i}`, bytes })),
      { signal: controller.signal },
    );
    setTimeout(() => controller.abort(new Error("enough")), 2);
    await assert.rejects(writing, /enough/);
    for (const bytes of memory) bytes.fill(2);
    const found = await asyncArray.readChunks(memory.map((_, i) => `c/${i}`));
    assert.ok(found.some((chunk) => chunk === undefined));
    for (const chunk of found) assert.ok(chunk === undefined || chunk.every((byte) => byte === 1));
    await assert.rejects(asyncArray.readChunks(["c/0"], { signal: controller.signal }), /enough/);
    await twin.discard(object);
    await twin.close();
  });

  test("an update that throws changes nothing, and leaves no transaction behind", async () => {
    for (const face of FACES) {
      const { twin, object, array } = await store(face);
      await array.writeChunks([{ key: "c/0", bytes: text("old") }]);
      const apply = (): Uint8Array => {
        throw new RangeError("on purpose");
      };
      for (let i = 0; i < 50; i++)
        await assert.rejects(async () => array.updateChunks([{ key: "c/0", apply }]), /on purpose/);
      await array.updateChunks([{ key: "c/0", apply: (old) => Buffer.concat([old!, text("er")]) }]);
      assert.equal(Buffer.from((await array.readChunks(["c/0"]))[0]!).toString(), "older");
      await twin.discard(object);
      await twin.close();
    }
  });

  test("a check finds what is wrong with arrays, and a repair mends what it can", async () => {
    const label = `${container}-check`;
    await createContainer(pool, label, { system });
    try {
      const twin = await engine
        .system("async", parseSystem(system, {}, "/home/me"))
        .openContainer(pool, label, { mode: "RW" });
      {
        await using cont = await DCont.open(pool, label, { system });
        await cont.array("sound", { from: ndarray("int8", [5, 5], new Int8Array(25).fill(1)), chunks: [2, 2] });
        await cont.array("packed", { from: ndarray("int8", [64], new Int8Array(64).fill(1)), codecs: ["zstd"] });
        const cut = await cont.array("cut", { shape: [4, 4], dtype: "int16", chunks: [2, 2] });
        await cut.set(null, 1);
      }
      const clean = await checkContainer(pool, label, { system });
      assert.deepEqual([clean.findings, clean.checked], [[], 3]);
      const cut = twin.array!((await twin.lookup("cut"))!);
      await cut.writeChunks([
        { key: "c/0/0", bytes: text("short") },
        { key: "c/9/0", bytes: new Uint8Array(8) },
        { key: "odd", bytes: text("x") },
      ]);
      await twin.create("hollow", { kind: "array" });
      const broken = (await twin.create("broken", { kind: "array" }))!;
      await twin.array!(broken).setMetadata(text("{}"), undefined);
      const orphan = await twin.createNameless({ kind: "array" });
      await twin.array!(orphan).writeChunks([{ key: "c/0", bytes: text("x") }]);
      const empty = await twin.createNameless({ kind: "array" });
      await twin.array!(empty).writeChunks([{ key: "c/0", bytes: text("x") }]);
      await twin.array!(empty).writeChunks([{ key: "c/0", bytes: null }]);
      const messages = [
        'array "broken" cannot be opened',
        'array "cut" has a key that is no chunk of it: "odd"',
        'array "hollow" has no metadata document',
        'chunk c/0/0 of array "cut" has 5 bytes where 8 are expected',
        'chunk c/9/0 of array "cut" lies beyond its shape',
        `object ${orphan.oid} has no name`,
      ];
      const found = await checkContainer(pool, label, { system });
      const sorted = found.findings.map(({ message }) => message).sort();
      assert.equal(sorted.length, messages.length, sorted.join("\n"));
      for (const [i, message] of messages.entries()) assert.ok(sorted[i]!.startsWith(message), sorted[i]);
      assert.ok(found.findings.every(({ repaired }) => !repaired));
      await twin.close();
      const mended = await checkContainer(pool, label, { system, repair: true });
      assert.deepEqual(
        mended.findings.flatMap(({ message, repaired }) => (repaired ? [message.slice(0, 12)] : [])).sort(),
        ["chunk c/9/0 ", `object ${orphan.oid}`.slice(0, 12)],
      );
      const again = await checkContainer(pool, label, { system });
      assert.equal(again.findings.length, messages.length - 2);
    } finally {
      await destroyContainer(pool, label, { system, force: true });
    }
  });

  test("both faces see one array, with every dtype and selections across chunks", async () => {
    await using cont = await open();
    using blocking = new SyncDCont(pool, container, { system });
    for (const dtype of ["bool", "uint8", "int64", "float16", "float32", "complex128"] as const) {
      const name = `of ${dtype}`;
      await cont.array(name, { shape: [50, 40], dtype, chunks: [7, 9], codecs: dtype === "uint8" ? ["gzip"] : [] });
      const twin = blocking.getArray(name);
      twin.set(sel("3:30:3, ::-1"), twin.get(sel("3:30:3, ::-1")));
      const da = await cont.getArray(name);
      assert.deepEqual(await da.get(sel("::7, 5")), twin.get(sel("::7, 5")));
      assert.equal(da.path, undefined);
      await cont.destroy(name);
    }
    const da = await cont.array("numbers", { shape: [100, 100], dtype: "float64", chunks: [30, 30] });
    const values = ndarray(
      "float64",
      [100, 100],
      Float64Array.from({ length: 10_000 }, (_, i) => i),
    );
    await da.set(null, values);
    assert.deepEqual((await da.get()).data, values.data);
    assert.deepEqual(blocking.getArray("numbers").get().data, values.data);
    const listed = (await Array.fromAsync(cont)).find(({ name }) => name === "numbers");
    assert.equal(listed?.kind, "array");
  });
});
