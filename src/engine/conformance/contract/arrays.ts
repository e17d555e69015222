/** The array object: metadata by compare-and-set, chunks whole and in part, changes that lose nothing. */
import assert from "node:assert/strict";
import type { ArrayStore, ByteRange, Container, Face, ObjectRef } from "../../contract.ts";
import { bytes, failsWith, failureOf, pattern, text } from "../data.ts";
import type { Fixture } from "../fixture.ts";
import type { Suite } from "../suite.ts";

const DOCUMENT = bytes('{"zarr_format":3}');
const CHUNK_BYTES = 100_000;

interface Opened {
  readonly container: Container<Face>;
  readonly name: string;
  readonly object: ObjectRef;
  readonly store: ArrayStore<Face>;
}

/** A new array object with a metadata document. */
async function open(f: Fixture, twin: Face): Promise<Opened> {
  const container = await f.contract(twin);
  const object = await container.createNameless({ kind: "array" });
  const name = f.name();
  assert.equal(await container.link(name, object), true);
  const store = container.array!(object);
  assert.equal(await store.setMetadata(DOCUMENT, undefined), true);
  return { container, name, object, store };
}

async function chunk(store: ArrayStore<Face>, key: string): Promise<Uint8Array | undefined> {
  return (await store.readChunks([key]))[0];
}

/** All keys, by pages of `limit`. */
async function keysIn(store: ArrayStore<Face>, limit: number): Promise<string[]> {
  const listed: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.listChunks(after, limit);
    assert.ok(page.keys.length <= limit);
    listed.push(...page.keys);
    after = page.next;
    if (after === undefined) return listed.sort();
  }
}

/** Opens other handles on the object: of both faces, so that they are of several minds. */
async function among(
  f: Fixture,
  { object, store }: Opened,
  work: (stores: readonly ArrayStore<Face>[]) => Promise<void>,
): Promise<void> {
  const others = await Promise.all((["async", "async", "sync"] as const).map((face) => f.openContract(face)));
  await work([store, ...others.map((container) => container.array!(object))]);
  for (const container of others) await container.close();
}

/** A change of ranges that an engine may make by writing just them. */
function change(key: string, ranges: readonly ByteRange[]) {
  return {
    key,
    ranges,
    apply: (old: Uint8Array | undefined): Uint8Array => {
      const content = old ?? new Uint8Array(CHUNK_BYTES);
      for (const { offset, bytes: part } of ranges) content.set(part, offset);
      return content;
    },
  };
}

