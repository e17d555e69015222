/** `checkContainer`: SQLite's own integrity check, counts against rows, names against objects, orphans. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { CheckReport, Finding } from "../../engine/contract.ts";
import { idOf, oidOf, prepare } from "./reader.ts";
import type { Transaction } from "./transaction.ts";

/** A nameless object of less than this age is being filled right now, milliseconds. */
const ORPHAN_AGE_MS = 3_600_000;
/** Records that one repairing transaction removes. */
const PURGE_STEP = 4096;

type ObjectRow = [id: number, name: string | null, kind: string, generation: number, count: number, created: number];

/**
 * Checks, and mends when `repair`.
 *
 * @param directory - the container's directory.
 * @param transaction - makes the writing half of the connection; called only to repair.
 */
export function checkDatabase(
  database: DatabaseSync,
  directory: string,
  repair: boolean,
  transaction: () => Transaction,
): CheckReport {
  const started = new Date();
  const findings: Finding[] = [];
  const writer = repair ? transaction() : undefined;
  const found = (message: string, mend?: (t: Transaction) => void): void => {
    if (writer !== undefined && mend !== undefined) writer.write(() => mend(writer));
    findings.push({ message, repaired: writer !== undefined && mend !== undefined });
  };
  const all = <T>(sql: string, ...values: (number | string)[]): T[] =>
    prepare(database, sql).all(...values) as unknown as T[];

  for (const [message] of all<[string]>("PRAGMA integrity_check"))
    if (message !== "ok") found(`the file is damaged: ${message}`);

  const objects = all<ObjectRow>("SELECT id, name, kind, generation, count, created FROM objects ORDER BY id");
  let skipped = 0;
  for (const [id, name, kind, generation, count, created] of objects) {
    const what = `${kind} ${name === null ? oidOf(id) : JSON.stringify(name)}`;
    const [[rows]] = all<[number]>("SELECT count(*) FROM records WHERE generation = ?", generation) as [[number]];
    // Another process may write between the two looks: what matters is one look at both.
    if (rows !== count && countIsWrong(database, id))
      found(`${what} says that it has ${count} records, and has ${rows}`, () => recount(database, id));
    if (name !== null) continue;
    if (Date.now() - created < ORPHAN_AGE_MS) skipped++;
    else found(`${what} has no name: its creation was interrupted`, (t) => t.discard({ kind: "dict", oid: oidOf(id) }));
  }

  for (const [generation, rows] of all<[number, number]>(
    `SELECT generation, count(*) FROM records WHERE generation NOT IN (SELECT generation FROM objects)
       AND generation NOT IN (SELECT generation FROM garbage) GROUP BY generation`,
  ))
    found(`${rows} records of generation ${generation} belong to no object`, () =>
      database.prepare("INSERT INTO garbage VALUES (?)").run(generation),
    );

  for (const [generation, hex] of all<[number, string]>(
    `SELECT generation, hex(key) FROM records WHERE typeof(value) = 'integer' AND value NOT IN (SELECT id FROM blobs)`,
  ))
    found(
      `the value of key ${Buffer.from(hex, "hex").toString()} (generation ${generation}) is lost: its blob is missing`,
    );
  for (const [id] of all<[number]>(
    `SELECT id FROM blobs EXCEPT SELECT value FROM records WHERE typeof(value) = 'integer'`,
  ))
    found(`blob ${id} belongs to no record`, () => database.prepare("DELETE FROM blobs WHERE id = ?").run(id));

  const known = new Set(objects.map(([id]) => id));
  for (const entry of readdirSync(join(directory), { withFileTypes: true }))
    if (entry.name === "arrays" && entry.isDirectory())
      for (const oid of readdirSync(join(directory, entry.name)))
        if (!known.has(idOf(oid))) found(`arrays/${oid} belongs to no object`);

  while (writer?.hasGarbage === true || (writer !== undefined && all("SELECT 1 FROM garbage LIMIT 1").length > 0))
    writer.write(() => writer.purge(PURGE_STEP));
  return { started, completed: new Date(), checked: objects.length, skipped, findings };
}

const COUNT_SQL = "(SELECT count(*) FROM records WHERE records.generation = objects.generation)";

function countIsWrong(database: DatabaseSync, id: number): boolean {
  return database.prepare(`SELECT 1 FROM objects WHERE id = ? AND count <> ${COUNT_SQL}`).get(id) !== undefined;
}

function recount(database: DatabaseSync, id: number): void {
  database.prepare(`UPDATE objects SET count = ${COUNT_SQL} WHERE id = ?`).run(id);
}
