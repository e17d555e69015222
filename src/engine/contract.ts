/**
 * The contract between the objects (`DCont`, `DDict`, `DArray`) and the engines that store them. Bytes in, bytes out; keys are
 * encoded and checked above it, nothing engine-specific crosses it. Every interface has two twins, chosen by a type
 * parameter: `Kv<"async">` answers with promises, `Kv<"sync">` blocks and answers directly.
 *
 * Rules that hold for every method:
 *
 * - Keys are 1 to 65,536 bytes of UTF-8 without NUL; values are 1 to `capabilities.maxValueBytes` bytes. There are no
 *   empty values: an empty value in `put` or `batch` removes the key, as in PyDAOS.
 * - An engine copies what it needs of its arguments before it returns to the caller; what it hands out is the caller's.
 * - Failures are `DaosError`s; `undefined` and `false` mean exactly "not there" or "condition not met", nothing else.
 * - An object that was destroyed answers DER_NONEXIST for ever, also after its name was used again; a closed container
 *   and everything opened through it answer DER_NO_HDL.
 * - Calls of one process on one key take effect in the order in which they were made, awaited or not.
 * - A call with an aborted `signal` rejects with `signal.reason`; its write has landed whole or not at all.
 * - A resolved write is durable and is seen by every later read of any process.
 */

/** Which twin of the contract: answers by promise, or blocking. */
export type Face = "async" | "sync";

/** The answer `T` of the twin `S`. */
export type R<S extends Face, T> = S extends "sync" ? T : Promise<T>;

/** Options of one call. */
export interface At {
  /** Aborts the call. The blocking twin ignores it: nothing could fire it while it blocks. */
  readonly signal?: AbortSignal | undefined;
}

/** When a `put` applies: the key is absent, is present, or has exactly the value `was` (compare-and-set). */
export type Cond = "absent" | "present" | { readonly was: Uint8Array };

/** One record of a batch; `null` or an empty value removes the key. */
export type Op = readonly [key: Uint8Array, value: Uint8Array | null];

/** A page of records, with keys of the form `K`. */
export interface Page<K extends Uint8Array | string = Uint8Array> {
  /** `[key, value]`; the value is empty with `keysOnly`. */
  readonly entries: readonly (readonly [K, Uint8Array])[];
  /** The `after` of the next page; `undefined` when there is none. A page may be short, even empty, and yet have a next. */
  readonly next: Uint8Array | undefined;
}

/** Which records to list. `start` is included, `end` is not. Engines without `orderedKeys` get only `after`, `limit` and `keysOnly`. */
export interface ListQuery {
  /** The `next` of the page before; to the caller it is opaque. */
  readonly after?: Uint8Array | undefined;
  /** The first key. */
  readonly start?: Uint8Array | undefined;
  /** The key to stop before. */
  readonly end?: Uint8Array | undefined;
  /** From the last key to the first. */
  readonly reverse?: boolean | undefined;
  /** The most records that the page may have, at least 1. */
  readonly limit: number;
  /** Leave the values out. */
  readonly keysOnly?: boolean | undefined;
}

/** A key-value object: the storage of one dictionary. */
export interface Kv<S extends Face> {
  /** How many keys had best be asked for in a call of `getMany`, or of `list` without values; 1000 when it says nothing. */
  readonly keysOfACall?: number;
  /** The value, in memory of its own, or `undefined` when the key is missing. */
  get(key: Uint8Array, o?: At): R<S, Uint8Array | undefined>;
  /** The values of `keys`, in their order. */
  getMany(keys: readonly Uint8Array[], o?: At): R<S, (Uint8Array | undefined)[]>;
  /** Whether the key is there; does not fetch the value. */
  has(key: Uint8Array, o?: At): R<S, boolean>;
  /** Stores the value, or removes the key when the value is empty. `false`: the condition did not hold, nothing changed. */
  put(key: Uint8Array, value: Uint8Array, cond?: Cond, o?: At): R<S, boolean>;
  /** Removes the key and gives its value, atomically: of two takers, one gets it. */
  take(key: Uint8Array, o?: At): R<S, Uint8Array | undefined>;
  /** Removes the key; `false` when it was not there. */
  remove(key: Uint8Array, o?: At): R<S, boolean>;
  /** Many writes; with `atomicBatch` all of them or none. A key that occurs twice ends with its last value. */
  batch(ops: readonly Op[], o?: At): R<S, void>;
  /** A page of records. Not a snapshot: each page is as new as its own call. */
  list(q: ListQuery, o?: At): R<S, Page>;
  /** The same with the keys as text: for an engine whose storage gives text faster than bytes. */
  listText?(q: ListQuery, o?: At): R<S, Page<string>>;
  /** How many keys there are. */
  count(o?: At): R<S, number>;
  /** Removes every key, atomically. */
  clear(o?: At): R<S, void>;
}

