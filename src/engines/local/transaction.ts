/** Writing objects and records on one SQLite connection, inside a write transaction. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Cond, ObjectRef, ObjectSpec, Op } from "../../engine/contract.ts";
import { DaosError } from "../../errors.ts";
import { waitForLock } from "./lock.ts";
import { destroyed, idOf, lost, type ObjectRow, oidOf, prepare, Reader } from "./reader.ts";
import { GENERATION_SQL, INLINE_MAX_BYTES, VALUE_SQL } from "./schema.ts";

/** An object as it is while a transaction runs. */
interface OpenObject {
  generation: number;
  /** Keys added less keys removed since the count was last written. */
  delta: number;
}

/**
 * The writing half of a connection. `write` runs a function in one transaction; the other methods are for use inside
 * it. The count of an object is kept in the transaction that changes its keys.
 */
export class Transaction {
  /** Reads on the same connection; inside `write` they see what it has written. */
  readonly reader: Reader;
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #timeoutMs: number;
  readonly #objects = new Map<number, OpenObject>();
  // Whether there is some is looked up in the first transaction: outside of one, the look could find the file locked.
  #garbage = true;
  // Whether the last record replaced one: the guess for the next, by which an update or an insert is tried first.
  #overwriting = false;

  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;
  readonly #generation: StatementSync;
  readonly #insert: StatementSync;
  readonly #updateInline: StatementSync;
  readonly #update: StatementSync;
  readonly #value: StatementSync;
  readonly #stored: StatementSync;
  readonly #deleteInline: StatementSync;
  readonly #delete: StatementSync;
  readonly #insertBlob: StatementSync;
  readonly #deleteBlob: StatementSync;
  readonly #addCount: StatementSync;
  readonly #nextId: StatementSync;
  readonly #insertObject: StatementSync;
  readonly #nameObject: StatementSync;
  readonly #deleteObject: StatementSync;
  readonly #setGeneration: StatementSync;
  readonly #addGarbage: StatementSync;
  readonly #someGarbage: StatementSync;
  readonly #garbageKeys: StatementSync;
  readonly #dropGarbage: StatementSync;

