/** Pages of records with their keys as text are the same pages. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { ListQuery } from "../../../src/engine/contract.ts";
import { engine } from "../../../src/engines/local/index.ts";
import { DCont } from "../../../src/index.ts";

const directory = await mkdtemp(join(tmpdir(), "tsdaos-list-"));
after(() => rm(directory, { recursive: true }));

const system = pathToFileURL(directory);
const KEYS = ["a", "b", "kö", "k\u{1f600}", "k\u{ffff}", "z"];

/** Inline values and one that is stored apart. */
const value = (key: string): string => (key === "b" ? "b".repeat(5000) : `value of ${key}`);

test("text keys give the records that byte keys give, whatever is asked for", async () => {
  const cont = await DCont.open("tank", "neo", { system, create: true });
  const dict = await cont.dict("d");
  await dict.bput(KEYS.map((key) => [key, value(key)] as const));
  const opened = engine.system("sync", { url: system, timeout: 1000 }).openContainer("tank", "neo", { mode: "RW" });
  const blocking = opened.kv(opened.lookup("d")!);
  const queries: ListQuery[] = [
    { limit: 100 },
    { limit: 2 },
    { limit: 2, after: Buffer.from("kö") },
    { limit: 2, after: Buffer.from("kö"), reverse: true },
    { limit: 100, start: Buffer.from("b"), end: Buffer.from("z") },
    { limit: 100, keysOnly: true },
  ];
  for (const q of queries) {
    const bytes = blocking.list(q);
    const text = blocking.listText!(q);
    assert.deepEqual(
      text.entries.map(([key, v]) => [key, Buffer.from(v).toString()]),
      bytes.entries.map(([key, v]) => [Buffer.from(key).toString(), Buffer.from(v).toString()]),
    );
    assert.ok(text.entries.length > 0);
    assert.deepEqual(text.next && [...text.next], bytes.next && [...bytes.next]);
  }
  opened.close();
  await cont.close();
});

test("a walk that begins while a put is under way sees the put, in all pages", async () => {
  await using cont = await DCont.open("tank", "neo", { system, create: true });
  const dict = await cont.dict("under way");
  await dict.bput(KEYS.map((key) => [key, value(key)] as const));
  const put = dict.put("c", value("c"));
  const seen: [string, string][] = [];
  for await (const [key, v] of dict) seen.push([key, v.toString()]);
  await put;
  assert.deepEqual(
    seen,
    ["a", "b", "c", "kö", "k\u{ffff}", "k\u{1f600}", "z"].map((key) => [key, value(key)]),
  );
});
