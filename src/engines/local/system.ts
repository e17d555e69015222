/** Pools and containers of the local engine: directories. Blocking; `index.ts` makes the other twin of it. */
import { randomUUID } from "node:crypto";
import { mkdirSync, statfsSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import type {
  CheckReport,
  ContainerInfo,
  ContainerSpec,
  ContainerStatus,
  PoolInfo,
  PoolStatus,
  SystemAddress,
} from "../../engine/contract.ts";
import { DaosError } from "../../errors.ts";
import { checkDatabase } from "./check.ts";
import { ContainerCore } from "./container-core.ts";
import { type ConnectionOptions, openDatabase } from "./database.ts";
import {
  CONTAINER,
  exists,
  findMarked,
  listMarked,
  type Marked,
  type Marker,
  makeMarked,
  modeOf,
  POOL,
  removeMarked,
  syncDirectory,
  writeDurably,
} from "./directory.ts";
import { waitForLock } from "./lock.ts";
import { refuseNetworkFileSystem } from "./network-file-system.ts";
import { CREATE_SQL, FORMAT_VERSION } from "./schema.ts";
import { fromFileSystem, fromSqlite, isBusy } from "./sqlite-error.ts";
import { Transaction } from "./transaction.ts";

/** The container's SQLite file. */
export const DATABASE_FILE = "container.sqlite";

/** What `container.json` says. */
interface ContainerMarker extends Marker {
  readonly type: string;
  readonly properties: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly created: string;
}

/** A pool's mode unless another is asked for: its owner's alone. */
const PRIVATE = 0o700;
const SETGID = 0o2000;
const ANY_GROUP = 0o070;

/** A system of directories. */
export class LocalSystem {
  readonly #root: string;
  readonly #connection: Omit<ConnectionOptions, "mode">;

  constructor(address: SystemAddress) {
    const { url } = address;
    if (url.host !== "" && url.host !== "localhost")
      throw new DaosError("DER_INVAL", "failed to find the system", {
        detail: `system "${url.href}": a file: URL names no host; write three slashes, as in file:///data/daos`,
      });
    const durability = url.searchParams.get("durability") ?? "power";
    if (durability !== "power" && durability !== "process")
      throw new DaosError("DER_INVAL", "failed to find the system", {
        detail: `system "${url.href}": durability is power or process, not ${JSON.stringify(durability)}`,
      });
    this.#root = fileURLToPath(`file://${url.pathname}`);
    this.#connection = { durability, timeoutMs: address.timeout };
  }

  createPool(label: string, o: { readonly mode?: number | undefined }): PoolInfo {
    return inFileSystem("failed to create pool", () => {
      const mode = poolMode(o.mode);
      const uuid = randomUUID();
      mkdirSync(this.#root, { recursive: true });
      refuseNetworkFileSystem(this.#root);
      makeMarked(
        this.#root,
        label,
        POOL,
        { format: POOL.format, version: FORMAT_VERSION, uuid, label },
        mode,
        () => {},
      );
      return { uuid, label };
    });
  }

  listPools(): PoolInfo[] {
    return inFileSystem("failed to list pools", () => {
      if (!exists(this.#root)) return [];
      return listMarked(this.#root, POOL).map(poolInfo);
    });
  }

  queryPool(pool: string): PoolStatus {
    return inFileSystem("failed to query pool", () => {
      const found = this.#pool(pool, "failed to query pool");
      const { bsize, blocks, bavail } = statfsSync(found.path);
      return {
        ...poolInfo(found),
        mode: modeOf(found.path),
        containers: listMarked(found.path, CONTAINER).length,
        totalBytes: bsize * blocks,
        freeBytes: bsize * bavail,
      };
    });
  }

  destroyPool(pool: string, o: { readonly force: boolean }): void {
    const context = "failed to destroy pool";
    inFileSystem(context, () => {
      const found = this.#pool(pool, context);
      const containers = listMarked<ContainerMarker>(found.path, CONTAINER);
      if (containers.length > 0 && !o.force)
        throw new DaosError("DER_BUSY", context, {
          detail: `${found.marker.label} has ${containers.length} containers; destroy them first, or force it`,
        });
      for (const container of containers) this.#destroyContainer(container, { force: true });
      removeMarked(found.path);
    });
  }

  createContainer(pool: string, spec: ContainerSpec): ContainerInfo {
    const context = "failed to create container";
    return inFileSystem(context, () => {
      const found = this.#pool(pool, context);
      refuseNetworkFileSystem(found.path);
      const { label, type, properties } = spec;
      const uuid = randomUUID();
      const marker: ContainerMarker = {
        format: CONTAINER.format,
        version: FORMAT_VERSION,
        uuid,
        label,
        type,
        properties,
        created: new Date().toISOString(),
      };
      const mode = modeOf(found.path);
      makeMarked(found.path, label ?? uuid, CONTAINER, marker, mode, (path) => {
        if (type === "PYTHON") makeDatabase(join(path, DATABASE_FILE), mode & 0o666);
      });
      return { uuid, label, type, poolUuid: found.marker.uuid };
    });
  }

  listContainers(pool: string): ContainerInfo[] {
    const context = `failed to connect to pool ${pool}`;
    return inFileSystem(context, () => {
      const found = this.#pool(pool, context);
      return listMarked<ContainerMarker>(found.path, CONTAINER).map((c) => containerInfo(c, found));
    });
  }

  queryContainer(pool: string, container: string): ContainerStatus {
    return inFileSystem("failed to query container", () => {
      const [found, parent] = this.#container(pool, container, "failed to query container");
      const { marker, path } = found;
      const owner = statSync(path);
      const database = join(path, DATABASE_FILE);
      const modified = Math.max(
        ...[database, `${database}-wal`].map((f) => statSync(f, { throwIfNoEntry: false })?.mtimeMs ?? 0),
      );
      return {
        ...containerInfo(found, parent),
        properties: {
          ...(marker.label === undefined ? {} : { label: marker.label }),
          layout_type: marker.type,
          layout_version: String(marker.version),
          rd_fac: "rd_fac0",
          owner: String(owner.uid === userInfo().uid ? `${userInfo().username}@` : owner.uid),
          group: String(owner.gid),
          status: "HEALTHY",
          ...marker.properties,
        },
        openHandles: undefined,
        snapshots: 0,
        created: new Date(marker.created),
        modified: modified === 0 ? undefined : new Date(modified),
      };
    });
  }

  destroyContainer(pool: string, container: string, o: { readonly force: boolean }): void {
    const context = `failed to destroy container ${container}`;
    inFileSystem(context, () => this.#destroyContainer(this.#container(pool, container, context)[0], o));
  }

  checkContainer(pool: string, container: string, o: { readonly repair: boolean }): CheckReport {
    const context = "failed to check container";
    return inFileSystem(context, () => {
      const [{ path, marker }] = this.#container(pool, container, context);
      refuseOtherType(marker, context);
      const file = join(path, DATABASE_FILE);
      const database = openDatabase(file, { ...this.#connection, mode: o.repair ? "RW" : "RO" });
      try {
        return checkDatabase(
          database,
          path,
          o.repair,
          () => new Transaction(database, file, this.#connection.timeoutMs),
        );
      } catch (e) {
        throw fromSqlite(e, context, file);
      } finally {
        database.close();
      }
    });
  }

  backupContainer(pool: string, container: string, target: string): void {
    const context = "failed to back up container";
    inFileSystem(context, () => {
      const [{ path, marker }] = this.#container(pool, container, context);
      refuseOtherType(marker, context);
      if (exists(target)) throw new DaosError("DER_EXIST", context, { detail: `${target} exists` });
      mkdirSync(target, { mode: PRIVATE });
      writeDurably(join(target, CONTAINER.file), `${JSON.stringify(marker, undefined, 2)}\n`, 0o600);
      const file = join(path, DATABASE_FILE);
      const database = openDatabase(file, { ...this.#connection, mode: "RO" });
      try {
        // A vacuumed copy of one moment; writers go on meanwhile.
        database.prepare("VACUUM INTO ?").run(join(target, DATABASE_FILE));
        const copy = new DatabaseSync(join(target, DATABASE_FILE));
        copy.exec("PRAGMA journal_mode = WAL");
        copy.close();
      } catch (e) {
        throw fromSqlite(e, context, file);
      } finally {
        database.close();
      }
      syncDirectory(target);
    });
  }

  /** What a container handle needs: what the container is, and its shared core. */
  openCore(pool: string, container: string, mode: "RO" | "RW"): { info: ContainerInfo; core: ContainerCore } {
    const context = "failed to access container";
    return inFileSystem(context, () => {
      const [found, parent] = this.#container(pool, container, context);
      refuseOtherType(found.marker, context);
      const file = join(found.path, DATABASE_FILE);
      const core = ContainerCore.acquire(file, found.marker.uuid, { ...this.#connection, mode });
      return { info: containerInfo(found, parent), core };
    });
  }

  #pool(pool: string, context: string): Marked<Marker> {
    const found = exists(this.#root) ? findMarked<Marker>(this.#root, pool, POOL) : undefined;
    if (found === undefined) throw new DaosError("DER_NONEXIST", context);
    return found;
  }

  #container(pool: string, container: string, context: string): [Marked<ContainerMarker>, Marked<Marker>] {
    const parent = this.#pool(pool, context);
    const found = findMarked<ContainerMarker>(parent.path, container, CONTAINER);
    if (found === undefined) throw new DaosError("DER_NONEXIST", context);
    return [found, parent];
  }

  #destroyContainer(found: Marked<ContainerMarker>, o: { readonly force: boolean }): void {
    const file = join(found.path, DATABASE_FILE);
    if (exists(file)) {
      if (!o.force) refuseOpen(file, this.#connection.timeoutMs);
      else this.#emptyDatabase(file);
    }
    removeMarked(found.path);
  }

  /** For those who still have it open: every object is gone, and nothing new can be made. */
  #emptyDatabase(file: string): void {
    try {
      const database = openDatabase(file, { ...this.#connection, mode: "RW" });
      try {
        const transaction = new Transaction(database, file, this.#connection.timeoutMs);
        transaction.write(() => transaction.destroyAll());
      } finally {
        database.close();
      }
    } catch (e) {
      // Force means force: a damaged or full file is removed all the same. But a lock that is held says: not now.
      if (DaosError.is(e, "DER_BUSY", "DER_NO_PERM")) throw e;
    }
  }
}

function makeDatabase(file: string, mode: number): void {
  // Made by us, not by SQLite, for its mode: SQLite gives the journal the mode of the file.
  writeDurably(file, "", mode);
  const database = new DatabaseSync(file);
  try {
    database.exec(CREATE_SQL);
  } catch (e) {
    throw fromSqlite(e, "failed to create container", file);
  } finally {
    database.close();
  }
}

/** Leaving the WAL mode needs the file for oneself: SQLite refuses it while any process has it open. */
function refuseOpen(file: string, timeoutMs: number): void {
  const context = "failed to destroy container";
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: 0 });
    const opened = database;
    // A short wait: a process that is just closing the file holds it for a moment.
    waitForLock(() => opened.exec("PRAGMA journal_mode = DELETE"), Math.min(timeoutMs, 100), file);
  } catch (e) {
    if (DaosError.is(e, "DER_BUSY") || isBusy(e))
      throw new DaosError("DER_BUSY", context, { cause: e, detail: "it is open somewhere; close it, or force it" });
    const error = fromSqlite(e, context, file);
    // What is no database cannot be open either; any other failure (no permission) counts.
    if (!DaosError.is(error, "DER_IO")) throw error;
  } finally {
    if (database?.isOpen) database.close();
  }
}

function refuseOtherType(marker: ContainerMarker, context: string): void {
  if (marker.type !== "PYTHON")
    throw new DaosError("DER_INVAL", context, {
      detail: `the container is of type ${marker.type}; only PYTHON containers hold dictionaries and arrays`,
    });
}

function poolMode(mode: number | undefined): number {
  if (mode === undefined) return PRIVATE;
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o2777 || (mode & 0o700) !== 0o700)
    throw new DaosError("DER_INVAL", "failed to create pool", {
      detail: "mode is the permission bits of the pool's directory, such as 0o700 or 0o770; its owner needs all of his",
    });
  // A group's pool hands its group on to what is made in it.
  return (mode & ANY_GROUP) === 0 ? mode : mode | SETGID;
}

function poolInfo({ marker, path }: Marked<Marker>): PoolInfo {
  return { uuid: marker.uuid, label: marker.label ?? path };
}

function containerInfo({ marker }: Marked<ContainerMarker>, pool: Marked<Marker>): ContainerInfo {
  return { uuid: marker.uuid, label: marker.label, type: marker.type, poolUuid: pool.marker.uuid };
}

function inFileSystem<T>(context: string, work: () => T): T {
  try {
    return work();
  } catch (e) {
    throw fromFileSystem(e, context);
  }
}