  constructor(database: DatabaseSync, file: string, timeoutMs: number) {
    this.reader = new Reader(database);
    this.#database = database;
    this.#file = file;
    this.#timeoutMs = timeoutMs;
    const sql = (text: string): StatementSync => prepare(database, text);
    this.#begin = sql("BEGIN IMMEDIATE");
    this.#commit = sql("COMMIT");
    this.#rollback = sql("ROLLBACK");
    this.#generation = sql(`SELECT ${GENERATION_SQL}`);
    this.#insert = sql("INSERT OR IGNORE INTO records VALUES (?, ?, ?)");
    // Overwriting is two steps for the sake of the common one: an inline value, whose row needs no second look.
    this.#updateInline = sql(
      "UPDATE records SET value = ? WHERE generation = ? AND key = ? AND typeof(value) = 'blob'",
    );
    this.#update = sql("UPDATE records SET value = ? WHERE generation = ? AND key = ?");
    this.#value = sql(`SELECT ${VALUE_SQL} FROM records WHERE generation = ? AND key = ?`);
    this.#stored = sql("SELECT value FROM records WHERE generation = ? AND key = ?");
    this.#deleteInline = sql("DELETE FROM records WHERE generation = ? AND key = ? AND typeof(value) = 'blob'");
    this.#delete = sql("DELETE FROM records WHERE generation = ? AND key = ?");
    this.#insertBlob = sql("INSERT INTO blobs (data) VALUES (?)");
    this.#deleteBlob = sql("DELETE FROM blobs WHERE id = ?");
    this.#addCount = sql("UPDATE objects SET count = count + ? WHERE id = ?");
    this.#nextId = sql("UPDATE meta SET value = value + 1 WHERE name = 'sequence' RETURNING value");
    this.#insertObject = sql(
      "INSERT INTO objects (id, generation, kind, oclass, created, name) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#nameObject = sql("UPDATE OR IGNORE objects SET name = ? WHERE id = ? AND name IS NULL");
    this.#deleteObject = sql("DELETE FROM objects WHERE id = ?");
    this.#setGeneration = sql("UPDATE objects SET generation = ?, count = 0 WHERE id = ?");
    this.#addGarbage = sql("INSERT INTO garbage VALUES (?)");
    this.#someGarbage = sql("SELECT generation FROM garbage LIMIT 1");
    this.#garbageKeys = sql("SELECT key, value FROM records WHERE generation = ? LIMIT ?");
    this.#dropGarbage = sql("DELETE FROM garbage WHERE generation = ?");
  }

  /** Whether records of cleared or destroyed objects wait to be purged, as far as this connection knows. */
  get hasGarbage(): boolean {
    return this.#garbage;
  }

  /**
   * Runs `work` in one transaction, waiting for the lock: everything it writes is there durably when this returns, or
   * nothing of it when this throws.
   *
   * @param deadline - when to give up waiting, on the clock of `performance.now()`; default: after the timeout.
   */
  write<T>(work: () => T, deadline?: number): T {
    waitForLock(() => this.#begin.run(), this.#timeoutMs, this.#file, deadline);
    let result: T;
    try {
      result = work();
      this.#writeCounts();
      this.#commit.run();
    } catch (e) {
      // A full disk or an I/O error has already rolled back by itself.
      if (this.#database.isTransaction) this.#rollback.run();
      throw e;
    } finally {
      this.#objects.clear();
    }
    return result;
  }

  /** The count of the object, with what this transaction has changed. */
  count(id: number): number {
    return this.reader.count(id) + (this.#objects.get(id)?.delta ?? 0);
  }

  put(id: number, key: Uint8Array, value: Uint8Array, cond?: Cond): boolean {
    const object = this.#open(id);
    if (cond !== undefined && !this.#holds(object, key, cond)) return false;
    this.#set(object, key, value);
    return true;
  }

  take(id: number, key: Uint8Array): Uint8Array | undefined {
    const object = this.#open(id);
    const row = this.#value.get(object.generation, key) as unknown as [Uint8Array | null] | undefined;
    if (row === undefined) return undefined;
    const value = row[0] ?? lost(key);
    this.#remove(object, key);
    return value;
  }

  remove(id: number, key: Uint8Array): boolean {
    return this.#remove(this.#open(id), key);
  }

  batch(id: number, ops: Iterable<Op>): void {
    const object = this.#open(id);
    for (const [key, value] of ops) {
      if (value === null) this.#remove(object, key);
      else this.#set(object, key, value);
    }
  }

  /** Gives the object a new, empty generation; its old records go later. */
  clear(id: number): void {
    const object = this.#open(id);
    this.#discardGeneration(object.generation);
    object.generation = this.#newId();
    object.delta = 0;
    this.#setGeneration.run(object.generation, id);
  }

  create(name: string | null, spec: ObjectSpec): ObjectRef | undefined {
    if (name !== null && this.reader.lookup(name) !== undefined) return undefined;
    const id = this.#newId();
    this.#insertObject.run(id, this.#newId(), spec.kind, spec.oclass ?? null, Date.now(), name);
    return { kind: spec.kind, oid: oidOf(id) };
  }

  link(name: string, object: ObjectRef): boolean {
    const id = idOf(object.oid);
    this.#open(id);
    return this.#nameObject.run(name, id).changes === 1;
  }

  /** The object that the name stood for; its files, if it has any, are the caller's to remove after the commit. */
  destroy(name: string): ObjectRow | undefined {
    const row = this.reader.lookup(name);
    if (row !== undefined) this.#destroy(row.id);
    return row;
  }

  discard(object: ObjectRef): void {
    this.#destroy(idOf(object.oid));
  }

  /** Removes up to `limit` records of cleared or destroyed objects. */
  purge(limit: number): void {
    const row = this.#someGarbage.get() as unknown as [number] | undefined;
    this.#garbage = row !== undefined;
    if (row === undefined) return;
    const [generation] = row;
    const records = this.#garbageKeys.all(generation, limit) as unknown as [Uint8Array, Uint8Array | number][];
    for (const [key, value] of records) {
      if (typeof value === "number") this.#deleteBlob.run(value);
      this.#delete.run(generation, key);
    }
    if (records.length < limit) this.#dropGarbage.run(generation);
  }

  #holds(object: OpenObject, key: Uint8Array, cond: Cond): boolean {
    if (typeof cond === "string") {
      const present = this.#stored.get(object.generation, key) !== undefined;
      return present === (cond === "present");
    }
    const row = this.#value.get(object.generation, key) as unknown as [Uint8Array | null] | undefined;
    return row !== undefined && Buffer.compare(row[0] ?? lost(key), cond.was) === 0;
  }

  #set(object: OpenObject, key: Uint8Array, value: Uint8Array): void {
    if (value.length === 0) {
      this.#remove(object, key);
      return;
    }
    // A bigint, for node:sqlite binds a number as REAL, and the reference has to be an INTEGER.
    const stored = value.length > INLINE_MAX_BYTES ? BigInt(this.#insertBlob.run(value).lastInsertRowid) : value;
    if (this.#overwriting && this.#updateInline.run(stored, object.generation, key).changes === 1) return;
    this.#overwriting = this.#insert.run(object.generation, key, stored).changes === 0;
    if (!this.#overwriting) object.delta++;
    else if (this.#updateInline.run(stored, object.generation, key).changes === 0) {
      this.#deleteBlobOf(object, key);
      this.#update.run(stored, object.generation, key);
    }
  }

  #remove(object: OpenObject, key: Uint8Array): boolean {
    if (this.#deleteInline.run(object.generation, key).changes === 0) {
      if (!this.#deleteBlobOf(object, key)) return false;
      this.#delete.run(object.generation, key);
    }
    object.delta--;
    return true;
  }

  #deleteBlobOf(object: OpenObject, key: Uint8Array): boolean {
    const row = this.#stored.get(object.generation, key) as unknown as [number] | undefined;
    if (row !== undefined) this.#deleteBlob.run(row[0]);
    return row !== undefined;
  }

  #destroy(id: number): void {
    this.#discardGeneration(this.#open(id).generation);
    this.#objects.delete(id);
    this.#deleteObject.run(id);
  }

  #discardGeneration(generation: number): void {
    this.#addGarbage.run(generation);
    this.#garbage = true;
  }

  #newId(): number {
    const row = this.#nextId.get() as unknown as [number] | undefined;
    // Destroying a container takes its sequence away, so that whoever still has it open creates nothing in it.
    if (row === undefined)
      throw new DaosError("DER_NONEXIST", "failed to write", { detail: "the container was destroyed" });
    return row[0];
  }

  #open(id: number): OpenObject {
    let object = this.#objects.get(id);
    if (object === undefined) {
      const row = this.#generation.get(id) as unknown as [number | null];
      if (row[0] === null) throw destroyed();
      object = { generation: row[0], delta: 0 };
      this.#objects.set(id, object);
    }
    return object;
  }

  #writeCounts(): void {
    for (const [id, object] of this.#objects) if (object.delta !== 0) this.#addCount.run(object.delta, id);
  }
}
