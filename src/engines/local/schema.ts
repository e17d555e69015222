/** The SQLite file of a container: its tables, its pragmas, its version. `docs/format.md` describes the same for readers. */

/** The version of the format that this code writes and reads (`PRAGMA user_version`). */
export const FORMAT_VERSION = 1;

/** `tdao` in ASCII: marks the file as ours (`PRAGMA application_id`). */
export const APPLICATION_ID = 0x7464616f;

/** A value of more bytes is stored in `blobs`, so that walking the records never drags big values along. */
export const INLINE_MAX_BYTES = 1024;

/**
 * The most bytes of a value. SQLite's limit for a row is 1,000,000,000 (`SQLITE_MAX_LENGTH`); the margin is for the
 * row's header.
 */
export const VALUE_MAX_BYTES = 999_999_000;

/** The pages of the file, in bytes. */
const PAGE_BYTES = 8192;

/** The memory that one connection may use for pages, in KiB. */
const CACHE_KIB = 16_384;

/** How many pages the journal gathers before they are moved into the file: 32 MiB. */
const CHECKPOINT_PAGES = 4096;

/** What the journal shrinks back to, in bytes, after a batch that was bigger. */
const JOURNAL_MAX_BYTES = 64 * 1024 * 1024;

/** Run once, when the file of the container `uuid` is made. */
export function createSql(uuid: string): string {
  return `
PRAGMA page_size = ${PAGE_BYTES};
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
BEGIN IMMEDIATE;
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${FORMAT_VERSION};
CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('sequence', 0), ('uuid', '${uuid}');
CREATE TABLE objects (
  id INTEGER PRIMARY KEY,
  generation INTEGER NOT NULL,
  count INTEGER NOT NULL DEFAULT 0,
  kind TEXT NOT NULL CHECK (kind IN ('dict', 'array')),
  oclass TEXT,
  created INTEGER NOT NULL,
  name TEXT UNIQUE
) STRICT;
CREATE TABLE records (generation INTEGER, key BLOB, value, PRIMARY KEY (generation, key)) WITHOUT ROWID;
CREATE TABLE blobs (id INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB NOT NULL) STRICT;
CREATE TABLE garbage (generation INTEGER PRIMARY KEY) STRICT;
COMMIT;
`;
}

/**
 * Run on every connection. No `mmap_size`: a process that reads a mapped file that someone cut short is killed.
 * No busy handler (`busy_timeout`): it starves writers; see `lock.ts`. The journal is moved into the file at 32 MiB, not
 * at SQLite's 1000 pages: a page that many transactions change is then written there once. It shrinks back after a huge
 * batch.
 */
export function connectionSql(durability: "power" | "process"): string {
  return `
PRAGMA synchronous = ${durability === "power" ? "FULL" : "NORMAL"};
PRAGMA cache_size = -${CACHE_KIB};
PRAGMA mmap_size = 0;
PRAGMA temp_store = MEMORY;
PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
PRAGMA journal_size_limit = ${JOURNAL_MAX_BYTES};
PRAGMA trusted_schema = OFF;
`;
}

/** Takes every object away, for all who have the file open, and what it takes to make new ones. */
export const DESTROY_SQL = "DELETE FROM objects; DELETE FROM meta";

/** A record's value, wherever it is stored. An INTEGER in `records.value` is the id of a row of `blobs`. */
export const VALUE_SQL = `CASE typeof(value) WHEN 'integer' THEN (SELECT data FROM blobs WHERE blobs.id = value) ELSE value END`;

/** The generation of an object's records; no row when the object is gone. */
export const GENERATION_SQL = `(SELECT generation FROM objects WHERE id = ?)`;
