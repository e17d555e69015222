/** Reading objects and records on one SQLite connection. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ListQuery, NamedObject, ObjectKind, Page } from "../../engine/contract.ts";
import { DaosError } from "../../errors.ts";
import { GENERATION_SQL, VALUE_SQL } from "./schema.ts";

/** Once a page holds this many bytes of values, it ends. */
const PAGE_MAX_BYTES = 4 * 1024 * 1024;

const EMPTY = new Uint8Array(0);
/** Sorts before every key. */
const FIRST = EMPTY;
/** Sorts after every key: no UTF-8 text has the byte 0xff. */
const LAST = Uint8Array.of(0xff);

type KeyForm = Uint8Array | string;
type Row<K extends KeyForm> = [key: K, value: Uint8Array | number | null];

/** What `objects` says of an object. */
export interface ObjectRow {
  readonly id: number;
  readonly kind: ObjectKind;
}

/** The reading half of a connection. Its calls may throw SQLite's errors, which the owner of the connection translates. */
export class Reader {
  readonly #database: DatabaseSync;
  readonly #get: StatementSync;
  readonly #has: StatementSync;
  readonly #count: StatementSync;
  readonly #blob: StatementSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #lookup: StatementSync;
  readonly #names: StatementSync;
  readonly #pages = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#get = prepare(database, `SELECT ${VALUE_SQL} FROM records WHERE generation = ${GENERATION_SQL} AND key = ?`);
    this.#has = prepare(database, `SELECT 1 FROM records WHERE generation = ${GENERATION_SQL} AND key = ?`);
    this.#count = prepare(database, "SELECT count FROM objects WHERE id = ?");
    this.#blob = prepare(database, "SELECT data FROM blobs WHERE id = ?");
    this.#begin = database.prepare("BEGIN");
    this.#commit = database.prepare("COMMIT");
    this.#lookup = prepare(database, "SELECT id, kind FROM objects WHERE name = ?");
    this.#names = prepare(database, "SELECT name, id, kind FROM objects WHERE name > ? ORDER BY name LIMIT ?");
  }

  get(object: number, key: Uint8Array): Uint8Array | undefined {
    const row = this.#get.get(object, key) as unknown as [Uint8Array | null] | undefined;
    if (row !== undefined) return row[0] ?? lost(key);
    this.count(object); // a missing key, or a missing object?
    return undefined;
  }

  getMany(object: number, keys: readonly Uint8Array[]): (Uint8Array | undefined)[] {
    return this.#inSnapshot(() => {
      this.count(object);
      return keys.map((key) => {
        const row = this.#get.get(object, key) as unknown as [Uint8Array | null] | undefined;
        return row && (row[0] ?? lost(key));
      });
    });
  }

  has(object: number, key: Uint8Array): boolean {
    if (this.#has.get(object, key) !== undefined) return true;
    this.count(object);
    return false;
  }

  /** How many keys the object has; DER_NONEXIST when it was destroyed. */
  count(object: number): number {
    const row = this.#count.get(object) as unknown as [number] | undefined;
    if (row === undefined) throw destroyed();
    return row[0];
  }

  list(object: number, q: ListQuery): Page {
    return this.#list<Uint8Array>(object, q, "key");
  }

  /** As `list`, with keys as text: SQLite makes a string in half the time that it takes to make an array of bytes. */
  listText(object: number, q: ListQuery): Page<string> {
    return this.#list<string>(object, q, "CAST(key AS TEXT)");
  }

  lookup(name: string): ObjectRow | undefined {
    const row = this.#lookup.get(name) as unknown as [number, ObjectKind] | undefined;
    return row && { id: row[0], kind: row[1] };
  }

  names(after: string, limit: number): NamedObject[] {
    const rows = this.#names.all(after, limit) as unknown as [string, number, ObjectKind][];
    return rows.map(([name, id, kind]) => ({ name, oid: oidOf(id), kind }));
  }

  #list<K extends KeyForm>(object: number, q: ListQuery, keySql: string): Page<K> {
    return this.#inSnapshot(() => {
      this.count(object);
      const reverse = q.reverse === true;
      const low = !reverse && q.after !== undefined ? successor(q.after) : (q.start ?? FIRST);
      const high = reverse && q.after !== undefined ? q.after : (q.end ?? LAST);
      const statement = this.#page(`${keySql}, ${q.keysOnly === true ? "NULL" : "value"}`, reverse);
      const rows = statement.all(object, low, high, q.limit) as unknown as Row<K>[];
      return this.#fillPage(rows, rows.length === q.limit);
    });
  }

  /** Replaces what stands for values by values, in place, and ends the page early when it has become big. */
  #fillPage<K extends KeyForm>(rows: Row<K>[], more: boolean): Page<K> {
    let bytes = 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      row[1] ??= EMPTY;
      if (typeof row[1] !== "number") continue;
      const blob = this.#blob.get(row[1]) as unknown as [Uint8Array] | undefined;
      row[1] = blob?.[0] ?? lost(row[0]);
      bytes += row[1].length;
      if (bytes >= PAGE_MAX_BYTES && i + 1 < rows.length) {
        rows.length = i + 1;
        more = true;
      }
    }
    const last = more ? rows.at(-1)?.[0] : undefined;
    return { entries: rows as [K, Uint8Array][], next: typeof last === "string" ? Buffer.from(last, "utf8") : last };
  }

  #page(columns: string, reverse: boolean): StatementSync {
    const sql = `SELECT ${columns} FROM records WHERE generation = ${GENERATION_SQL} AND key >= ? AND key < ?
      ORDER BY key ${reverse ? "DESC" : "ASC"} LIMIT ?`;
    let statement = this.#pages.get(sql);
    if (statement === undefined) {
      statement = prepare(this.#database, sql);
      this.#pages.set(sql, statement);
    }
    return statement;
  }

  /** Several statements that see one state of the file. Inside a transaction of the same connection, that is its state. */
  #inSnapshot<T>(read: () => T): T {
    if (this.#database.isTransaction) return read();
    this.#begin.run();
    try {
      return read();
    } finally {
      // An I/O error may have ended it already.
      if (this.#database.isTransaction) this.#commit.run();
    }
  }
}

/** The oid of an object of the local engine: `0.<id>`, in the `hi.lo` form of the `daos` tool. */
export function oidOf(id: number): string {
  return `0.${id}`;
}

/** The id of an object from its oid. */
export function idOf(oid: string): number {
  return Number(oid.slice(2));
}

/** The error of a handle whose object is gone. */
export function destroyed(): DaosError<"DER_NONEXIST"> {
  return new DaosError("DER_NONEXIST", "failed to use the object", { detail: "the object was destroyed" });
}

/** Throws: the record is there, its value is not. */
export function lost(key: KeyForm): never {
  throw new DaosError("DER_IO", "failed to read", {
    detail: `the value of ${JSON.stringify(Buffer.from(key).toString())} is lost; daos cont check tells more`,
  });
}

/** A statement that gives rows as arrays: faster than objects, and nothing depends on column names. */
export function prepare(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return statement;
}

function successor(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
