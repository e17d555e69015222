/** Handles: closed, destroyed under their users, left open, ordered. */
import assert from "node:assert/strict";
import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { checkContainer, DaosError, DCont } from "../../../src/index.ts";
import * as blocking from "../../../src/sync.ts";
import { skipWithout } from "../../needs.ts";
import { faces, sizeOf } from "./faces.ts";
import { Remote } from "./remote.ts";
import { der, sleep, tankNeo } from "./support.ts";

for (const face of faces) {
  test(`a closed handle answers DER_NO_HDL, closing again is nothing: ${face.name}`, async (t) => {
    const made = await tankNeo(t);
    const c = await face.open("tank", "neo", made);
    const dict = await c.dict("d", { k: "v" });
    await c.close();
    for (const call of [
      () => dict.get("k"),
      () => dict.has("k"),
      () => dict.put("k", "w"),
      () => dict.delete("k"),
      () => dict.pop("k"),
      () => dict.bput([["k", "w"]]),
      () => dict.bget(["k"]),
      () => sizeOf(dict),
      () => dict.dump(),
      () => dict.clear(),
      () => c.dict("e"),
      () => c.getDict("d"),
      () => c.has("d"),
      () => c.destroy("d"),
    ])
      await assert.rejects(async () => call(), der("DER_NO_HDL"), String(call));
    await c.close();
    await Promise.all([c.close(), c.close()]);
    const again = await face.open("tank", "neo", made);
    assert.equal(String(await (await again.getDict("d")).get("k")), "v");
    await again.close();
  });

  test(`a container that is open is not destroyed, unless by force; its handles never reach the next one: ${face.name}`, async (t) => {
    const made = await tankNeo(t);
    const { system } = made;
    await using remote = await Remote.start();
    const start = (writeFirst: boolean): Promise<void> =>
      remote.run(
        async ({ tsdaos, blocking, state }, system, face, writeFirst) => {
          state.c =
            face === "sync"
              ? new blocking.DCont("tank", "neo", { system })
              : await tsdaos.DCont.open("tank", "neo", { system });
          state.d = writeFirst ? await state.c.dict("d", { k: "old" }) : await state.c.getDict("d");
        },
        system,
        face.name,
        writeFirst,
      );
    await start(true);
    await assert.rejects(
      async () => face.admin.destroyContainer("tank", "neo", made),
      der("DER_BUSY", /open somewhere/),
    );
    await assert.rejects(async () => face.admin.destroyPool("tank", made), der("DER_BUSY"));
    await remote.run(({ state }) => state.d.put("k", "still there"));
    await remote.run(({ state }) => state.c.close());
    // The second time the writer thread has not been started when the container goes: it would find the next one.
    await start(false);
    await face.admin.destroyContainer("tank", "neo", { ...made, force: true });
    assert.deepEqual(await face.admin.listContainers("tank", made), []);
    await face.admin.createContainer("tank", "neo", made);
    const next = await face.open("tank", "neo", made);
    const dict = await next.dict("d", { k: "new" });
    const codes = await remote.run(async ({ state, tsdaos }) => {
      const seen: string[] = [];
      for (const call of [
        () => state.d.put("k", "lost?"),
        () => state.d.get("k"),
        () => state.d.delete("k"),
        () => state.d.bput([["a", "lost?"]]),
        () => state.d.clear(),
        () => state.c.dict("another"),
        () => state.c.getDict("d"),
        () => state.c.destroy("d"),
      ])
        try {
          await call();
          seen.push(`done: ${call}`);
        } catch (e) {
          seen.push(tsdaos.DaosError.is(e) ? e.code : String(e));
        }
      return seen;
    });
    assert.deepEqual([...new Set(codes)], ["DER_NONEXIST"]);
    // Closing the old container must not take the new one's journal away.
    await dict.put("unflushed", "1");
    await remote.run(({ state }) => state.c.close());
    await using third = await Remote.start();
    const seen = await third.run(async ({ tsdaos }, system) => {
      await using c = await tsdaos.DCont.open("tank", "neo", { system });
      return [...(await (await c.getDict("d")).dump())].map(([k, v]) => `${k}=${v}`);
    }, system);
    assert.deepEqual(seen, ["k=new", "unflushed=1"]);
    await next.close();
    await face.admin.destroyContainer("tank", "neo", made);
    assert.deepEqual(readdirSync(`${made.directory}/tank`), ["pool.json"]);
  });
}

