/** `checkContainer`: SQLite's own integrity check, counts against rows, names against objects, orphans. */
import type { DatabaseSync } from "node:sqlite";
import type { CheckReport, Finding, ObjectKind } from "../../engine/contract.ts";
import { DaosError } from "../../errors.ts";
import { ArrayFiles } from "./array-files.ts";
import { type ArrayCheck, checkArray, checkStray } from "./check-arrays.ts";
import { waitForLock } from "./lock.ts";
import { oidOf, prepare } from "./reader.ts";
import { fromSqlite } from "./sqlite-error.ts";
import type { Transaction } from "./transaction.ts";

/** A nameless object of less than this age is being filled right now, milliseconds. */
const ORPHAN_AGE_MS = 3_600_000;
/** Records that one repairing transaction removes. */
const PURGE_STEP = 4096;

type ObjectRow = [id: number, name: string | null, kind: string, generation: number, count: number, created: number];

/** What a check works on. */
export interface CheckedContainer {
  readonly database: DatabaseSync;
  readonly file: string;
  readonly directory: string;
  readonly timeoutMs: number;
  /** The writing half of the connection, to repair; without it nothing is changed. */
  readonly writer: Transaction | undefined;
}

/** Checks, and mends when there is a writer. Others may go on writing: what is in order at any moment is not reported. */
export function checkDatabase({ database, file, directory, timeoutMs, writer }: CheckedContainer): CheckReport {
  const started = new Date();
  const findings: Finding[] = [];
  const found = (message: string, mend?: () => void): void => {
    if (writer !== undefined && mend !== undefined) writer.write(mend);
    findings.push({ message, repaired: writer !== undefined && mend !== undefined });
  };
  const all = <T>(sql: string, ...values: (number | string)[]): T[] =>
    waitForLock(() => prepare(database, sql).all(...values), timeoutMs, file) as unknown as T[];
  const run = (sql: string, ...values: (number | string)[]): void => {
    database.prepare(sql).run(...values);
  };

  try {
    for (const [message] of all<[string]>("PRAGMA integrity_check"))
      if (message !== "ok") found(`the file is damaged: ${message}`);
  } catch (e) {
    // So damaged that SQLite cannot even say where.
    const error = fromSqlite(e, "failed to check container", file);
    if (!DaosError.is(error, "DER_IO")) throw error;
    found(`the file is damaged: ${(e as Error).message}`);
  }
  // What is read from damaged pages says nothing; and a repair there would only damage more.
  if (findings.length > 0) return { started, completed: new Date(), checked: 0, skipped: 0, findings };

  const [[sequence, highest]] = all<[number | null, number]>(
    `SELECT (SELECT value FROM meta WHERE name = 'sequence'), max(
       (SELECT ifnull(max(max(id, generation)), 0) FROM objects),
       (SELECT ifnull(max(generation), 0) FROM garbage),
       (SELECT ifnull(max(generation), 0) FROM records))`,
  ) as [[number | null, number]];
  if (sequence === null || sequence < highest)
    found(`the sequence of ids stands at ${sequence ?? "nothing"}, and ${highest} is in use`, () =>
      run("INSERT OR REPLACE INTO meta VALUES ('sequence', ?)", highest),
    );

  const objects = all<ObjectRow>("SELECT id, name, kind, generation, count, created FROM objects ORDER BY id");
  let skipped = 0;
  const arrays: ArrayCheck = {
    directory,
    orphanAgeMs: ORPHAN_AGE_MS,
    isArray: (id) => all("SELECT 1 FROM objects WHERE id = ? AND kind = 'array'", id).length > 0,
    found,
  };
  for (const [id, name, kind, generation, count, created] of objects) {
    const what = `${kind} ${name === null ? oidOf(id) : JSON.stringify(name)}`;
    const [[rows]] = all<[number]>("SELECT count(*) FROM records WHERE generation = ?", generation) as [[number]];
    // Another process may write between the two looks: what matters is one look at both.
    if (rows !== count && all(`SELECT 1 FROM objects WHERE id = ? AND count <> ${COUNT_SQL}`, id).length > 0)
      found(`${what} says that it has ${count} records, and has ${rows}`, () =>
        run(`UPDATE objects SET count = ${COUNT_SQL} WHERE id = ?`, id),
      );
    if (name !== null) {
      if (kind === "array") checkArray(arrays, id, what);
      continue;
    }
    if (Date.now() - created < ORPHAN_AGE_MS) skipped++;
    else
      found(`${what} has no name: its creation was interrupted`, () => {
        // Unless its creator came to an end just now.
        if (all("SELECT 1 FROM objects WHERE id = ? AND name IS NULL", id).length === 0) return;
        writer?.discard({ kind: kind as ObjectKind, oid: oidOf(id) });
        if (kind === "array") new ArrayFiles(directory, oidOf(id)).destroy();
      });
  }

  for (const [generation, rows] of all<[number, number]>(
    `SELECT generation, count(*) FROM records WHERE generation NOT IN (SELECT generation FROM objects)
       AND generation NOT IN (SELECT generation FROM garbage) GROUP BY generation`,
  ))
    found(`${rows} records of generation ${generation} belong to no object`, () =>
      run("INSERT OR IGNORE INTO garbage VALUES (?)", generation),
    );
  for (const [generation] of all<[number]>(
    "SELECT generation FROM garbage WHERE generation IN (SELECT generation FROM objects)",
  ))
    found(`generation ${generation} is listed as garbage, and an object has it`, () =>
      run("DELETE FROM garbage WHERE generation = ?", generation),
    );

  for (const [generation, hex] of all<[number, string]>(`SELECT generation, hex(key) FROM records WHERE ${LOST_SQL}`))
    found(
      `the value of key ${JSON.stringify(Buffer.from(hex, "hex").toString())} (generation ${generation}) is lost: ` +
        "its blob is missing; to repair is to delete the key",
      () => {
        run(`DELETE FROM records WHERE generation = ? AND hex(key) = ? AND ${LOST_SQL}`, generation, hex);
        run(`UPDATE objects SET count = ${COUNT_SQL} WHERE generation = ?`, generation);
      },
    );
  for (const [id] of all<[number]>(`SELECT id FROM blobs WHERE ${ORPHAN_SQL}`))
    found(`blob ${id} belongs to no record`, () => run(`DELETE FROM blobs WHERE id = ? AND ${ORPHAN_SQL}`, id));

  skipped += checkStray(arrays);

  while (writer !== undefined && all("SELECT 1 FROM garbage LIMIT 1").length > 0)
    writer.write(() => writer.purge(PURGE_STEP));
  return { started, completed: new Date(), checked: objects.length, skipped, findings };
}

const COUNT_SQL = "(SELECT count(*) FROM records WHERE records.generation = objects.generation)";
const LOST_SQL = "typeof(value) = 'integer' AND value NOT IN (SELECT id FROM blobs)";
const ORPHAN_SQL = "id NOT IN (SELECT value FROM records WHERE typeof(value) = 'integer')";
