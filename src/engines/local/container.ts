/** An open container of the local engine, in both twins. */
import { rm } from "node:fs/promises";
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
import { withSignal } from "../../engine/signal.ts";
import { AsyncLocalArray, SyncLocalArray } from "./array.ts";
import { capabilities } from "./capabilities.ts";
import type { ContainerCore } from "./container-core.ts";
import { Handle } from "./handle.ts";
import { AsyncKv, SyncKv } from "./kv.ts";
import { idOf, type ObjectRow, oidOf } from "./reader.ts";
import { fromFileSystem } from "./sqlite-error.ts";
import type { Call } from "./wire.ts";

/** Blocking. */
export class SyncContainer implements Container<"sync"> {
  readonly info: ContainerInfo;
  readonly capabilities: Capabilities = capabilities;
  readonly #handle: Handle;

  constructor(info: ContainerInfo, core: ContainerCore, mode: "RO" | "RW") {
    this.info = info;
    this.#handle = new Handle(core, mode);
  }

  create(name: string, spec: ObjectSpec): ObjectRef | undefined {
    return this.#handle.writable().write((t) => t.create(name, spec));
  }

  createNameless(spec: ObjectSpec): ObjectRef {
    return this.#handle.writable().write((t) => t.create(null, spec)!);
  }

  link(name: string, object: ObjectRef): boolean {
    return this.#handle.writable().write((t) => t.link(name, object));
  }

  discard(object: ObjectRef): void {
    const core = this.#handle.writable();
    core.write((t) => t.discard(object));
    if (object.kind === "array") removeArray(core, idOf(object.oid));
  }

  lookup(name: string): ObjectRef | undefined {
    return refOf(this.#settled().read((r) => r.lookup(name)));
  }

  list(after: string | undefined, limit: number): readonly NamedObject[] {
    return this.#settled().read((r) => r.names(after ?? "", limit));
  }

  destroy(name: string): boolean {
    const core = this.#handle.writable();
    const row = core.write((t) => t.destroy(name));
    if (row?.kind === "array") removeArray(core, row.id);
    return row !== undefined;
  }

  kv(object: ObjectRef): Kv<"sync"> {
    return new SyncKv(this.#handle, idOf(object.oid));
  }

  array(object: ObjectRef): ArrayStore<"sync"> {
    return new SyncLocalArray(this.#handle, idOf(object.oid));
  }

  close(): void {
    this.#handle.close()?.releaseSync();
  }

  #settled(): ContainerCore {
    const core = this.#handle.core().forReading;
    if (core.writer.pending.names) core.writer.settle();
    return core;
  }
}

/** Asynchronous. */
export class AsyncContainer implements Container<"async"> {
  readonly info: ContainerInfo;
  readonly capabilities: Capabilities = capabilities;
  readonly #handle: Handle;
  #closed: Promise<void> | undefined;

  constructor(info: ContainerInfo, core: ContainerCore, mode: "RO" | "RW") {
    this.info = info;
    this.#handle = new Handle(core, mode);
  }

  async create(name: string, spec: ObjectSpec, o?: At): Promise<ObjectRef | undefined> {
    return this.#write({ verb: "create", name, spec }, o);
  }

  async createNameless(spec: ObjectSpec, o?: At): Promise<ObjectRef> {
    return this.#write({ verb: "create", name: null, spec }, o);
  }

  async link(name: string, object: ObjectRef, o?: At): Promise<boolean> {
    return this.#write({ verb: "link", name, object }, o);
  }

  async discard(object: ObjectRef, o?: At): Promise<void> {
    const core = this.#handle.writable();
    await this.#write<void>({ verb: "discard", object }, o);
    if (object.kind === "array") await removeArrayAsync(core, idOf(object.oid));
  }

  async lookup(name: string, o?: At): Promise<ObjectRef | undefined> {
    o?.signal?.throwIfAborted();
    const core = this.#handle.core().forReading;
    return refOf(
      core.writer.pending.names
        ? await withSignal(core.writer.call<ObjectRow | undefined>({ verb: "lookup", name }), o)
        : core.read((r) => r.lookup(name)),
    );
  }

  async list(after: string | undefined, limit: number, o?: At): Promise<readonly NamedObject[]> {
    o?.signal?.throwIfAborted();
    const core = this.#handle.core().forReading;
    if (core.writer.pending.names) return withSignal(core.writer.call({ verb: "names", after: after ?? "", limit }), o);
    return core.read((r) => r.names(after ?? "", limit));
  }

  async destroy(name: string, o?: At): Promise<boolean> {
    const core = this.#handle.writable();
    const row = await this.#write<ObjectRow | undefined>({ verb: "destroy", name }, o);
    if (row?.kind === "array") await removeArrayAsync(core, row.id);
    return row !== undefined;
  }

  kv(object: ObjectRef): Kv<"async"> {
    return new AsyncKv(this.#handle, idOf(object.oid));
  }

  array(object: ObjectRef): ArrayStore<"async"> {
    return new AsyncLocalArray(this.#handle, idOf(object.oid));
  }

  close(): Promise<void> {
    this.#closed ??= this.#handle.close()?.release() ?? Promise.resolve();
    return this.#closed;
  }

  async #write<T>(call: Call, o: At | undefined): Promise<T> {
    o?.signal?.throwIfAborted();
    return withSignal(this.#handle.writable().writer.call<T>(call), o);
  }
}

// The object is gone for everyone by its row; the files follow. What a crash leaves behind, `checkContainer` finds.
function removeArray(core: ContainerCore, id: number): void {
  const { files } = core.array(id);
  core.forgetArray(id);
  try {
    files.destroy();
  } catch (e) {
    throw fromFileSystem(e, "failed to remove the files of an array");
  }
}

async function removeArrayAsync(core: ContainerCore, id: number): Promise<void> {
  await core.underWay(async () => {
    const { files } = core.array(id);
    core.forgetArray(id);
    try {
      const gone = files.detach();
      if (gone !== undefined) await rm(gone, { recursive: true, force: true });
    } catch (e) {
      throw fromFileSystem(e, "failed to remove the files of an array");
    }
  });
}

function refOf(row: ObjectRow | undefined): ObjectRef | undefined {
  return row && { kind: row.kind, oid: oidOf(row.id) };
}