/** A read of a part of a chunk: `into` are filled one after the other with what the chunk has from byte `offset` on. */
export interface ChunkRead {
  /** The chunk, by its Zarr key such as `c/0/1`. */
  readonly key: string;
  /** In bytes, from the chunk's first. */
  readonly offset: number;
  /** Memory of the caller, not empty in sum; what is in it after a failure is undefined. */
  readonly into: readonly Uint8Array[];
}

/** A chunk that is replaced as a whole; `null` removes it. */
export interface ChunkWrite {
  /** The chunk, by its Zarr key. */
  readonly key: string;
  /** Its new content, or `null`. */
  readonly bytes: Uint8Array | null;
}

/** New bytes for a part of a chunk. */
export interface ByteRange {
  /** In bytes, from the chunk's first. */
  readonly offset: number;
  /** What is there afterwards. */
  readonly bytes: Uint8Array;
}

/** A chunk that is changed in part: an atomic read-modify-write against every other writer of any process. */
export interface ChunkUpdate {
  /** The chunk, by its Zarr key. */
  readonly key: string;
  /**
   * The new bytes, made of the old ones (`undefined`: there is no such chunk); `null` removes the chunk. It may change
   * and give back the memory that it gets. Not async; it is called again when another writer was faster.
   */
  readonly apply: (old: Uint8Array | undefined) => Uint8Array | null;
  /**
   * When the change of a chunk that exists is no more than these ranges (inside it, in order, apart from each other): an
   * engine that can write just them, atomically, need not call `apply`.
   */
  readonly ranges?: readonly ByteRange[] | undefined;
}

/**
 * An array object: the storage of one array. A metadata document and chunks by their keys, as Zarr v3 defines both; the
 * bytes are the stored ones, encoded above the contract. Each chunk is old or new, also after a crash, never half.
 *
 * Calls that overlap are ordered by the caller (`array/calls.ts`): here, each chunk is as one of them has left it.
 *
 * Memory of chunks is not copied: it belongs to the engine until the call has answered, also when it was aborted.
 */
export interface ArrayStore<S extends Face> {
  /** Where the storage is a Zarr directory: its path. */
  readonly path: string | undefined;
  /** The metadata document, `undefined` when it was never set. */
  getMetadata(o?: At): R<S, Uint8Array | undefined>;
  /** Replaces the document if it is exactly `was` (`undefined`: if there is none); `false`: it is not, nothing changed. */
  setMetadata(bytes: Uint8Array, was: Uint8Array | undefined, o?: At): R<S, boolean>;
  /** Whole chunks, in the order of `keys`, each in memory of its own; `undefined` for one that is not there. */
  readChunks(keys: readonly string[], o?: At): R<S, (Uint8Array | undefined)[]>;
  /** Reads parts of chunks into the caller's memory. `false`: no such chunk. DER_IO: it has fewer bytes. */
  readInto(reads: readonly ChunkRead[], o?: At): R<S, boolean[]>;
  /** Replaces or removes chunks, each atomically; when this answers, all of them are durable. No key twice in a call. */
  writeChunks(writes: readonly ChunkWrite[], o?: At): R<S, void>;
  /** Changes chunks in part, each atomically; when this answers, all of them are durable. No key twice in a call. */
  updateChunks(updates: readonly ChunkUpdate[], o?: At): R<S, void>;
  /** The keys of the chunks that are there, in any order, a page at a time: none is left out that was there throughout. */
  listChunks(after: string | undefined, limit: number, o?: At): R<S, ChunkPage>;
}

/** A page of chunk keys. */
export interface ChunkPage {
  /** Zarr keys. */
  readonly keys: readonly string[];
  /** The bytes of each chunk as it is stored, where the engine knows them from listing. */
  readonly sizes?: readonly number[] | undefined;
  /** The `after` of the next page; `undefined` when there is none. */
  readonly next: string | undefined;
}

/** What kind of object a name stands for. */
export type ObjectKind = "dict" | "array";

/** An object of a container. */
export interface ObjectRef {
  /** What it is. */
  readonly kind: ObjectKind;
  /** The object's id, unique in the container for ever; text whose form is the engine's. */
  readonly oid: string;
}

/** An object with its name. */
export interface NamedObject extends ObjectRef {
  /** The name, unique in the container. */
  readonly name: string;
}

