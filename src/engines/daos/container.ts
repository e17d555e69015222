/** An open container of the daos engine, in both twins. */
import type {
  ArrayStore,
  At,
  Capabilities,
  Container,
  ContainerInfo,
  Kv,
  NamedObject,
  ObjectRef,
  ObjectSpec,
} from "../../engine/contract.ts";
import { AsyncDaosArray, SyncDaosArray } from "./array.ts";
import { capabilities } from "./capabilities.ts";
import type { Begin, ContainerCore, DaosObject } from "./container-core.ts";
import { AsyncKv, SyncKv } from "./kv.ts";
import { keyText } from "./kv-operations.ts";
import * as names from "./names.ts";
import { parseOid } from "./oid.ts";
import type { RootEntry } from "./root-entry.ts";

/** Blocking. */
export class SyncContainer implements Container<"sync"> {
  readonly info: ContainerInfo;
  readonly capabilities: Capabilities = capabilities;
  readonly #core: ContainerCore;
  readonly #listing = new Listing();

  constructor(core: ContainerCore) {
    this.info = core.info;
    this.#core = core;
  }

  create(name: string, spec: ObjectSpec): ObjectRef | undefined {
    const core = writable(this.#core);
    return core.block(core.root, creating(core, name, spec));
  }

  createNameless(spec: ObjectSpec): ObjectRef {
    const core = writable(this.#core);
    return core.block(core.root, creatingNameless(core, spec));
  }

  link(name: string, object: ObjectRef): boolean {
    const core = writable(this.#core);
    return core.block(core.root, linking(core, name, object));
  }

  discard(object: ObjectRef): void {
    const core = writable(this.#core);
    core.block(core.object(parseOid(object.oid)), discarding(core, object));
  }

  lookup(name: string): ObjectRef | undefined {
    const core = open(this.#core);
    return core.block(core.root, lookingUp(core, name));
  }

  list(after: string | undefined, limit: number): readonly NamedObject[] {
    const core = open(this.#core);
    const { root } = core;
    const kv = core.kv(root);
    const page =
      this.#listing.page(after, limit) ??
      this.#listing.begin(
        core.block(root, (slot) => names.allNames(kv, slot)),
        after,
        limit,
      );
    const found = core.blockMany(root, namedObjects(core, page));
    const objects = found.filter((object) => object !== undefined);
    // An empty page would mean the end: all of this one's names have gone meanwhile.
    return objects.length === 0 && page.length > 0 ? this.list(lastName(page), limit) : objects;
  }

  destroy(name: string): boolean {
    const core = writable(this.#core);
    for (;;) {
      const object = core.block(core.root, finding(core, name));
      if (object === undefined) return false;
      // Another object may have the name by now: then that one is to go.
      if (core.block(object, destroying(core, name, object))) return true;
    }
  }

  kv(object: ObjectRef): Kv<"sync"> {
    return new SyncKv(this.#core, this.#core.object(parseOid(object.oid)));
  }

  array(object: ObjectRef): ArrayStore<"sync"> {
    return new SyncDaosArray(this.#core, this.#core.object(parseOid(object.oid)));
  }

  close(): void {
    this.#core.closeSync();
  }
}

/** Asynchronous. */
export class AsyncContainer implements Container<"async"> {
  readonly info: ContainerInfo;
  readonly capabilities: Capabilities = capabilities;
  readonly #core: ContainerCore;
  readonly #listing = new Listing();
  #closed: Promise<void> | undefined;

  constructor(core: ContainerCore) {
    this.info = core.info;
    this.#core = core;
  }

  async create(name: string, spec: ObjectSpec, o?: At): Promise<ObjectRef | undefined> {
    const core = writable(this.#core, o);
    return named(core, name, true, creating(core, name, spec), o);
  }

  async createNameless(spec: ObjectSpec, o?: At): Promise<ObjectRef> {
    const core = writable(this.#core, o);
    // No name is concerned: it waits for nobody, like the reading of a name that nothing writes.
    return named(core, "", false, creatingNameless(core, spec), o);
  }

  async link(name: string, object: ObjectRef, o?: At): Promise<boolean> {
    const core = writable(this.#core, o);
    return named(core, name, true, linking(core, name, object), o);
  }

  async discard(object: ObjectRef, o?: At): Promise<void> {
    const core = writable(this.#core, o);
    const turn = { key: undefined, writes: true };
    await core.run(core.object(parseOid(object.oid)), turn, discarding(core, object), nothingToKeep, o);
  }

  async lookup(name: string, o?: At): Promise<ObjectRef | undefined> {
    const core = open(this.#core, o);
    return named(core, name, false, lookingUp(core, name), o);
  }

  async list(after: string | undefined, limit: number, o?: At): Promise<readonly NamedObject[]> {
    const core = open(this.#core, o);
    const { root } = core;
    const kv = core.kv(root);
    const turn = { key: undefined, writes: false };
    const page =
      this.#listing.page(after, limit) ??
      this.#listing.begin(
        await core.run(root, turn, (slot) => names.allNames(kv, slot), nothingToKeep, o),
        after,
        limit,
      );
    const found = await core.runMany(root, turn, namedObjects(core, page), o);
    const objects = found.filter((object) => object !== undefined);
    return objects.length === 0 && page.length > 0 ? this.list(lastName(page), limit, o) : objects;
  }

  async destroy(name: string, o?: At): Promise<boolean> {
    const core = writable(this.#core, o);
    const turn = { key: keyText(Buffer.from(name)), writes: true };
    for (;;) {
      const find = finding(core, name);
      const destroyed = await core.runOnFound(core.root, turn, find, (found) => destroying(core, name, found), o);
      if (destroyed !== false) return destroyed !== undefined;
    }
  }

  kv(object: ObjectRef): Kv<"async"> {
    return new AsyncKv(this.#core, this.#core.object(parseOid(object.oid)));
  }

  array(object: ObjectRef): ArrayStore<"async"> {
    return new AsyncDaosArray(this.#core, this.#core.object(parseOid(object.oid)));
  }

  close(): Promise<void> {
    this.#closed ??= this.#core.close();
    return this.#closed;
  }
}

/**
 * The names of a container while they are listed page by page. DAOS keeps them in the order of their hashes, and a page
 * begins after a name: so all names are read and sorted once, with the first page.
 */
class Listing {
  #names: readonly Uint8Array[] = [];
  #next = 0;
  #last: string | undefined;

  /** The page that goes on where the one before has ended; `undefined` for any other page. */
  page(after: string | undefined, limit: number): readonly Uint8Array[] | undefined {
    if (after === undefined || after !== this.#last) return undefined;
    return this.#take(limit);
  }

  begin(sorted: readonly Uint8Array[], after: string | undefined, limit: number): readonly Uint8Array[] {
    this.#names = sorted;
    const bytes = Buffer.from(after ?? "");
    const first = sorted.findIndex((name) => Buffer.compare(name, bytes) > 0);
    this.#next = first < 0 ? sorted.length : first;
    return this.#take(limit);
  }

  #take(limit: number): readonly Uint8Array[] {
    const page = this.#names.slice(this.#next, this.#next + limit);
    this.#next += page.length;
    this.#last = page.length === 0 ? undefined : lastName(page);
    if (page.length === 0) this.#names = [];
    return page;
  }
}

function lastName(page: readonly Uint8Array[]): string {
  return Buffer.from(page.at(-1)!).toString("utf8");
}

function open(core: ContainerCore, o?: At): ContainerCore {
  o?.signal?.throwIfAborted();
  core.checkOpen();
  return core;
}

function writable(core: ContainerCore, o?: At): ContainerCore {
  o?.signal?.throwIfAborted();
  core.checkWritable();
  return core;
}

function nothingToKeep(): void {}

function named<T>(core: ContainerCore, name: string, writes: boolean, begin: Begin<T>, o: At | undefined): Promise<T> {
  return core.run(core.root, { key: keyText(Buffer.from(name)), writes }, begin, nothingToKeep, o);
}

function creating(core: ContainerCore, name: string, spec: ObjectSpec): Begin<ObjectRef | undefined> {
  const root = core.kv(core.root);
  return function* (slot) {
    const entry = yield* names.createNameless(root.lib, slot, core.coh, core.oids, spec);
    return (yield* names.link(root, slot, Buffer.from(name), entry)) ? names.refOf(entry) : undefined;
  };
}

function creatingNameless(core: ContainerCore, spec: ObjectSpec): Begin<ObjectRef> {
  return function* (slot) {
    return names.refOf(yield* names.createNameless(core.client.lib, slot, core.coh, core.oids, spec));
  };
}

function linking(core: ContainerCore, name: string, object: ObjectRef): Begin<boolean> {
  const root = core.kv(core.root);
  const entry: RootEntry = { kind: object.kind, oid: parseOid(object.oid) };
  return (slot) => names.link(root, slot, Buffer.from(name), entry);
}

function discarding(core: ContainerCore, object: ObjectRef): Begin<void> {
  return function* (slot) {
    yield* names.discard(core.client.lib, slot, core.coh, object);
    core.noteDestroyed(parseOid(object.oid));
  };
}

function lookingUp(core: ContainerCore, name: string): Begin<ObjectRef | undefined> {
  const root = core.kv(core.root);
  return function* (slot) {
    const entry = yield* names.lookup(root, slot, Buffer.from(name));
    return entry && names.refOf(entry);
  };
}

function finding(core: ContainerCore, name: string): Begin<DaosObject | undefined> {
  const root = core.kv(core.root);
  return function* (slot) {
    const entry = yield* names.lookup(root, slot, Buffer.from(name));
    return entry && core.object(entry.oid);
  };
}

function destroying(core: ContainerCore, name: string, { oid }: DaosObject): Begin<boolean> {
  const root = core.kv(core.root);
  return function* (slot) {
    const destroyed = yield* names.destroy(root, slot, Buffer.from(name), oid);
    if (destroyed) core.noteDestroyed(oid);
    return destroyed;
  };
}

function namedObjects(core: ContainerCore, page: readonly Uint8Array[]): Begin<NamedObject | undefined>[] {
  const root = core.kv(core.root);
  return page.map((name) => (slot) => names.namedObject(root, slot, name));
}
