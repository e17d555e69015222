/** SQLite by hand, as a user would write it: through `node:sqlite` and through better-sqlite3. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Entry, load, type Opener, type Store } from "./store.ts";

interface Statement {
  get(...values: unknown[]): unknown;
  run(...values: unknown[]): unknown;
  iterate(...values: unknown[]): Iterable<unknown>;
}

interface Database {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): unknown;
}

interface Row {
  readonly k: string;
  readonly v: Uint8Array;
}

/** Raw `node:sqlite`: what the local engine is held against. */
export const rawSqlite: Opener = {
  name: "node:sqlite",
  async open(directory) {
    const database = new DatabaseSync(join(directory, "raw.sqlite")) as unknown as Database;
    return new SqliteStore(rawSqlite.name, database);
  },
};

/** The addon that most people use. */
export const betterSqlite: Opener = {
  name: "better-sqlite3",
  async open(directory) {
    const { default: Better } = await load<{ default: new (file: string) => Database }>("better-sqlite3");
    return new SqliteStore(betterSqlite.name, new Better(join(directory, "better.sqlite")));
  },
};

class SqliteStore implements Store {
  readonly name: string;
  readonly durability = "power failure: WAL, synchronous=FULL";
  readonly #database: Database;
  readonly #get: Statement;
  readonly #upsert: Statement;
  readonly #all: Statement;
  readonly #begin: Statement;
  readonly #commit: Statement;

  constructor(name: string, database: Database) {
    this.name = name;
    this.#database = database;
    // Page and cache as the local engine has them.
    database.exec("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    database.exec("PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 67108864");
    database.exec("CREATE TABLE kv (k TEXT PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID");
    this.#get = database.prepare("SELECT v FROM kv WHERE k = ?");
    this.#upsert = database.prepare("INSERT INTO kv VALUES (?, ?) ON CONFLICT DO UPDATE SET v = excluded.v");
    this.#all = database.prepare("SELECT k, v FROM kv ORDER BY k");
    this.#begin = database.prepare("BEGIN");
    this.#commit = database.prepare("COMMIT");
  }

  fill(entries: readonly Entry[]): void {
    this.bput(entries);
  }

  get(keys: readonly string[]): number {
    const statement = this.#get;
    let bytes = 0;
    for (const key of keys) bytes += (statement.get(key) as Row).v.length;
    return bytes;
  }

  bget(keys: readonly string[]): number {
    this.#begin.run();
    const bytes = this.get(keys);
    this.#commit.run();
    return bytes;
  }

  iterate(): number {
    let bytes = 0;
    for (const row of this.#all.iterate()) bytes += (row as Row).v.length;
    return bytes;
  }

  bput(entries: readonly Entry[]): void {
    this.#begin.run();
    this.put(entries);
    this.#commit.run();
  }

  put(entries: readonly Entry[]): void {
    const statement = this.#upsert;
    for (const [key, value] of entries) statement.run(key, value);
  }

  close(): void {
    this.#database.close();
  }
}