test("close waits for what runs: it lands or is refused, nothing hangs, nothing is lost", async (t) => {
  const made = await tankNeo(t);
  for (let round = 0; round < 10; round++) {
    const c = await DCont.open("tank", "neo", made);
    const dict = await c.dict(`d${round}`);
    const puts = Array.from({ length: 500 }, (_, i) => dict.put(`key ${i}`, "x".repeat(i * 10 + 1)));
    const more = [dict.bput([["batch", "1"]]), dict.get("key 1"), dict.size(), c.has("d0"), c.dict(`e${round}`)];
    const closing = [c.close(), c.close()];
    const late = dict.put("late", "1");
    await assert.rejects(late, der("DER_NO_HDL"));
    const results = await Promise.allSettled([...puts, ...more]);
    assert.deepEqual(new Set(results.map(({ status }) => status)), new Set(["fulfilled"]));
    await Promise.all(closing);
    await using again = await DCont.open("tank", "neo", made);
    assert.equal(await (await again.getDict(`d${round}`)).size(), 501);
    assert.equal(await again.has(`e${round}`), true);
  }
});

test("calls of one process on one key take effect in their order, across faces and handles", async (t) => {
  const made = await tankNeo(t);
  // One that only reads is opened before those that write, one after them.
  await using ro = await DCont.open("tank", "neo", { ...made, mode: "RO" });
  await using a = await DCont.open("tank", "neo", made);
  await using b = await DCont.open("tank", "neo", made);
  using s = new blocking.DCont("tank", "neo", made);
  using sro = new blocking.DCont("tank", "neo", { ...made, mode: "RO" });
  const [da, db] = [await a.dict("d"), await b.getDict("d")];
  const ds = s.getDict("d");
  const [dro, dsro] = [await ro.getDict("d"), sro.getDict("d")];
  for (let i = 0; i < 200; i++) {
    const answers = [
      da.put("k", `a${i}`),
      db.get("k"),
      db.put("k", `b${i}`),
      da.get("k"),
      da.pop("k"),
      db.has("k"),
      db.put("k", `c${i}`, { if: "absent" }),
      da.bput([["k", `d${i}`]]),
      db.get("k"),
      dro.get("k"),
    ] as const;
    if (i % 2 === 0) assert.equal(String(dsro.get("k")), `d${i}`);
    // Blocking calls see what was called before them, and come before what is called after them.
    assert.equal(String(ds.get("k")), `d${i}`);
    ds.put("k", `s${i}`);
    const after = [da.get("k"), da.clear(), db.size(), da.put("z", "1"), db.clear(), da.has("z")] as const;
    assert.equal(ds.size, 0);
    const [, first, , second, popped, has, , , third, readOnly] = await Promise.all(answers);
    assert.deepEqual([first, second, popped, third].map(String), [`a${i}`, `b${i}`, `b${i}`, `d${i}`]);
    assert.equal(String(readOnly), `d${i}`);
    assert.equal(has, false);
    const [seen, , size, , , z] = await Promise.all(after);
    assert.deepEqual([String(seen), size, z], [`s${i}`, 0, false]);
  }
  // Names as well: what follows a destruction that nobody awaits finds the object gone.
  const destroyed = a.destroy("d");
  const reads = [da.get("k"), db.has("k"), da.dump(), db.put("k", "v")];
  for (const read of reads) await assert.rejects(read, der("DER_NONEXIST"));
  assert.throws(() => ds.get("k"), der("DER_NONEXIST"));
  await destroyed;
});

