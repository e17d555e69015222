/** The format is the one that `docs/format.md` describes, and other programs read it as the page says. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { connectionSql } from "../../../src/engines/local/schema.ts";
import { DCont, queryContainer, queryPool } from "../../../src/index.ts";
import { skipWithout } from "../../needs.ts";
import { inDatabase, tankNeo, temporaryDirectory } from "./support.ts";

const page = readFileSync(new URL("../../../docs/format.md", import.meta.url), "utf8");

/** The first block of code in that language. */
function block(language: string): string {
  const found = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(page);
  assert.ok(found, `docs/format.md has no block of ${language}`);
  return found[1]!;
}

/** Text without the spaces that mean nothing. */
const plain = (sql: string): string =>
  sql
    .replace(/\s+/g, " ")
    .replace(/\( | \)/g, (m) => m.trim())
    .trim();

test("the tables of the page are those of the file", async (t) => {
  const { file } = await tankNeo(t);
  const tables = inDatabase(file, (database) =>
    database
      .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid")
      .all()
      .map(({ sql }) => plain(`${sql}`)),
  );
  assert.deepEqual(block("sql").split(";").map(plain).filter(Boolean), tables);
});

test("every column has its line", async (t) => {
  const { file } = await tankNeo(t);
  const columns = inDatabase(file, (database) =>
    database
      .prepare(
        `SELECT t.name AS "table", c.name AS "column" FROM sqlite_schema t, pragma_table_info(t.name) c
          WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'`,
      )
      .all(),
  );
  assert.ok(columns.length > 10);
  for (const { table, column } of columns)
    assert.match(
      page,
      new RegExp(`^\\| \`${table}\\.(\\w+\`, \`)?${column}\`|^\\| \`${table}\\.\\w+\`, \`${column}\``, "m"),
    );
});

test("the pragmas of the page are those of the file and of each connection", async (t) => {
  const { file } = await tankNeo(t);
  const rows = [...page.matchAll(/^\| `(\w+)` +\| `([^`]+)` +\|/gm)].map(([, name, value]) => [name!, value!] as const);
  const own = rows.filter(([name]) => /^(application_id|user_version|journal_mode|page_size)$/.test(name));
  assert.equal(own.length, 4);
  inDatabase(file, (database) => {
    for (const [name, value] of own) {
      const found = Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0];
      assert.equal(String(found), String(Number(value) || value), name);
    }
  });
  const set = [...connectionSql("power").matchAll(/PRAGMA (\w+) = (\S+);/g)].map(
    ([, name, value]) => `${name} ${value}`,
  );
  const described = rows.map(([name, value]) => `${name} ${value}`).filter((line) => set.includes(line));
  assert.deepEqual(described.sort(), set.sort());
});

test("the markers have the fields that the page names, and no other", async (t) => {
  const { system, directory, container } = await tankNeo(t);
  const named = (where: string): string[] =>
    [...page.matchAll(/^\| `(\w+)` +\| (both|container) /gm)]
      .filter(([, , kind]) => kind === "both" || kind === where)
      .map(([, name]) => name!);
  const pool = JSON.parse(readFileSync(join(directory, "tank", "pool.json"), "utf8")) as Record<string, unknown>;
  assert.deepEqual(Object.keys(pool), named("pool"));
  const marker = JSON.parse(readFileSync(join(container, "container.json"), "utf8")) as Record<string, unknown>;
  assert.deepEqual(Object.keys(marker), named("container"));
  assert.equal(pool.uuid, (await queryPool("tank", { system })).uuid);
  const info = await queryContainer("tank", "neo", { system });
  assert.deepEqual([marker.uuid, marker.label, marker.type, marker.version], [info.uuid, "neo", "PYTHON", 1]);
});

test("Python's sqlite3 reads a dictionary with the program of the page, also while it is being written", async (t) => {
  if (spawnSync("python3", ["-c", "import sqlite3"]).status !== 0) {
    t.skip(skipWithout("python3", "there is no python3 with sqlite3 here"));
    return;
  }
  const { system, file } = await tankNeo(t);
  const script = join(temporaryDirectory(t), "read.py");
  writeFileSync(script, block("python"));
  const read = (name: string): string =>
    execFileSync("python3", [script, file, name], { encoding: "utf8", env: { ...process.env, PYTHONUTF8: "1" } });
  await using c = await DCont.open("tank", "neo", { system });
  const dict = await c.dict("stadium", { Barcelona: "Camp Nou", "Łódź 🏟": "Widzew", short: "\x00\xff" });
  await c.dict("another", { Barcelona: "not this one" });
  const big = "x".repeat(70_000);
  await dict.put("big", big);
  await dict.put("bytes", Uint8Array.of(0, 255));
  const wanted = [
    "Barcelona b'Camp Nou'",
    `big b'${big}'`,
    "bytes b'\\x00\\xff'",
    "short b'\\x00\\xc3\\xbf'",
    "Łódź 🏟 b'Widzew'",
    "",
  ].join("\n");
  assert.equal(read("stadium"), wanted);
  const writing = Promise.all(Array.from({ length: 3000 }, (_, i) => dict.put(`zzz ${i}`, "v")));
  assert.ok(read("stadium").startsWith("Barcelona b'Camp Nou'\n"));
  await writing;
  await dict.clear();
  assert.equal(read("stadium"), "", "records of a generation that is gone are not seen");
  await c.close();
  assert.equal(read("another"), "Barcelona b'not this one'\n", "the journal's files are gone by now");
});