/** What a new object shall be. */
export interface ObjectSpec {
  /** What it is. */
  readonly kind: ObjectKind;
  /** DAOS's object class, such as `OC_S1`; its form is checked above the contract. */
  readonly oclass?: string | undefined;
}

/** An open container. */
export interface Container<S extends Face> {
  /** What the container is. */
  readonly info: ContainerInfo;
  /** What the engine can do here. */
  readonly capabilities: Capabilities;
  /** Creates an object under `name`, which must be free: `undefined` when it is taken. */
  create(name: string, spec: ObjectSpec, o?: At): R<S, ObjectRef | undefined>;
  /** Creates an object without a name, to be filled and then linked. One that never is linked is found by `checkContainer`. */
  createNameless(spec: ObjectSpec, o?: At): R<S, ObjectRef>;
  /** Gives a nameless object its name; `false` when the name is taken. */
  link(name: string, object: ObjectRef, o?: At): R<S, boolean>;
  /** Removes a nameless object and its content. */
  discard(object: ObjectRef, o?: At): R<S, void>;
  /** The object of that name, or `undefined`. */
  lookup(name: string, o?: At): R<S, ObjectRef | undefined>;
  /** Named objects after `after` (exclusive), at most `limit`; in name order where the engine has `orderedKeys`. */
  list(after: string | undefined, limit: number, o?: At): R<S, readonly NamedObject[]>;
  /** Removes the name and the object, atomically for every process; `false` when there is no such name. */
  destroy(name: string, o?: At): R<S, boolean>;
  /** The key-value object; no I/O. */
  kv(object: ObjectRef): Kv<S>;
  /** The array object; no I/O. There only when `capabilities.arrays`. */
  array?(object: ObjectRef): ArrayStore<S>;
  /** Waits for the writes that were issued, then closes. Later calls answer DER_NO_HDL. */
  close(): R<S, void>;
}

/** What an engine can do. The conformance suite holds an engine to what it declares. */
export interface Capabilities {
  /** `batch` is all or nothing, also across a crash. */
  readonly atomicBatch: boolean;
  /** Keys are listed in the order of their bytes, and ranges and `reverse` work. */
  readonly orderedKeys: boolean;
  /** `count` costs the same however many keys there are. */
  readonly constantTimeCount: boolean;
  /** Other hosts see the same system. */
  readonly sharedAcrossHosts: boolean;
  /** Object classes have an effect. */
  readonly objectClasses: boolean;
  /** A handle notices that its object was destroyed by someone else. */
  readonly detectsDestroyed: boolean;
  /** `createPool` and `destroyPool` work here (elsewhere pools are the administrator's). */
  readonly createsPools: boolean;
  /** Arrays can be stored: `Container.array` is there. */
  readonly arrays: boolean;
  /** The most bytes a value may have. */
  readonly maxValueBytes: number;
  /** The most bytes that a chunk of an array may have before it is compressed; 0 without `arrays`. */
  readonly maxChunkBytes: number;
}

/** A pool. */
export interface PoolInfo {
  /** The UUID, in lower case. */
  readonly uuid: string;
  /** The label. */
  readonly label: string;
}

/** A pool with what it holds and what its storage has left. Sizes are in bytes. */
export interface PoolStatus extends PoolInfo {
  /** Permission bits of the pool, such as `0o700`, where the engine has them. */
  readonly mode: number | undefined;
  /** How many containers of the pool this user can see. */
  readonly containers: number;
  /** Bytes of the storage that the pool lies on (local: the file system). */
  readonly totalBytes: number;
  /** Bytes of it that this user may still write. */
  readonly freeBytes: number;
}

/** The layouts that DAOS knows; only `PYTHON` containers are opened by `DCont`. */
export type ContainerType = "PYTHON" | "POSIX" | "HDF5" | "unknown" | (string & {});

/** A container. */
export interface ContainerInfo {
  /** The UUID, in lower case. */
  readonly uuid: string;
  /** `undefined` for a container that was created without a label. */
  readonly label: string | undefined;
  /** The layout. */
  readonly type: ContainerType;
  /** The UUID of its pool. */
  readonly poolUuid: string;
}

/** A container with its properties and its state. Facts that an engine does not keep are `undefined`. */
export interface ContainerStatus extends ContainerInfo {
  /** Properties by DAOS's names (`label`, `layout_type`, `owner`, `group`, `rd_fac`, `status`, ...). */
  readonly properties: Readonly<Record<string, string>>;
  /** How many handles are open, in all processes. */
  readonly openHandles: number | undefined;
  /** How many snapshots there are. */
  readonly snapshots: number | undefined;
  /** When it was created. */
  readonly created: Date | undefined;
  /** When it was last opened; `null` for never. Only DAOS keeps it. */
  readonly opened?: Date | null | undefined;
  /** When it was last written. */
  readonly modified: Date | undefined;
}