/** Runs `programs/ends.ts`; gives how it ended and what it said. */
async function run(
  system: string,
  how: string,
  act?: (child: ChildProcess) => void,
): Promise<{ code: number | null; signal: string | null; out: string; err: string }> {
  const child = fork(fileURLToPath(new URL("programs/ends.ts", import.meta.url)), [system, how], {
    execArgv: [],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  if (act === undefined) child.disconnect();
  else child.once("message", () => act(child));
  // A process that hangs is a failure, and is not left behind.
  const timer = setTimeout(() => child.kill("SIGKILL"), 200_000);
  const [out, err, [code, signal]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, "exit")]);
  clearTimeout(timer);
  return { code, signal, out, err };
}

test("a process with open handles ends by itself, and what it put is there", async (t) => {
  const { system } = await tankNeo(t);
  for (const [how, extra] of [
    ["idle handles", 1],
    ["writes that nobody awaits", 2],
  ] as const) {
    assert.deepEqual(await run(system, how), { code: 0, signal: null, out: "", err: "" }, how);
    await using c = await DCont.open("tank", "neo", { system });
    assert.equal(await (await c.getDict(how)).size(), 2000 + extra, how);
  }
});

test("a process that ends in the middle of writes ends as it should, and the container is sound", async (t) => {
  const { system } = await tankNeo(t);
  for (let i = 0; i < 3; i++) {
    const exit = await run(system, "process.exit in the middle");
    assert.deepEqual([exit.code, exit.signal, exit.out, exit.err], [7, null, "", ""]);
  }
  const exception = await run(system, "an uncaught exception");
  assert.deepEqual([exception.code, exception.signal], [1, null]);
  assert.match(exception.err, /uncaught on purpose/);
  assert.doesNotMatch(exception.err, /DER_|FATAL|core dumped/);
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    const ended = await run(system, "a signal", (child) => child.kill(signal));
    assert.deepEqual([ended.code, ended.signal, ended.err], [null, signal, ""], "the default action of the signal");
  }
  const report = await checkContainer("tank", "neo", { system });
  assert.deepEqual(report.findings, []);
  await using c = await DCont.open("tank", "neo", { system });
  for await (const { name } of c) {
    const dict = await c.getDict(name);
    assert.equal(await dict.size(), (await dict.dump()).size, name);
  }
});

test("threads of one process share a container as processes do", async (t) => {
  const { system } = await tankNeo(t);
  const ended = await run(system, "worker threads");
  assert.deepEqual([ended.code, ended.signal, ended.err], [0, null, ""]);
  await using c = await DCont.open("tank", "neo", { system });
  assert.equal(String(await (await c.getDict("worker threads")).get("counter")), "800");
});

test("a writer thread that dies fails what was under way with DER_IO; the next write starts another", async (t) => {
  const { system } = await tankNeo(t);
  const ended = await run(system, "a writer thread that dies");
  assert.deepEqual([ended.code, ended.signal, ended.err], [0, null, ""]);
  const [report, ...lost] = ended.out.trim().split("\n");
  assert.deepEqual(lost, []);
  const { failed, codes } = JSON.parse(report!) as { failed: number; codes: string[] };
  assert.ok(failed === 0 || (codes.length === 1 && codes[0] === "DER_IO"), report);
  assert.ok(failed > 0, "the thread was too fast to be caught");
  await using c = await DCont.open("tank", "neo", { system });
  const dict = await c.getDict("a writer thread that dies");
  assert.equal(await dict.size(), 2003);
});

