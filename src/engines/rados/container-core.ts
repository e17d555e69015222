/** What all handles of one process share that have the same container open in the same mode. */
import type { Face, ObjectRef } from "../../engine/contract.ts";
import type { Steps } from "../../engine/steps.ts";
import { DaosError } from "../../errors.ts";
import type { Cluster } from "../../ffi/cluster.ts";
import { librados, type Pointer } from "../../ffi/librados.ts";
import { drive, Pending, waitAll } from "../../ffi/pending.ts";
import type { Watch } from "../../ffi/watch.ts";
import { lookupEntry, removeEntry } from "./directory.ts";
import { Names } from "./names.ts";
import { ObjectCore } from "./object-core.ts";

const open = new Map<string, ContainerCore>();

/** The shared part of an open container, counted by its handles. */
export class ContainerCore {
  /** The pool's handle, set to the container's namespace. */
  readonly ioctx: Pointer;
  readonly mode: "RO" | "RW";
  readonly names = new Names();
  readonly #key: string;
  readonly #cluster: Cluster;
  readonly #watch: Watch | undefined;
  readonly #objects = new Map<string, ObjectCore>();
  readonly #background = new Set<Pending<unknown>>();
  /** Calls under way, writes and reads: the pool's handle must outlive them. */
  readonly #calls = new Set<Pending<void>>();
  #handles = 0;

  constructor(key: string, cluster: Cluster, ioctx: Pointer, mode: "RO" | "RW", watch: Watch | undefined) {
    this.#key = key;
    this.#cluster = cluster;
    this.ioctx = ioctx;
    this.mode = mode;
    this.#watch = watch;
  }

  /** The core that is open under that key, with one handle more. */
  static find(key: string): ContainerCore | undefined {
    const core = open.get(key);
    if (core !== undefined) core.#handles++;
    return core;
  }

  /** Whether a handle of this process has that container open. */
  static isOpen(uuid: string): boolean {
    return [...open.keys()].some((key) => key.includes(uuid));
  }

  /** The core with its first handle; the cluster is released with the last. */
  static add(core: ContainerCore): ContainerCore {
    core.#handles++;
    open.set(core.#key, core);
    return core;
  }

  /** The object of that id. */
  object(oid: string): ObjectCore {
    let object = this.#objects.get(oid);
    if (object === undefined) {
      object = new ObjectCore(this, oid);
      this.#objects.set(oid, object);
    }
    return object;
  }

  /** Forgets an object that is gone, unless calls on it are still under way: closing has to wait for them. */
  forget(oid: string): void {
    if (this.#objects.get(oid)?.isIdle === true) this.#objects.delete(oid);
  }

  /** Removes a name whose object is gone. */
  *dropEntry(name: string, object: ObjectRef): Steps<void> {
    const now = yield* lookupEntry(this.ioctx, name);
    if (now?.oid === object.oid) yield* removeEntry(this.ioctx, name, object);
  }

  /** Runs a call; closing waits for it. */
  *call<T>(steps: Steps<T>): Steps<T> {
    const over = new Pending<void>();
    this.#calls.add(over);
    try {
      return yield* steps;
    } finally {
      this.#calls.delete(over);
      over.resolve();
    }
  }

  /** Cleaning up that nobody waits for, but closing. Its failure leaves what `checkContainer` finds. */
  inBackground(steps: Steps<unknown>): void {
    const pending = drive(steps);
    if (pending.settled) return;
    this.#background.add(pending);
    pending.whenSettled(() => this.#background.delete(pending));
  }

  /** Waits until everything that was issued has landed. */
  *drained(): Steps<void> {
    yield* waitAll([...this.#objects.values()].map((object) => object.drained()));
    while (this.#background.size > 0) yield* settledAll([...this.#background]);
  }

  /** One handle less; the last one waits for what is under way and closes. */
  *release(face: Face): Steps<void> {
    yield* this.drained();
    if (--this.#handles > 0) return;
    // No handle is open any more, so no other call begins.
    if (open.get(this.#key) === this) open.delete(this.#key);
    while (this.#calls.size > 0 || this.#background.size > 0) {
      yield* settledAll([...this.#calls]);
      yield* this.drained();
    }
    if (this.#watch !== undefined) yield* this.#watch.end(face);
    librados().ioctxDestroy(this.ioctx);
    this.#cluster.release();
  }
}

function* settledAll(all: readonly Pending<unknown>[]): Steps<void> {
  try {
    yield* waitAll(all);
  } catch (e) {
    if (!DaosError.is(e)) throw e;
  }
}
