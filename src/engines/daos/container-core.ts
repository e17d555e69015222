/** An open container: its handles, its objects, and the running of operations on them, for both faces. */
import type { At, ContainerInfo } from "../../engine/contract.ts";
import { withSignal } from "../../engine/signal.ts";
import { DaosError } from "../../errors.ts";
import { DAOS } from "../../ffi/daos-abi.ts";
import { type EventQueue, type Operation, runBlocking, type Slot } from "../../ffi/events.ts";
import type { LibDaos } from "../../ffi/libdaos.ts";
import { closeAtExit, closedInTime } from "./clean-exit.ts";
import { type Client, timedOut, translated } from "./client.ts";
import { check } from "./daos-error.ts";
import type { KvHandle } from "./kv-operations.ts";
import { ObjectOrder, type Turn } from "./object-order.ts";
import { type Oid, OidRange, oidText } from "./oid.ts";

/** What every core of a process knows about the objects of one container. */
interface SharedObjects {
  cores: number;
  readonly orders: Map<string, ObjectOrder>;
  /** Objects that this process has destroyed. */
  readonly destroyed: Set<string>;
}

const shared = new Map<string, SharedObjects>();

/** What an open container is made of. */
export interface OpenHandles {
  readonly info: ContainerInfo;
  readonly mode: "RO" | "RW";
  readonly poh: number;
  readonly coh: number;
  /** The id of the root object, where names are. */
  readonly root: Oid;
}

/** Begins an operation in a slot. */
export type Begin<T> = (slot: Slot) => Operation<T>;

/** A part of a call that has its own turn on an object. */
export interface Part<T> extends Omit<Turn, "start"> {
  readonly begin: Begin<T>;
}

/** An object of which libdaos has a handle. */
interface OpenObject {
  readonly handle: KvHandle;
  close(): void;
}

/** An object that operations are about. */
export interface DaosObject {
  readonly oid: Oid;
  /** The same as text. */
  readonly id: string;
  readonly order: ObjectOrder;
}

/** How operations run: the event queue, and how long a caller waits. */
export interface Running {
  readonly client: Client;
  readonly inFlight: number;
  readonly timeoutMs: number;
}

/** An open container. */
export class ContainerCore {
  readonly info: ContainerInfo;
  readonly oids: OidRange = new OidRange();
  readonly #running: Running;
  readonly #handles: OpenHandles;
  readonly #shared: SharedObjects;
  readonly #opened = new Map<string, OpenObject>();
  #open = true;
  #underWay = 0;
  readonly #whenDone: (() => void)[] = [];

  constructor(running: Running, handles: OpenHandles) {
    this.#running = running;
    this.#handles = handles;
    this.info = handles.info;
    let objects = shared.get(handles.info.uuid);
    if (objects === undefined) {
      objects = { cores: 0, orders: new Map(), destroyed: new Set() };
      shared.set(handles.info.uuid, objects);
    }
    objects.cores++;
    this.#shared = objects;
    closeAtExit(this);
  }

  /** libdaos's handle of the container. */
  get coh(): number {
    return this.#handles.coh;
  }

  get client(): Client {
    return this.#running.client;
  }

  /** How many operations may be under way at a time. */
  get inFlight(): number {
    return this.#running.inFlight;
  }

