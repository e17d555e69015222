/**
 * Pools and containers of the local engine: directories. Blocking; `index.ts` makes the blocking twin of it,
 * `async-system.ts` the asynchronous one.
 */
import { randomUUID } from "node:crypto";
import { accessSync, constants, lstatSync, mkdirSync, rmSync, statfsSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
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
import { copyArrays, copyDatabase } from "./backup.ts";
import { checkDatabase } from "./check.ts";
import { ContainerCore } from "./container-core.ts";
import { type ConnectionOptions, openDatabase } from "./database.ts";
import {
  CONTAINER,
  exists,
  findMarked,
  foreignNames,
  listMarked,
  type Marked,
  type Marker,
  makeMarked,
  modeOf,
  POOL,
  putBack,
  removeAside,
  setAside,
  syncDirectory,
  writeDurably,
} from "./directory.ts";
import { waitForLock } from "./lock.ts";
import { refuseNetworkFileSystem } from "./network-file-system.ts";
import { createSql, DESTROY_SQL, FORMAT_VERSION } from "./schema.ts";
import { fromFileSystem, fromSqlite } from "./sqlite-error.ts";
import { Transaction } from "./transaction.ts";

/** The container's SQLite file. */
const DATABASE_FILE = "container.sqlite";

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
  readonly #connection: Omit<ConnectionOptions, "mode" | "uuid">;

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
    this.#root = rootOf(url);
    this.#connection = { durability, timeoutMs: address.timeout };
  }

  createPool(label: string, o: { readonly mode?: number | undefined }): PoolInfo {
    return inFileSystem("failed to create pool", () => {
      const mode = poolMode(o.mode);
      const uuid = randomUUID();
      refuseNetworkFileSystem(this.#root);
      makeRoot(this.#root);
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
      const { path, marker } = this.#pool(pool, context);
      const containers = listMarked<ContainerMarker>(path, CONTAINER);
      refuseForeign(path, context);
      if (containers.length > 0 && !o.force)
        throw new DaosError("DER_BUSY", context, {
          detail: `${marker.label} has ${containers.length} containers; destroy them first, or force it`,
        });
      for (const container of containers) this.#destroyContainer(container, { force: true });
      const aside = setAside(path);
      // Someone may have been faster and created another one.
      if (listMarked(aside, CONTAINER).length > 0) {
        putBack(aside, path);
        throw new DaosError("DER_BUSY", context, { detail: `a container was just created in ${marker.label}` });
      }
      removeAside(aside);
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
        if (type === "PYTHON") makeDatabase(join(path, DATABASE_FILE), uuid, mode & 0o666);
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
          owner: userName(owner.uid),
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
      const database = openDatabase(file, { ...this.#connection, uuid: marker.uuid, mode: o.repair ? "RW" : "RO" });
      try {
        const { timeoutMs } = this.#connection;
        const writer = o.repair ? new Transaction(database, file, timeoutMs) : undefined;
        return checkDatabase({ database, file, directory: path, timeoutMs, writer });
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
      const file = join(path, DATABASE_FILE);
      const database = openDatabase(file, { ...this.#connection, uuid: marker.uuid, mode: "RO" });
      let made = false;
      try {
        mkdirSync(target, { mode: PRIVATE });
        made = true;
        writeDurably(join(target, CONTAINER.file), `${JSON.stringify(marker, undefined, 2)}\n`, 0o600);
        copyDatabase(database, join(target, DATABASE_FILE));
        copyArrays(path, target, join(target, DATABASE_FILE));
        syncDirectory(target);
      } catch (e) {
        if (made) rmSync(target, { recursive: true, force: true });
        throw fromSqlite(e, context, made ? join(target, DATABASE_FILE) : file);
      } finally {
        database.close();
      }
    });
  }

  /** What a container handle needs: what the container is, and its shared core. */
  openCore(pool: string, container: string, mode: "RO" | "RW"): { info: ContainerInfo; core: ContainerCore } {
    const context = "failed to access container";
    return inFileSystem(context, () => {
      const [found, parent] = this.#container(pool, container, context);
      refuseOtherType(found.marker, context);
      refuseNetworkFileSystem(found.path);
      const file = join(found.path, DATABASE_FILE);
      const core = ContainerCore.acquire(file, { ...this.#connection, uuid: found.marker.uuid, mode });
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
    let aside: string | undefined;
    const move = (): void => {
      aside ??= setAside(found.path);
    };
    const file = join(found.path, DATABASE_FILE);
    // A link is removed, not followed.
    if (lstatSync(file, { throwIfNoEntry: false })?.isFile() === true)
      destroyDatabase(file, move, o.force, this.#connection.timeoutMs);
    move();
    removeAside(aside!);
  }
}

function makeDatabase(file: string, uuid: string, mode: number): void {
  // Made by us, not by SQLite, for its mode: SQLite gives the journal the mode of the file.
  writeDurably(file, "", mode);
  const database = new DatabaseSync(file);
  try {
    database.exec(createSql(uuid));
  } catch (e) {
    throw fromSqlite(e, "failed to create container", file);
  } finally {
    database.close();
  }
}

/**
 * Moves the container away while nobody can write, and takes its objects from those who have it open all the same:
 * they get DER_NONEXIST, and nobody gets an answer for a write that goes nowhere. A file that cannot be opened or emptied
 * (damaged, no space) is left as it is.
 *
 * @throws DaosError DER_BUSY when another connection has the file open, or, with `force`, when one holds the lock.
 */
function destroyDatabase(file: string, move: () => void, force: boolean, timeoutMs: number): void {
  const context = "failed to destroy container";
  let database: DatabaseSync | undefined;
  try {
    accessSync(file, constants.W_OK);
    database = new DatabaseSync(file, { timeout: 0 });
    const opened = database;
    // In this locking mode SQLite wants the file for itself: it is refused while anyone else has it open.
    if (!force) opened.exec("PRAGMA locking_mode = EXCLUSIVE");
    // A short wait: a process that is just closing the file holds it for a moment.
    waitForLock(() => opened.exec("BEGIN EXCLUSIVE"), force ? timeoutMs : Math.min(timeoutMs, 100), file);
    move();
    opened.exec(DESTROY_SQL);
    opened.exec("COMMIT");
  } catch (e) {
    if (DaosError.is(e, "DER_BUSY") && !force)
      throw new DaosError("DER_BUSY", context, { cause: e, detail: "it is open somewhere; close it, or force it" });
    const error = fromSqlite(e, context, file);
    if (error === e || DaosError.is(error, "DER_NO_PERM")) throw error;
  } finally {
    if (database?.isOpen) database.close();
  }
}

/** What tsdaos did not make is not removed, not by force either. */
function refuseForeign(path: string, context: string): void {
  const names = foreignNames(path, POOL, CONTAINER);
  if (names.length > 0)
    throw new DaosError("DER_INVAL", context, {
      detail: `${join(path, names[0]!)} is none of the containers that this user can see there; remove it first`,
    });
}

function rootOf(url: URL): string {
  try {
    const root = fileURLToPath(`file://${url.pathname}`);
    if (!root.includes("\0")) return root;
  } catch {
    // `%2F` in a name
  }
  throw new DaosError("DER_INVAL", "failed to find the system", {
    detail: `system "${url.href}": its path has an encoded slash or NUL`,
  });
}

function makeRoot(root: string): void {
  try {
    makeDirectories(root);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== "EEXIST") throw e;
    throw new DaosError("DER_INVAL", "failed to create pool", { cause: e, detail: `${root} is not a directory` });
  }
}

/**
 * Makes a directory and those above it. Not `mkdir`'s `recursive`: in Node that never ends where the file system answers
 * ENOENT for a new name in a directory that is there, as /proc does.
 */
function makeDirectories(path: string): void {
  try {
    mkdirSync(path);
    syncDirectory(dirname(path));
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
    const parent = dirname(path);
    if (code !== "ENOENT" || exists(parent)) throw e;
    makeDirectories(parent);
    makeDirectories(path);
  }
}

/** The name of the user, as DAOS writes it; his number when the machine has no name for it. */
function userName(uid: number): string {
  try {
    const user = userInfo();
    if (user.uid === uid) return `${user.username}@`;
  } catch {
    // No entry for this user in the password file.
  }
  return String(uid);
}

function refuseOtherType(marker: ContainerMarker, context: string): void {
  if (marker.type !== "PYTHON")
    throw new DaosError("DER_INVAL", context, {
      detail: `the container is of type ${marker.type}; only PYTHON containers hold dictionaries and arrays`,
    });
}

function poolMode(mode: number | undefined): number {
  if (mode === undefined) return PRIVATE;
  if (!Number.isInteger(mode) || mode < 0 || (mode & ~0o2777) !== 0 || (mode & 0o700) !== 0o700)
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