/** What `checkContainer` found. */
export interface CheckReport {
  /** When the check began. */
  readonly started: Date;
  /** When it ended. */
  readonly completed: Date;
  /** Objects looked at. */
  readonly checked: number;
  /** Objects left out, such as those that are being created right now. */
  readonly skipped: number;
  /** What is wrong, one sentence each; empty when the container is sound. */
  readonly findings: readonly Finding[];
}

/** One inconsistency. */
export interface Finding {
  /** What is wrong and where. */
  readonly message: string;
  /** Whether `repair` mended it in this run. */
  readonly repaired: boolean;
}

/** How a container is opened. */
export interface OpenContainerOptions extends At {
  /** `"RO"`: every write answers DER_NO_PERM. */
  readonly mode: "RO" | "RW";
}

/** What a new container shall be. */
export interface ContainerSpec extends At {
  /** Checked above the contract; `undefined`: it is known by its UUID. */
  readonly label: string | undefined;
  /** One of those that DAOS knows. */
  readonly type: ContainerType;
  /** To be kept and given back by `queryContainer`. */
  readonly properties: Readonly<Record<string, string>>;
}

/**
 * A system: where pools live. Making one does no I/O. `pool` and `container` are a label or a UUID, already checked; one
 * that does not exist is DER_NONEXIST, one that this user may not use DER_NO_PERM.
 */
export interface System<S extends Face> {
  /** DER_EXIST when the label is taken; DER_NOSYS without `createsPools`. */
  createPool(label: string, o: At & { readonly mode?: number | undefined }): R<S, PoolInfo>;
  /** The pools that this user may use. */
  listPools(o?: At): R<S, readonly PoolInfo[]>;
  /** A pool with its sizes. */
  queryPool(pool: string, o?: At): R<S, PoolStatus>;
  /** DER_BUSY when it has containers, unless `force`. */
  destroyPool(pool: string, o: At & { readonly force: boolean }): R<S, void>;
  /** DER_EXIST when the label is taken. It appears complete or not at all. */
  createContainer(pool: string, spec: ContainerSpec): R<S, ContainerInfo>;
  /** The containers of a pool that this user may use. */
  listContainers(pool: string, o?: At): R<S, readonly ContainerInfo[]>;
  /** A container with its properties. */
  queryContainer(pool: string, container: string, o?: At): R<S, ContainerStatus>;
  /** DER_BUSY when someone has it open, unless `force`. */
  destroyContainer(pool: string, container: string, o: At & { readonly force: boolean }): R<S, void>;
  /** Compares what the storage says twice: counts with records, names with objects. `repair` never loses data. */
  checkContainer(pool: string, container: string, o: At & { readonly repair: boolean }): R<S, CheckReport>;
  /** Copies the container into the new directory `target`, names and dictionaries as of one moment. DER_NOSYS where the storage is not files. */
  backupContainer(pool: string, container: string, target: string, o?: At): R<S, void>;
  /** DER_INVAL for a type other than PYTHON, DER_MISMATCH for a newer format, DER_IO for a damaged one. */
  openContainer(pool: string, container: string, o: OpenContainerOptions): R<S, Container<S>>;
}

/** What a system URL says, taken apart by `system-url.ts`. */
export interface SystemAddress {
  /** The URL. */
  readonly url: URL;
  /** How long a call waits for a lock (then DER_BUSY) or for silent storage (then DER_TIMEDOUT), milliseconds. */
  readonly timeout: number;
}

/** Where a container is: a pool and a container of it, each by label or UUID. */
export interface PlaceOfContainer {
  readonly pool: string;
  readonly container: string;
}

/** An engine: the export `engine` of an engine's module, found by the scheme of the system URL. */
export interface Engine {
  /** The name of its folder. */
  readonly name: string;
  /** What it can do, in any system. */
  readonly capabilities: Capabilities;
  /** Throws DER_INVAL for a URL that the engine cannot use; no other I/O. */
  system<S extends Face>(face: S, address: SystemAddress): System<S>;
  /**
   * For storage with a unified namespace of its own: the container that a path of a file system stands for, `undefined` for
   * one that stands for none. DER_NOSYS when that cannot be told on this machine.
   */
  resolvePath?(path: string): PlaceOfContainer | undefined;
}