  /** The root object: names and what they stand for. */
  get root(): DaosObject {
    return this.object(this.#handles.root);
  }

  /** The object of that id. */
  object(oid: Oid): DaosObject {
    const id = oidText(oid);
    let order = this.#shared.orders.get(id);
    if (order === undefined) {
      order = new ObjectOrder();
      this.#shared.orders.set(id, order);
    }
    return { oid, id, order };
  }

  /** DER_NO_HDL once it is closed. */
  checkOpen(): void {
    if (!this.#open) throw new DaosError("DER_NO_HDL", "the container is closed");
  }

  /** DER_NO_PERM when it is open read-only. */
  checkWritable(): void {
    this.checkOpen();
    if (this.#handles.mode === "RO") throw new DaosError("DER_NO_PERM", "the container is open read-only");
  }

  /** libdaos's handle of a key-value object, opened when first needed; that makes no call to the servers. */
  kv(object: DaosObject): KvHandle {
    const { kvOpen, kvClose } = this.client.lib;
    return this.#handle(object, kvOpen, kvClose);
  }

  /** The same for the object of an array. */
  array(object: DaosObject): KvHandle {
    const { objOpen, objClose } = this.client.lib;
    return this.#handle(object, objOpen, objClose);
  }

  #handle({ oid, id }: DaosObject, open: LibDaos["kvOpen"], close: LibDaos["kvClose"]): KvHandle {
    if (this.#shared.destroyed.has(id)) throw new DaosError("DER_NONEXIST", "the object was destroyed", { detail: id });
    let opened = this.#opened.get(id);
    if (opened === undefined) {
      const { lib, slot } = this.client;
      const mode = this.#handles.mode === "RO" ? DAOS.DAOS_OO_RO : DAOS.DAOS_OO_RW;
      check(open(this.coh, oid.lo, oid.hi, mode, slot.scratch.address, 0), "failed to open object");
      const oh = slot.scratch.pointer(0);
      opened = { handle: { lib, coh: this.coh, oh }, close: () => close(oh, 0) };
      this.#opened.set(id, opened);
    }
    return opened.handle;
  }

  /** Notes that this process has destroyed the object. */
  noteDestroyed(oid: Oid): void {
    const text = oidText(oid);
    this.#shared.destroyed.add(text);
    const opened = this.#opened.get(text);
    this.#opened.delete(text);
    opened?.close();
  }

  /** Runs an operation with blocking calls, after the asynchronous ones on the same object. */
  block<T>(object: DaosObject, begin: Begin<T>): T {
    this.#settle(object);
    const { slot } = this.client;
    try {
      return runBlocking(begin(slot));
    } finally {
      slot.kept.length = 0;
    }
  }

  /** Runs many operations, some at a time, and blocks until they have ended. */
  blockMany<T>(object: DaosObject, operations: readonly Begin<T>[]): T[] {
    this.#settle(object);
    const all = new Many<T>(this.#queue, this.#running.timeoutMs, operations, undefined);
    all.begin();
    if (!this.#queue.drain(() => all.ended, this.#running.timeoutMs)) throw timedOut(this.#running.timeoutMs);
    return all.results();
  }

  /**
   * Runs an operation with events when its turn comes.
   *
   * @param keep - called when it does not begin at once: the caller's memory has to be copied then.
   */
  run<T>(object: DaosObject, turn: Omit<Turn, "start">, begin: Begin<T>, keep: () => void, o?: At): Promise<T> {
    let begun = false;
    const beginning: Begin<T> = (slot) => {
      begun = true;
      o?.signal?.throwIfAborted();
      return begin(slot);
    };
    const promise = this.#enter<T>(object, turn, (done) =>
      this.#queue.submit(beginning, done, this.#running.timeoutMs),
    );
    if (!begun) keep();
    return withSignal(promise, o);
  }

  /** Runs an operation on a whole object that another operation finds, within the turn of that one. */
  runOnFound<T>(
    object: DaosObject,
    turn: Omit<Turn, "start">,
    find: Begin<DaosObject | undefined>,
    begin: (found: DaosObject) => Begin<T>,
    o?: At,
  ): Promise<T | undefined> {
    const { timeoutMs } = this.#running;
    const promise = this.#enter<T | undefined>(object, turn, (done) =>
      this.#queue.submit(
        find,
        (error, found) => {
          if (error !== undefined || found === undefined) {
            done(error, undefined);
            return;
          }
          const inner: Turn = {
            key: undefined,
            writes: true,
            start: () =>
              this.#queue.submit(
                begin(found),
                (failure, result) => {
                  found.order.leave(inner);
                  done(failure, result);
                },
                timeoutMs,
              ),
          };
          found.order.enter(inner);
        },
        timeoutMs,
      ),
    );
    return withSignal(promise, o);
  }

  /** Runs many operations, some at a time, as one turn. */
  runMany<T>(object: DaosObject, turn: Omit<Turn, "start">, operations: readonly Begin<T>[], o?: At): Promise<T[]> {
    const promise = this.#enter<T[]>(object, turn, (done) => {
      const all: Many<T> = new Many<T>(this.#queue, this.#running.timeoutMs, operations, o?.signal, () => {
        try {
          done(undefined, all.results());
        } catch (e) {
          done(e, []);
        }
      });
      all.begin();
    });
    return withSignal(promise, o);
  }

  /**
   * Runs the parts of a call, each when its own turn comes. After a failure or an abort no further one begins, and nothing
   * of the call is under way any more when it answers: they work on the caller's memory.
   */
  async runEach<T>(object: DaosObject, parts: readonly Part<T>[], o?: At): Promise<T[]> {
    let failure: { readonly error: unknown } | undefined;
    const guarded = ({ begin }: Part<T>): Begin<T> =>
      function* (slot) {
        if (failure !== undefined) throw failure.error;
        o?.signal?.throwIfAborted();
        return yield* begin(slot);
      };
    const ends = parts.map((part) =>
      this.#enter<T>(object, part, (done) => this.#queue.submit(guarded(part), done, this.#running.timeoutMs)).catch(
        (error: unknown) => {
          failure ??= { error };
          return undefined as T;
        },
      ),
    );
    const results = await Promise.all(ends);
    if (failure !== undefined) throw failure.error;
    return results;
  }

  /** Waits for what is under way, then closes all handles. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    if (this.#underWay > 0) await new Promise<void>((resolve) => this.#whenDone.push(resolve));
    const { timeoutMs } = this.#running;
    await new Promise<void>((resolve, reject) => {
      this.#queue.submit(
        () => this.#closing(),
        (error) => (error === undefined ? resolve() : reject(translated(error, timeoutMs))),
        timeoutMs,
      );
    });
  }

  /** The same, blocking. */
  closeSync(): void {
    if (!this.#open) return;
    this.#open = false;
    const { timeoutMs } = this.#running;
    if (!this.#drain(() => this.#underWay === 0, timeoutMs) || !this.#closeWithin(timeoutMs)) throw timedOut(timeoutMs);
  }

  /** At the end of the process: what is under way has a moment to end. */
  abandon(waitMs: number): void {
    this.#open = false;
    if (this.#drain(() => this.#underWay === 0, waitMs)) this.#closeWithin(waitMs);
  }

  /** Blocks, but not for ever: `false` when DAOS is silent for longer. */
  #closeWithin(waitMs: number): boolean {
    let ended = false;
    let failure: unknown;
    this.#queue.submit(
      () => this.#closing(),
      (error) => {
        ended = true;
        failure = error;
      },
      waitMs,
    );
    if (!this.#queue.drain(() => ended, waitMs)) return false;
    if (failure !== undefined) throw translated(failure, waitMs);
    return true;
  }

  *#closing(): Operation<void> {
    const { lib } = this.client;
    closedInTime(this);
    if (--this.#shared.cores === 0) shared.delete(this.info.uuid);
    for (const { close } of this.#opened.values()) close();
    this.#opened.clear();
    const { coh, poh } = this.#handles;
    const closed: number = yield (event) => lib.contClose(coh, event);
    const disconnected: number = yield (event) => lib.poolDisconnect(poh, event);
    check(closed, "failed to close container");
    check(disconnected, "failed to disconnect from pool");
  }

  get #queue(): EventQueue {
    return this.client.queue(this.#running.inFlight);
  }

  #settle({ order }: DaosObject): void {
    if (order.idle) return;
    if (!this.#drain(() => order.idle, this.#running.timeoutMs)) throw timedOut(this.#running.timeoutMs);
  }

  #drain(until: () => boolean, timeoutMs: number): boolean {
    return until() || this.#queue.drain(until, timeoutMs);
  }

  #enter<T>(
    { order }: DaosObject,
    kind: Omit<Turn, "start">,
    begin: (done: (error: unknown, result: T) => void) => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#underWay++;
      const turn: Turn = {
        ...kind,
        start: () =>
          begin((error, result) => {
            order.leave(turn);
            if (error === undefined) resolve(result);
            else reject(translated(error, this.#running.timeoutMs));
            if (--this.#underWay === 0) for (const done of this.#whenDone.splice(0)) done();
          }),
      };
      order.enter(turn);
    });
  }
}

/** Many operations; after the first failure no further one begins. */
class Many<T> {
  readonly #queue: EventQueue;
  readonly #timeoutMs: number;
  readonly #operations: readonly Begin<T>[];
  readonly #signal: AbortSignal | undefined;
  readonly #done: (() => void) | undefined;
  readonly #results: T[];
  #left: number;
  #failed = false;
  #error: unknown;

  constructor(
    queue: EventQueue,
    timeoutMs: number,
    operations: readonly Begin<T>[],
    signal: AbortSignal | undefined,
    done?: () => void,
  ) {
    this.#queue = queue;
    this.#timeoutMs = timeoutMs;
    this.#operations = operations;
    this.#signal = signal;
    this.#done = done;
    this.#results = new Array<T>(operations.length);
    this.#left = operations.length;
  }

  get ended(): boolean {
    return this.#left === 0;
  }

  begin(): void {
    if (this.#left === 0) this.#done?.();
    for (const [i, operation] of this.#operations.entries())
      this.#queue.submit(
        (slot) => this.#guarded(operation, slot),
        (error, result) => this.#end(i, error, result as T),
        this.#timeoutMs,
      );
  }

  results(): T[] {
    if (this.#failed) throw this.#error;
    return this.#results;
  }

  *#guarded(operation: Begin<T>, slot: Slot): Operation<T | undefined> {
    if (this.#failed) return undefined;
    this.#signal?.throwIfAborted();
    return yield* operation(slot);
  }

  #end(i: number, error: unknown, result: T): void {
    if (error === undefined) this.#results[i] = result;
    else if (!this.#failed) {
      this.#failed = true;
      this.#error = translated(error, this.#timeoutMs);
    }
    if (--this.#left === 0) this.#done?.();
  }
}