test("a thousand times opened and closed leaves no descriptor, thread or memory behind", async (t) => {
  const made = await tankNeo(t);
  await using remote = await Remote.start();
  const figures = await remote.run(async ({ tsdaos, blocking }, system) => {
    const { readdirSync, readFileSync } = await import("node:fs");
    const measure = (): { descriptors: number; threads: number; rssKib: number } => ({
      descriptors: readdirSync("/proc/self/fd").length,
      threads: readdirSync("/proc/self/task").length,
      rssKib: Number(/RssAnon:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]),
    });
    const rounds = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const c = await tsdaos.DCont.open("tank", "neo", { system });
        const s = new blocking.DCont("tank", "neo", { system, mode: i % 2 === 0 ? "RO" : "RW" });
        await c.has("d");
        s.has("d");
        // A writer thread is started and ended as well, now and then: it is what costs.
        if (i % 20 === 0) await (await c.dict("d", null, { ifExists: "open" })).put("k", String(i));
        s.close();
        await c.close();
        await tsdaos.DCont.open("tank", "missing", { system }).catch(() => {});
      }
    };
    await rounds(100);
    globalThis.gc?.();
    const before = measure();
    await rounds(1000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return [before, measure()] as const;
  }, made.system);
  const [before, after] = figures;
  t.diagnostic(JSON.stringify(figures));
  assert.ok(after.descriptors <= before.descriptors + 2, `descriptors: ${JSON.stringify(figures)}`);
  assert.ok(after.threads <= before.threads + 1, `threads: ${JSON.stringify(figures)}`);
  assert.ok(after.rssKib - before.rssKib < 100 * 1024, `memory: ${JSON.stringify(figures)}`);
});

test("opening a container costs the same with 10,000 dictionaries in it", async (t) => {
  const made = await tankNeo(t);
  const s = new blocking.DCont("tank", "neo", { system: `${made.system}?durability=process` });
  s.dict("first", { k: "v" });
  s.close();
  // By the async face, for its group commit: 10,000 names in a few transactions.
  const c = await DCont.open("tank", "neo", made);
  await Promise.all(Array.from({ length: 10_000 }, (_, i) => c.dict(`dict ${i}`)));
  await c.close();
  for (const face of faces) {
    const times: number[] = [];
    for (let i = 0; i < 9; i++) {
      const began = performance.now();
      const open = await face.open("tank", "neo", made);
      assert.equal(String(await (await open.getDict("first")).get("k")), "v");
      times.push(performance.now() - began);
      await open.close();
    }
    const median = times.sort((a, b) => a - b)[4]!;
    t.diagnostic(`${face.name}: open and the first get take ${median.toFixed(2)} ms`);
    assert.ok(median < 500, `${median} ms; it is a few on an idle machine`);
  }
});

test("a failure of a write that nobody awaits is that write's alone", async (t) => {
  const made = await tankNeo(t);
  await using c = await DCont.open("tank", "neo", made);
  const [d, e] = [await c.dict("d"), await c.dict("e")];
  const destroyed = c.destroy("d");
  const results = await Promise.allSettled([
    d.put("k", "v"),
    e.put("k", "v"),
    d.bput([["k", "v"]]),
    e.bput([["l", "v"]]),
  ]);
  await destroyed;
  assert.deepEqual(
    results.map((r) => (r.status === "fulfilled" ? "stored" : DaosError.is(r.reason) && r.reason.code)),
    ["DER_NONEXIST", "stored", "DER_NONEXIST", "stored"],
  );
  assert.equal(await e.size(), 2);
  await sleep(0);
});

test("a process without descriptors left gets DER_NOMEM, and goes on when there are some", async (t) => {
  if (spawnSync("prlimit", ["--version"]).status !== 0) {
    t.skip(skipWithout("prlimit", "there is no prlimit (util-linux) to limit a process with"));
    return;
  }
  const { system } = await tankNeo(t);
  await using remote = await Remote.start({ descriptors: 60 });
  const { codes, opened } = await remote.run(async ({ tsdaos, blocking }, system) => {
    const open: { close(): unknown }[] = [];
    const codes = new Set<string>();
    // Another timeout is another connection.
    for (let timeout = 1; timeout <= 40; timeout++)
      for (const attempt of [
        () => tsdaos.DCont.open("tank", "neo", { system, timeout }),
        () => new blocking.DCont("tank", "neo", { system, timeout: 100 + timeout }),
      ])
        try {
          open.push(await attempt());
        } catch (e) {
          codes.add(tsdaos.DaosError.is(e) ? e.code : String(e));
        }
    for (const c of open) await c.close();
    await (await (await tsdaos.DCont.open("tank", "neo", { system })).dict("d")).put("k", "v");
    return { codes: [...codes], opened: open.length };
  }, system);
  assert.deepEqual(codes, ["DER_NOMEM"]);
  assert.ok(opened > 0);
});
