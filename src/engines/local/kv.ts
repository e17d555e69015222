/** The key-value object of the local engine, in both twins. */
import type { At, Cond, Kv, ListQuery, Op, Page } from "../../engine/contract.ts";
import { withSignal } from "../../engine/signal.ts";
import type { ContainerCore } from "./container-core.ts";
import type { Handle } from "./handle.ts";
import { Code } from "./wire.ts";

/** Blocking: reads and writes on the caller's thread. */
export class SyncKv implements Kv<"sync"> {
  readonly #handle: Handle;
  readonly #object: number;

  constructor(handle: Handle, object: number) {
    this.#handle = handle;
    this.#object = object;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#settled().read((r) => r.get(this.#object, key));
  }

  getMany(keys: readonly Uint8Array[]): (Uint8Array | undefined)[] {
    return this.#settled().read((r) => r.getMany(this.#object, keys));
  }

  has(key: Uint8Array): boolean {
    return this.#settled().read((r) => r.has(this.#object, key));
  }

  put(key: Uint8Array, value: Uint8Array, cond?: Cond): boolean {
    return this.#handle.writable().write((t) => t.put(this.#object, key, value, cond));
  }

  take(key: Uint8Array): Uint8Array | undefined {
    return this.#handle.writable().write((t) => t.take(this.#object, key));
  }

  remove(key: Uint8Array): boolean {
    return this.#handle.writable().write((t) => t.remove(this.#object, key));
  }

  batch(ops: readonly Op[]): void {
    this.#handle.writable().write((t) => t.batch(this.#object, ops));
  }

  list(q: ListQuery): Page {
    return this.#settled().read((r) => r.list(this.#object, q));
  }

  listText(q: ListQuery): Page<string> {
    return this.#settled().read((r) => r.listText(this.#object, q));
  }

  count(): number {
    return this.#settled().read((r) => r.count(this.#object));
  }

  clear(): void {
    this.#handle.writable().write((t) => t.clear(this.#object));
  }

  /** The core once the async writes of this process are in the file: blocking calls see what was called before them. */
  #settled(): ContainerCore {
    const core = this.#handle.core().forReading;
    if (core.writer.pending.object(this.#object)) core.writer.settle();
    return core;
  }
}

/**
 * Asynchronous: writes go to the writer thread; reads go to the file at once, on the caller's thread, unless what they
 * read is being written.
 */
export class AsyncKv implements Kv<"async"> {
  readonly #handle: Handle;
  readonly #object: number;

  constructor(handle: Handle, object: number) {
    this.#handle = handle;
    this.#object = object;
  }

  async get(key: Uint8Array, o?: At): Promise<Uint8Array | undefined> {
    o?.signal?.throwIfAborted();
    const core = this.#handle.core().forReading;
    if (core.writer.pending.key(this.#object, key))
      return withSignal(core.writer.keyed<Uint8Array | undefined>(Code.get, this.#object, key), o);
    return core.read((r) => r.get(this.#object, key));
  }

  async getMany(keys: readonly Uint8Array[], o?: At): Promise<(Uint8Array | undefined)[]> {
    o?.signal?.throwIfAborted();
    const core = this.#handle.core().forReading;
    if (core.writer.pending.object(this.#object))
      return withSignal(core.writer.call({ verb: "getMany", object: this.#object, keys }, this.#object), o);
    return core.read((r) => r.getMany(this.#object, keys));
  }

  async has(key: Uint8Array, o?: At): Promise<boolean> {
    o?.signal?.throwIfAborted();
    const core = this.#handle.core().forReading;
    if (core.writer.pending.key(this.#object, key))
      return withSignal(core.writer.keyed<boolean>(Code.has, this.#object, key), o);
    return core.read((r) => r.has(this.#object, key));
  }

  async put(key: Uint8Array, value: Uint8Array, cond?: Cond, o?: At): Promise<boolean> {
    o?.signal?.throwIfAborted();
    return withSignal(this.#handle.writable().writer.put(this.#object, key, value, cond), o);
  }

  async take(key: Uint8Array, o?: At): Promise<Uint8Array | undefined> {
    o?.signal?.throwIfAborted();
    return withSignal(this.#handle.writable().writer.keyed(Code.take, this.#object, key), o);
  }

  async remove(key: Uint8Array, o?: At): Promise<boolean> {
    o?.signal?.throwIfAborted();
    return withSignal(this.#handle.writable().writer.keyed(Code.remove, this.#object, key), o);
  }

  async batch(ops: readonly Op[], o?: At): Promise<void> {
    o?.signal?.throwIfAborted();
    await withSignal(this.#handle.writable().writer.batch(this.#object, ops), o);
  }

  async list(q: ListQuery, o?: At): Promise<Page> {
    o?.signal?.throwIfAborted();
    const core = this.#handle.core().forReading;
    if (core.writer.pending.object(this.#object))
      return withSignal(core.writer.call({ verb: "list", object: this.#object, query: q }, this.#object), o);
    return core.read((r) => r.list(this.#object, q));
  }

  async listText(q: ListQuery, o?: At): Promise<Page<string>> {
    o?.signal?.throwIfAborted();
    const core = this.#handle.core().forReading;
    if (core.writer.pending.object(this.#object))
      return withSignal(core.writer.call({ verb: "listText", object: this.#object, query: q }, this.#object), o);
    return core.read((r) => r.listText(this.#object, q));
  }

  async count(o?: At): Promise<number> {
    o?.signal?.throwIfAborted();
    const core = this.#handle.core().forReading;
    if (core.writer.pending.object(this.#object))
      return withSignal(core.writer.call({ verb: "count", object: this.#object }, this.#object), o);
    return core.read((r) => r.count(this.#object));
  }

  async clear(o?: At): Promise<void> {
    o?.signal?.throwIfAborted();
    await withSignal(this.#handle.writable().writer.call({ verb: "clear", object: this.#object }, this.#object), o);
  }
}