export function testArrays(suite: Suite, twin: Face): void {
  const test = (name: string, work: (f: Fixture) => Promise<void>): void => suite.testIf("arrays", name, work);

  test("the metadata document changes only from what the caller knew", async (f) => {
    const container = await f.contract(twin);
    const store = container.array!(await container.createNameless({ kind: "array" }));
    assert.equal(await store.getMetadata(), undefined);
    assert.equal(await store.setMetadata(DOCUMENT, bytes("x")), false);
    assert.equal(await store.setMetadata(DOCUMENT, undefined), true);
    assert.equal(await store.setMetadata(bytes("b"), undefined), false);
    assert.equal(await store.setMetadata(bytes("b"), bytes("a")), false);
    assert.equal(text(await store.getMetadata()), text(DOCUMENT));
    assert.equal(await store.setMetadata(bytes("b"), DOCUMENT), true);
    assert.equal(text(await store.getMetadata()), "b");
  });

  test("chunks are written, read, replaced by shorter and longer ones, removed", async (f) => {
    const { store } = await open(f, twin);
    for (const size of [1, 4096, CHUNK_BYTES, 5 * 1024 * 1024, 7]) {
      await store.writeChunks([
        { key: "c/0/1", bytes: pattern(size) },
        { key: "c/12/0", bytes: pattern(size, 2) },
      ]);
      const [a, missing, b] = await store.readChunks(["c/0/1", "c/0/0", "c/12/0"]);
      assert.deepEqual(Buffer.compare(a!, pattern(size)), 0);
      assert.equal(missing, undefined);
      assert.deepEqual(Buffer.compare(b!, pattern(size, 2)), 0);
    }
    await store.writeChunks([
      { key: "c/0/1", bytes: null },
      { key: "c/5/5", bytes: null },
    ]);
    assert.equal(await chunk(store, "c/0/1"), undefined);
    const { store: scalar } = await open(f, twin);
    await scalar.writeChunks([{ key: "c", bytes: bytes("no axes") }]);
    assert.equal(text(await chunk(scalar, "c")), "no axes");
  });

  test("parts of chunks are read into the caller's memory", async (f) => {
    const { store } = await open(f, twin);
    const content = pattern(CHUNK_BYTES);
    await store.writeChunks([{ key: "c/0", bytes: content }]);
    const parts = [new Uint8Array(1), new Uint8Array(0), new Uint8Array(50_000), new Uint8Array(3)];
    const memory = new Uint8Array(3000).subarray(500, 2500);
    const found = await store.readInto([
      { key: "c/0", offset: 777, into: parts },
      { key: "c/1", offset: 0, into: [new Uint8Array(5)] },
      { key: "c/0", offset: CHUNK_BYTES - memory.length, into: [memory] },
    ]);
    assert.deepEqual(found, [true, false, true]);
    assert.equal(Buffer.compare(Buffer.concat(parts), content.subarray(777, 777 + 50_004)), 0);
    assert.equal(Buffer.compare(memory, content.subarray(CHUNK_BYTES - memory.length)), 0);
    const many = Array.from({ length: 3000 }, () => new Uint8Array(10));
    assert.deepEqual(await store.readInto([{ key: "c/0", offset: 1, into: many }]), [true]);
    assert.equal(Buffer.compare(Buffer.concat(many), content.subarray(1, 30_001)), 0);
  });

  test("to read more of a chunk than there is is DER_IO", async (f) => {
    const { store } = await open(f, twin);
    await store.writeChunks([{ key: "c/0", bytes: bytes("12345") }]);
    await failsWith("DER_IO", () => store.readInto([{ key: "c/0", offset: 3, into: [new Uint8Array(3)] }]));
  });

  test("updates make, change and remove chunks", async (f) => {
    const { store } = await open(f, twin);
    const append = (s: string) => (old: Uint8Array | undefined) => bytes((text(old) ?? "new:") + s);
    await store.updateChunks([
      { key: "c/0", apply: append("a") },
      { key: "c/1", apply: append("x") },
    ]);
    await store.updateChunks([{ key: "c/0", apply: append("b") }]);
    assert.equal(text(await chunk(store, "c/0")), "new:ab");
    assert.equal(text(await chunk(store, "c/1")), "new:x");
    await store.updateChunks([{ key: "c/0", apply: () => null }]);
    assert.equal(await chunk(store, "c/0"), undefined);
  });

  test("ranges are changed, and nothing else of the chunk", async (f) => {
    const { store } = await open(f, twin);
    const expected = pattern(CHUNK_BYTES);
    await store.writeChunks([{ key: "c/0", bytes: expected }]);
    const updates: ByteRange[][] = [
      [{ offset: 0, bytes: pattern(1, 3) }],
      [{ offset: 5000, bytes: pattern(512, 4) }],
      [
        { offset: 8192, bytes: pattern(10, 5) },
        { offset: 8300, bytes: pattern(20, 6) },
      ],
      [{ offset: 4090, bytes: pattern(12, 7) }],
      [
        { offset: 100, bytes: pattern(40_000, 8) },
        { offset: CHUNK_BYTES - 1, bytes: pattern(1, 9) },
      ],
    ];
    for (const ranges of updates) {
      await store.updateChunks([change("c/0", ranges)]);
      for (const { offset, bytes: part } of ranges) expected.set(part, offset);
      assert.equal(Buffer.compare((await chunk(store, "c/0"))!, expected), 0);
    }
    await store.updateChunks([change("c/7", updates[1]!)]);
    assert.equal((await chunk(store, "c/7"))!.length, CHUNK_BYTES);
  });

  test("keys are listed, each once, in pages of any size", async (f) => {
    const { store } = await open(f, twin);
    assert.deepEqual((await store.listChunks(undefined, 10)).keys, []);
    const keys = ["c/0/0", "c/0/1", "c/1/0", "c/10/0", "c/2/5", "c/2/50", "c/2/6"];
    await store.writeChunks(keys.map((key) => ({ key, bytes: bytes(key) })));
    for (const limit of [1, 2, 3, 7, 100]) assert.deepEqual(await keysIn(store, limit), keys);
    const page = await store.listChunks(undefined, 100);
    if (page.sizes !== undefined)
      assert.deepEqual(
        page.sizes,
        page.keys.map(({ length }) => length),
      );
  });

  test("a chunk is listed while it is there: not when it was removed, again when it is back", async (f) => {
    const { store } = await open(f, twin);
    const keys = Array.from({ length: 40 }, (_, i) => `c/${i}`);
    await store.writeChunks(keys.map((key) => ({ key, bytes: bytes(key) })));
    await store.writeChunks(keys.slice(1, 20).map((key) => ({ key, bytes: null })));
    await store.updateChunks(keys.slice(20, 39).map((key) => ({ key, apply: () => null })));
    for (const limit of [1, 7, 100]) assert.deepEqual(await keysIn(store, limit), ["c/0", "c/39"]);
    await store.writeChunks([{ key: "c/3", bytes: bytes("3") }]);
    await store.updateChunks([{ key: "c/25", apply: (old) => old ?? bytes("25") }]);
    assert.deepEqual(await keysIn(store, 100), ["c/0", "c/25", "c/3", "c/39"]);
  });

  test("a listing leaves out no chunk that is there throughout, whatever others do meanwhile", async (f) => {
    const opened = await open(f, twin);
    const kept = Array.from({ length: 30 }, (_, i) => `c/${i}/1`);
    const passing = Array.from({ length: 30 }, (_, i) => `c/${i}/0`);
    await opened.store.writeChunks(kept.map((key) => ({ key, bytes: bytes(key) })));
    await among(f, opened, async ([store, other]) => {
      let ended = false;
      const changing = (async () => {
        for (let i = 0; !ended; i++)
          await other!.writeChunks(passing.map((key, k) => ({ key, bytes: (k + i) % 2 === 0 ? bytes(key) : null })));
      })();
      for (let round = 0; round < 5; round++) {
        const listed = await keysIn(store!, 4);
        assert.deepEqual(listed.filter((key) => key.endsWith("/1")).sort(), kept.toSorted());
        assert.equal(new Set(listed).size, listed.length, "a key is listed twice");
      }
      ended = true;
      await changing;
    });
  });

  test("hundreds of chunks in one call are each there, with their own bytes, in the order of the call", async (f) => {
    const { store } = await open(f, twin);
    const keys = Array.from({ length: 300 }, (_, i) => `c/${(i * 7) % 300}/${i}`);
    await store.writeChunks(keys.map((key, i) => ({ key, bytes: pattern(2000 + i, i + 1) })));
    const into = keys.map((_, i) => new Uint8Array(1000 + i));
    const reads = keys.map((key, i) => ({ key, offset: 1000, into: [into[i]!] }));
    assert.ok((await store.readInto(reads)).every((found) => found));
    const whole = await store.readChunks(keys);
    keys.forEach((key, i) => {
      assert.equal(Buffer.compare(whole[i]!, pattern(2000 + i, i + 1)), 0, key);
      assert.equal(Buffer.compare(into[i]!, pattern(2000 + i, i + 1).subarray(1000)), 0, key);
    });
  });

  test("what one handle has written, the next read of another sees", async (f) => {
    const opened = await open(f, twin);
    await among(f, opened, async (stores) => {
      for (let round = 0; round < 12; round++) {
        const [writer, reader] = [stores[round % 4]!, stores[(round + 1 + (round % 3)) % 4]!];
        const content = pattern(CHUNK_BYTES, round + 1);
        await writer.writeChunks([{ key: "c/0", bytes: content }]);
        assert.equal(Buffer.compare((await chunk(reader, "c/0"))!, content), 0);
        const part = pattern(500, round + 100);
        await writer.updateChunks([change("c/0", [{ offset: 5000, bytes: part }])]);
        const memory = new Uint8Array(500);
        assert.deepEqual(await reader.readInto([{ key: "c/0", offset: 5000, into: [memory] }]), [true]);
        assert.equal(Buffer.compare(memory, part), 0);
        await writer.writeChunks([{ key: "c/0", bytes: null }]);
        assert.equal(await chunk(reader, "c/0"), undefined);
      }
    });
  });

  test("a chunk that is replaced is old or new to whoever reads it", async (f) => {
    const opened = await open(f, twin);
    const filled = (k: number): Uint8Array => new Uint8Array(CHUNK_BYTES).fill(k);
    await opened.store.writeChunks([{ key: "c/0", bytes: filled(1) }]);
    await among(f, opened, async ([store, other]) => {
      let ended = false;
      const writing = (async () => {
        for (let k = 2; !ended; k++) {
          const bytes = filled(1 + (k % 200));
          if (k % 2 === 0) await other!.writeChunks([{ key: "c/0", bytes }]);
          else await other!.updateChunks([{ key: "c/0", apply: () => bytes }]);
        }
      })();
      for (let round = 0; round < 40; round++) {
        const memory = new Uint8Array(CHUNK_BYTES);
        const content = round % 2 === 0 ? (await chunk(store!, "c/0"))! : memory;
        if (round % 2 === 1) await store!.readInto([{ key: "c/0", offset: 0, into: [memory] }]);
        assert.equal(content.length, CHUNK_BYTES);
        assert.ok(
          content.every((byte) => byte === content[0]),
          "a chunk was half old and half new",
        );
        await new Promise(setImmediate);
      }
      ended = true;
      await writing;
    });
  });

  test("a function that throws in an update changes nothing, and its error is the caller's", async (f) => {
    const { store } = await open(f, twin);
    await store.writeChunks([{ key: "c/0", bytes: bytes("old") }]);
    const mine = new Error("on purpose");
    for (const key of ["c/0", "c/1"]) {
      const apply = (old: Uint8Array | undefined): Uint8Array => {
        old?.fill(0);
        throw mine;
      };
      assert.equal(await failureOf(() => store.updateChunks([{ key, apply }])), mine);
    }
    assert.deepEqual(await keysIn(store, 10), ["c/0"]);
    assert.equal(text(await chunk(store, "c/0")), "old");
  });

  test("of updates that make, change and remove a chunk at once each sees the one before", async (f) => {
    const opened = await open(f, twin);
    // Counts to five; the sixth update removes the chunk.
    let removals = 0;
    await among(f, opened, async (stores) => {
      await Promise.all(
        stores.map(async (each) => {
          for (let i = 0; i < 30; i++) {
            let removes = false;
            const apply = (old: Uint8Array | undefined): Uint8Array | null => {
              removes = old?.[0] === 5;
              return removes ? null : new Uint8Array(3000).fill((old?.[0] ?? 0) + 1);
            };
            await each.updateChunks([{ key: "c/0", apply }]);
            if (removes) removals++;
          }
        }),
      );
    });
    const rest = (await chunk(opened.store, "c/0"))?.[0] ?? 0;
    assert.equal(removals * 6 + rest, 4 * 30);
  });

  test("what several handles change at once in one chunk is all there", async (f) => {
    const opened = await open(f, twin);
    const { store } = opened;
    await among(f, opened, async (stores) => {
      const work = stores.map(async (each, i) => {
        for (let k = 0; k < 15; k++) {
          const at = (4 * k + i) * 1000;
          // By ranges, by ranges that lie far apart, and whole.
          const ranges =
            k % 3 === 1
              ? [
                  { offset: at, bytes: Uint8Array.of(k + 1) },
                  { offset: at + 999, bytes: Uint8Array.of(k + 1) },
                ]
              : [{ offset: at, bytes: new Uint8Array(1000).fill(k + 1) }];
          const update = change("c/0", ranges);
          await each.updateChunks([k % 3 === 2 ? { key: update.key, apply: update.apply } : update]);
        }
      });
      await Promise.all(work);
    });
    const content = (await chunk(store, "c/0"))!;
    for (let k = 0; k < 15; k++)
      for (let i = 0; i < 4; i++) {
        const at = (4 * k + i) * 1000;
        assert.deepEqual([content[at], content[at + 999]], [k + 1, k + 1], `handle ${i}, update ${k}`);
      }
  });

  test("of several who change the metadata from one state, one succeeds", async (f) => {
    const opened = await open(f, twin);
    let total = 0;
    await among(f, opened, async (stores) => {
      await Promise.all(
        stores.map(async (each) => {
          for (let done = 0; done < 10; ) {
            const was = await each.getMetadata();
            const next = bytes(String(Number(text(was)!.replace(/\D/g, "")) + 1));
            if (!(await each.setMetadata(next, was))) continue;
            done++;
            total++;
          }
        }),
      );
    });
    assert.equal(total, 40);
    assert.equal(text(await opened.store.getMetadata()), String(3 + 40));
  });

  test("a metadata document may be big", async (f) => {
    const { store } = await open(f, twin);
    const big = bytes(JSON.stringify({ attributes: "x".repeat(300_000) }));
    assert.equal(await store.setMetadata(big, DOCUMENT), true);
    assert.equal(Buffer.compare((await store.getMetadata())!, big), 0);
    assert.equal(await store.setMetadata(DOCUMENT, big.slice(0, -1)), false);
    assert.equal(await store.setMetadata(DOCUMENT, big), true);
  });

  if (twin === "async")
    test("an aborted call rejects with the reason, and nothing of it goes on", async (f) => {
      const { store } = await open(f, twin);
      const keys = Array.from({ length: 30 }, (_, i) => `c/${i}`);
      const filled = (k: number): Uint8Array => new Uint8Array(CHUNK_BYTES).fill(k);
      await store.writeChunks(keys.map((key) => ({ key, bytes: filled(1) })));
      const reason = new Error("enough");
      const aborted = { signal: AbortSignal.abort(reason) };
      for (const call of [
        () => store.getMetadata(aborted),
        () => store.setMetadata(bytes("b"), DOCUMENT, aborted),
        () => store.readChunks(["c/0"], aborted),
        () => store.readInto([{ key: "c/0", offset: 0, into: [new Uint8Array(1)] }], aborted),
        () => store.writeChunks([{ key: "c/0", bytes: filled(9) }], aborted),
        () => store.updateChunks([{ key: "c/0", apply: () => filled(9) }], aborted),
        () => store.listChunks(undefined, 1, aborted),
      ])
        assert.equal(await failureOf(call), reason, String(call));
      const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
      for (const ms of [undefined, undefined, 0, 1, 3]) {
        const controller = new AbortController();
        const { signal } = controller;
        const memory = new Uint8Array(keys.length * CHUNK_BYTES);
        const into = (i: number): Uint8Array[] => [memory.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES)];
        const reading = store.readInto(
          keys.map((key, i) => ({ key, offset: 0, into: into(i) })),
          { signal },
        );
        if (ms !== undefined) await wait(ms);
        controller.abort(reason);
        const [result] = await Promise.allSettled([reading]);
        if (result.status === "rejected") assert.equal(result.reason, reason);
        // The memory is the caller's again.
        memory.fill(77);
        await wait(20);
        assert.ok(
          memory.every((byte) => byte === 77),
          "a read that was aborted went on",
        );
      }
      for (const ms of [0, 1, 3, 10]) {
        const controller = new AbortController();
        const { signal } = controller;
        const calls = [
          store.writeChunks(
            keys.slice(0, 15).map((key) => ({ key, bytes: filled(2 + ms) })),
            { signal },
          ),
          store.updateChunks(
            keys.slice(15).map((key) => ({ key, apply: () => filled(2 + ms) })),
            { signal },
          ),
        ];
        setTimeout(() => controller.abort(reason), ms);
        for (const result of await Promise.allSettled<unknown>(calls))
          if (result.status === "rejected") assert.equal(result.reason, reason);
        // A later write is not overtaken by the aborted one.
        await store.writeChunks(keys.map((key) => ({ key, bytes: filled(100 + ms) })));
        await wait(20);
        for (const content of await store.readChunks(keys))
          assert.ok(
            content?.length === CHUNK_BYTES && content.every((byte) => byte === 100 + ms),
            "a write that was aborted went on",
          );
      }
    });

  test("the memory of a chunk is the engine's only until it has answered", async (f) => {
    const { store } = await open(f, twin);
    const memory = pattern(CHUNK_BYTES);
    await store.writeChunks([{ key: "c/0", bytes: memory }]);
    memory.fill(0);
    const read = (await chunk(store, "c/0"))!;
    assert.equal(Buffer.compare(read, pattern(CHUNK_BYTES)), 0);
    read.fill(0);
    assert.equal(Buffer.compare((await chunk(store, "c/0"))!, pattern(CHUNK_BYTES)), 0);
  });

  if (suite.capabilities.detectsDestroyed)
    test("an array that was destroyed answers DER_NONEXIST", async (f) => {
      const { container, name, store } = await open(f, twin);
      await store.writeChunks([{ key: "c/0", bytes: bytes("1") }]);
      assert.equal(await container.destroy(name), true);
      await failsWith("DER_NONEXIST", () => store.getMetadata());
      await failsWith("DER_NONEXIST", () => store.readChunks(["c/0"]));
      await failsWith("DER_NONEXIST", () => store.readInto([{ key: "c/0", offset: 0, into: [new Uint8Array(1)] }]));
      await failsWith("DER_NONEXIST", () => store.writeChunks([{ key: "c/0", bytes: bytes("1") }]));
      await failsWith("DER_NONEXIST", () => store.updateChunks([{ key: "c/0", apply: () => bytes("1") }]));
      await failsWith("DER_NONEXIST", () => store.writeChunks([{ key: "c/0", bytes: null }]));
      await failsWith("DER_NONEXIST", () => store.updateChunks([change("c/0", [{ offset: 0, bytes: bytes("2") }])]));
      await failsWith("DER_NONEXIST", () => store.setMetadata(bytes("b"), DOCUMENT));
      await failsWith("DER_NONEXIST", () => store.listChunks(undefined, 10));
      // Another one under its name is another one.
      const object = await container.createNameless({ kind: "array" });
      const other = container.array!(object);
      await other.setMetadata(DOCUMENT, undefined);
      assert.equal(await container.link(name, object), true);
      await other.writeChunks([{ key: "c/0", bytes: bytes("other") }]);
      await failsWith("DER_NONEXIST", () => store.readChunks(["c/0"]));
      await failsWith("DER_NONEXIST", () => store.writeChunks([{ key: "c/0", bytes: bytes("1") }]));
      assert.equal(text(await chunk(other, "c/0")), "other");
    });

  test("a closed container refuses with DER_NO_HDL, a read-only one writes with DER_NO_PERM", async (f) => {
    const { object } = await open(f, twin);
    const readOnly = await f.openContract(twin, "RO");
    const store = readOnly.array!(object);
    assert.equal(text(await store.getMetadata()), text(DOCUMENT));
    await failsWith("DER_NO_PERM", () => store.setMetadata(bytes("b"), DOCUMENT));
    await failsWith("DER_NO_PERM", () => store.writeChunks([{ key: "c/0", bytes: bytes("1") }]));
    await failsWith("DER_NO_PERM", () => store.updateChunks([{ key: "c/0", apply: () => bytes("1") }]));
    await readOnly.close();
    await failsWith("DER_NO_HDL", () => store.getMetadata());
    await failsWith("DER_NO_HDL", () => store.readChunks(["c/0"]));
    await failsWith("DER_NO_HDL", () => store.writeChunks([{ key: "c/0", bytes: bytes("1") }]));
  });
}
