/**
 * One dictionary or array as this process sees it: which generation of shards holds its records, and the queue of
 * operations on them.
 *
 * RADOS changes one object at a time. What is to be atomic over all shards goes through the meta object: `clear` and
 * `destroy` announce themselves there, seal every shard, and then take effect in one step. Whoever finds a shard sealed
 * asks the meta object, and completes what was announced: so it takes effect also when the one who announced it is gone.
 */
import { randomBytes } from "node:crypto";
import type { ObjectRef, ObjectSpec, Op } from "../../engine/contract.ts";
import type { Steps } from "../../engine/steps.ts";
import { DaosError } from "../../errors.ts";
import { drive, Pending, wait, waitAll } from "../../ffi/pending.ts";
import { ArrayCore } from "./array-core.ts";
import { damagedValue, readBlob, removeBlob, removeObject } from "./blobs.ts";
import { Bulks, Reads } from "./bulk.ts";
import { purgeChunks } from "./chunk-index.ts";
import type { ContainerCore } from "./container-core.ts";
import { removeEntry } from "./directory.ts";
import {
  documentBytes,
  FORMAT_VERSION,
  INLINE_MAX_BYTES,
  isBlob,
  keyOf,
  META_KEY,
  type Meta,
  metaName,
  parseDocument,
  SHARD_STATE,
  STATE,
  type Stored,
  shardName,
} from "./format.ts";
import { KeyLocks } from "./key-locks.ts";
import { Lister } from "./lister.ts";
import { OMAP_PAGE, type OmapEntry, ReadOperation, WriteOperation } from "./operations.ts";
import { ERRNO, fromRados } from "./rados-error.ts";
import { Joint, own, Request } from "./request.ts";
import { ShardQueue } from "./shard-queue.ts";
import { shardOf, shardsOf } from "./shards.ts";

/** The state of an object at one moment. */
export interface View {
  readonly meta: Meta;
  /** The document as it is stored, to compare with. */
  readonly raw: Uint8Array;
}

/** An answer of a shard, and the generation that it is of. */
export interface ShardAnswer<T> {
  readonly answer: T;
  readonly view: View;
}

/** Requests and calls that were made between two calls of `drained`. */
export interface Span {
  requests: number;
  over: Pending<void> | undefined;
}

const SETTLED = new Pending<void>();
SETTLED.resolve();

/** See above. */
export class ObjectCore {
  readonly container: ContainerCore;
  readonly oid: string;
  readonly lister = new Lister(this);
  /** What it is when it is an array. */
  readonly array = new ArrayCore(this);
  readonly #locks = new KeyLocks<Request>();
  #queues: ShardQueue[] = [];
  #view: View | undefined;
  #fetching: Pending<View> | undefined;
  /** While a `clear` is under way: what came after it. */
  #held: (() => void)[] | undefined;
  /** Requests under way, in the spans of time between calls of `drained`. */
  #spans: Span[] = [{ requests: 0, over: undefined }];

  constructor(container: ContainerCore, oid: string) {
    this.container = container;
    this.oid = oid;
  }

  /** Makes the objects of a new dictionary or array, which has no name yet. */
  static *create(container: ContainerCore, spec: ObjectSpec): Steps<ObjectRef> {
    const context = "failed to create an object";
    const { ioctx } = container;
    const oid = newId();
    const generation = newId();
    const shards = shardsOf(spec.oclass, context);
    function* removeObjects(): Steps<void> {
      yield* wait(removeObject(ioctx, metaName(oid)));
      yield* removeShards(container, oid, generation, shards);
    }
    try {
      yield* makeShards(container, oid, generation, shards);
      const meta: Meta = {
        version: FORMAT_VERSION,
        kind: spec.kind,
        oclass: spec.oclass,
        shards,
        generation,
        state: "live",
        created: Date.now(),
      };
      const op = new WriteOperation().create(true).setOmap([META_KEY], [documentBytes(meta)]);
      const result = yield* wait(op.start(ioctx, metaName(oid)));
      if (result < 0) throw fromRados(result, context, metaName(oid));
    } catch (e) {
      // Nobody waits for it: a cluster that is silent now would be so for one more timeout.
      container.inBackground(removeObjects());
      throw e;
    }
    return { kind: spec.kind, oid };
  }

  /** Whether no call on a key is under way. */
  get isIdle(): boolean {
    return this.#spans.length === 1 && this.#spans[0]!.requests === 0;
  }

  /** Asks for an operation on one key; what it ends with depends on its kind. */
  submit(request: Request): void {
    if (this.#held !== undefined) {
      this.#held.push(() => this.submit(request));
      return;
    }
    if (request.join(this.#locks.lastWaiting(request.key))) return;
    request.span = this.enter();
    request.next = this;
    this.#locks.enter(request);
  }

  /** Stores records, and removes those without a value; one whose key is in use by other calls waits for its turn. */
  putMany(ops: readonly Op[]): Pending<void> {
    const all = new Joint();
    if (this.#held !== undefined) {
      // As a whole: a key taken now would be taken before those who have asked for it earlier, and wait, too.
      const kept = ops.map(([key, value]) => [new Uint8Array(key), own(value) ?? null] as const);
      this.#held.push(() => {
        const written = this.putMany(kept);
        written.whenSettled(() => all.end(written));
      });
      return all.ended;
    }
    const parts = new Joint();
    const bulks = this.#queues.length > 0 ? this.#bulksFor(parts) : undefined;
    const values = new Map<string, Uint8Array | undefined>();
    const others: (readonly [key: string, value: Uint8Array | null])[] = [];
    const keysOfOthers = new Set<string>();
    const span = this.enter();
    const many = this.#locks.enterMany(values, true);
    for (const [bytes, value] of ops) {
      const key = keyOf(bytes);
      const isLarge = value !== null && value.length > INLINE_MAX_BYTES;
      if (isLarge || this.#locks.isInUse(key) || (others.length > 0 && keysOfOthers.has(key))) {
        others.push([key, value]);
        keysOfOthers.add(key);
      } else if (bulks === undefined) values.set(key, own(value));
      else {
        values.set(key, undefined);
        bulks.add(key, value);
      }
    }
    parts.ended.whenSettled(() => {
      this.#locks.leaveMany(many);
      this.leave(span);
      all.end(parts.ended);
    });
    if (bulks === undefined) drive(this.#putManyLater(values, parts));
    else bulks.close();
    for (const [key, value] of others) {
      all.add();
      this.submit(new Request("put", key, all, own(value)));
    }
    return all.ended;
  }

  /** When it is known how many shards there are. */
  *#putManyLater(values: ReadonlyMap<string, Uint8Array | undefined>, parts: Joint): Steps<void> {
    try {
      yield* this.#openQueues();
    } catch (e) {
      parts.reject(e);
      return;
    }
    const bulks = this.#bulksFor(parts);
    for (const [key, value] of values) bulks.add(key, value);
    bulks.close();
  }

  #bulksFor(parts: Joint): Bulks {
    return new Bulks(this.#queues.length, parts, (shard, bulk) => this.#queues[shard]!.writeMany(bulk));
  }

  /** Reads many keys; one of them that is in use by other calls waits for its turn. */
  *getMany(keys: readonly string[]): Steps<(Uint8Array | undefined)[]> {
    while (this.#held !== undefined) yield* wait(this.#turn());
    const values = new Map<string, Uint8Array | undefined>();
    const waited = new Map<string, Pending<unknown>>();
    // Where the shards are known, what is enough for an operation is on its way while the next keys are looked at.
    let reads = this.#view === undefined ? undefined : new Reads(this.#view.meta.shards, this.#readSome(values));
    for (const key of keys) {
      if (values.has(key)) continue;
      if (this.#locks.isContended(key)) waited.set(key, waited.get(key) ?? new Pending<unknown>());
      else {
        values.set(key, undefined);
        reads?.add(key);
      }
    }
    const span = this.enter();
    const many = this.#locks.enterMany(values, false);
    for (const [key, pending] of waited) this.submit(new Request("get", key, pending));
    try {
      if (reads === undefined) {
        reads = new Reads((yield* this.view()).meta.shards, this.#readSome(values));
        for (const key of values.keys()) reads.add(key);
      }
      yield* reads.ended();
    } finally {
      this.#locks.leaveMany(many);
      this.leave(span);
    }
    for (const [key, pending] of waited) values.set(key, (yield* wait(pending)) as Uint8Array | undefined);
    if (values.size === keys.length) return keys.map((key) => values.get(key));
    // Memory that is handed out is the caller's: who asks twice gets two.
    const given = new Set<string>();
    return keys.map((key) => {
      const value = values.get(key);
      if (value === undefined || !given.has(key)) {
        given.add(key);
        return value;
      }
      return new Uint8Array(value);
    });
  }

  #readSome(values: Map<string, Uint8Array | undefined>): (shard: number, keys: readonly string[]) => Steps<void> {
    const object = this;
    return function* (shard, keys): Steps<void> {
      const { answer } = yield* object.read(shard, (op) => op.byKeys(keys));
      const large: Pending<void>[] = [];
      for (const [key, stored] of answer.entries)
        if (isBlob(stored)) large.push(drive(object.#readLarge(key, stored, values)));
        else values.set(key, stored);
      yield* waitAll(large);
    };
  }

  *#readLarge(key: string, stored: Stored, values: Map<string, Uint8Array | undefined>): Steps<void> {
    values.set(key, yield* this.valueOf(key, stored));
  }

  /** The value that was found under a key, fetched if it has objects of its own; `undefined` when it is gone by now. */
  *valueOf(key: string, found: Stored): Steps<Uint8Array | undefined> {
    const { ioctx } = this.container;
    for (let stored: Stored | undefined = found; stored !== undefined; ) {
      if (!isBlob(stored)) return stored;
      const value: Uint8Array | undefined = yield* readBlob(ioctx, this.oid, stored);
      if (value !== undefined) return value;
      // Replaced in the meantime, mostly. A key that still refers to it has lost it: values go after their keys.
      const lost: string = stored.id;
      const { shards } = (yield* this.view()).meta;
      const again: ShardAnswer<{ entries: readonly OmapEntry[] }> = yield* this.read(shardOf(key, shards), (op) =>
        op.byKeys([key]),
      );
      stored = again.answer.entries[0]?.[1];
      if (stored !== undefined && isBlob(stored) && stored.id === lost) throw damagedValue();
    }
    return undefined;
  }

  /** Something begins that `drained` waits for. */
  enter(): Span {
    const span = this.#spans.at(-1)!;
    span.requests++;
    return span;
  }

  /** It has ended. */
  leave(span: Span): void {
    span.requests--;
    while (this.#spans.length > 1 && this.#spans[0]!.requests === 0) this.#spans.shift()!.over?.resolve();
  }

  /** Ends when the requests made so far have ended; not those that follow. */
  drained(): Pending<void> {
    const span = this.#spans.at(-1)!;
    if (span.requests > 0) this.#spans.push({ requests: 0, over: undefined });
    else if (this.#spans.length === 1) return SETTLED;
    const last = this.#spans.at(-2)!;
    last.over ??= new Pending();
    return last.over;
  }

  /** Waits for what was asked for before: a `clear`, requests. */
  *afterEarlierCalls(): Steps<void> {
    while (this.#held !== undefined) yield* wait(this.#turn());
    yield* wait(this.drained());
  }

  /** The generation to work on, from memory when it is known. */
  *view(): Steps<View> {
    if (this.#view !== undefined) return this.#view;
    if (this.#fetching === undefined) {
      const fetching = drive(this.#fetch());
      this.#fetching = fetching;
      fetching.whenSettled(() => {
        this.#fetching = undefined;
      });
    }
    return yield* wait(this.#fetching ?? drive(this.#fetch()));
  }

  /** DER_NONEXIST when the object is destroyed now: it looks, and does not join those who have begun to look before. */
  *assertLive(): Steps<void> {
    const now = yield* this.#load();
    if (this.#view !== undefined && now !== undefined && Buffer.compare(now.raw, this.#view.raw) === 0) return;
    this.#view = undefined;
    if (now?.meta.state !== "live") yield* this.#fetch();
  }

  /** A shard of `seen` was sealed or gone: finds out why, so that the next `view` is another one. */
  *refresh(seen: View): Steps<void> {
    if (this.#view === seen) this.#view = undefined;
    const now = yield* this.view();
    if (now !== seen && now.meta.state === "live" && now.meta.generation === seen.meta.generation) {
      this.#view = undefined;
      throw new DaosError("DER_IO", `object ${this.oid} is damaged`, {
        detail: "a shard is missing or closed; `daos cont check` tells more",
      });
    }
  }

  /** Reads a shard; `ask` adds what is wanted to the operation, and may be called again. */
  *read<T>(shard: number, ask: (op: ReadOperation) => T): Steps<ShardAnswer<T>> {
    for (;;) {
      const view = yield* this.view();
      const op = new ReadOperation();
      // Read-only clients cannot complete a `clear`; until it takes effect, what is sealed is what there is.
      const frozen = view.meta.state !== "live";
      if (!frozen) op.compareXattr(STATE, "gt", SHARD_STATE.sealed);
      const answer = ask(op);
      const name = this.shardName(view, shard);
      const result = yield* wait(op.start(this.container.ioctx, name));
      if (result >= 0 && (!frozen || (yield* this.#stillFrozen(view)))) return { answer, view };
      if (result >= 0) continue;
      if (result !== ERRNO.noEntry && result !== ERRNO.cancelled) throw fromRados(result, "failed to read", name);
      yield* this.refresh(view);
    }
  }

  /**
   * The same without steps, for the one case that matters for speed: the object is known and its shard is as it was. `undefined`,
   * now or then, is for {@link read} to find out why.
   */
  tryRead<T>(shard: number, ask: (op: ReadOperation) => T): Pending<T | undefined> | undefined {
    const view = this.#view;
    if (view === undefined) return undefined;
    const op = new ReadOperation().compareXattr(STATE, "gt", SHARD_STATE.sealed);
    const answer = ask(op);
    const name = this.shardName(view, shard);
    return op.start(this.container.ioctx, name).map((result) => {
      if (result >= 0) return answer;
      if (result === ERRNO.noEntry || result === ERRNO.cancelled) return undefined;
      throw fromRados(result, "failed to read", name);
    });
  }

  /** The name of a shard in that view. */
  shardName(view: View, shard: number): string {
    return shardName(this.oid, view.meta.generation, shard);
  }

  /** Removes every record, in one step for everyone. Calls that come later wait for it. */
  *clear(): Steps<void> {
    while (this.#held !== undefined) yield* wait(this.#turn());
    this.#held = [];
    try {
      yield* wait(this.drained());
      yield* this.#clear();
    } finally {
      const held = this.#held;
      this.#held = undefined;
      for (const next of held) next();
    }
  }

  /**
   * Destroys the object; `name` is removed in the same step.
   *
   * @returns `false` when someone else did.
   */
  *destroy(name: string | undefined): Steps<boolean> {
    yield* this.afterEarlierCalls();
    for (;;) {
      const view = yield* this.#load();
      if (view === undefined) return false;
      if (view.meta.state === "clearing") {
        yield* this.#finishClear(view);
      } else if (view.meta.state === "destroying") {
        yield* this.#finishDestroy(view);
        return false;
      } else {
        const announced = yield* this.#replace(view, { ...view.meta, state: "destroying", name });
        if (announced !== undefined) {
          yield* this.#finishDestroy(announced);
          return true;
        }
      }
    }
  }

  #turn(): Pending<void> {
    const turn = new Pending<void>();
    this.#held!.push(() => turn.resolve());
    return turn;
  }

  /** A request's turn on its key has come. */
  begin(request: Request): void {
    const shards = this.#queues.length;
    if (shards > 0 && !request.isLarge) this.#queues[shardOf(request.key, shards)]!.add(request);
    else drive(this.#prepare(request));
  }

  /** What a request needs before it can queue up: the number of shards; its large value written. */
  *#prepare(request: Request): Steps<void> {
    try {
      yield* this.#openQueues();
      if (request.isLarge) yield* request.writeLarge(this.container, this.oid);
      this.#queues[shardOf(request.key, this.#queues.length)]!.add(request);
    } catch (e) {
      request.fail(e);
      this.#end(request);
    }
  }

  *#openQueues(): Steps<void> {
    const { shards } = (yield* this.view()).meta;
    if (this.#queues.length === 0)
      this.#queues = Array.from({ length: shards }, (_, i) => new ShardQueue(this, i, (done) => this.#end(done)));
  }

  #end(request: Request): void {
    // A part of a call on many keys: the turns end with that call.
    if (request.span === undefined) return;
    this.#locks.leave(request);
    this.leave(request.span);
  }

  /** The object's document, with what was announced in it completed. */
  *#fetch(): Steps<View> {
    for (;;) {
      const view = yield* this.#load();
      if (view === undefined || (view.meta.state === "destroying" && this.container.mode === "RO")) throw destroyed();
      if (view.meta.state === "live" || this.container.mode === "RO") {
        if (view.meta.state === "live") this.#view = view;
        return view;
      }
      if (view.meta.state === "clearing") yield* this.#finishClear(view);
      else yield* this.#finishDestroy(view);
    }
  }

  *#load(): Steps<View | undefined> {
    const op = new ReadOperation();
    const found = op.bytesByKeys([META_KEY]);
    const result = yield* wait(op.start(this.container.ioctx, metaName(this.oid)));
    if (result === ERRNO.noEntry) return undefined;
    if (result < 0) throw fromRados(result, "failed to read an object", metaName(this.oid));
    const raw = found.entries[0]?.[1];
    if (raw === undefined)
      throw new DaosError("DER_IO", `object ${this.oid} is damaged`, { detail: "it has no document" });
    return { meta: parseDocument<Meta>(raw, `object ${this.oid}`), raw };
  }

  *#stillFrozen(view: View): Steps<boolean> {
    const now = yield* this.#load();
    return now !== undefined && Buffer.compare(now.raw, view.raw) === 0;
  }

  /** Replaces the document if it is still that of `view`. */
  *#replace(view: View, meta: Meta): Steps<View | undefined> {
    const raw = documentBytes(meta);
    const op = new WriteOperation().assertExists().compareOmap(META_KEY, "eq", view.raw).setOmap([META_KEY], [raw]);
    const result = yield* wait(op.start(this.container.ioctx, metaName(this.oid)));
    if (result === ERRNO.cancelled || result === ERRNO.noEntry) return undefined;
    if (result < 0) throw fromRados(result, "failed to change an object", metaName(this.oid));
    return { meta, raw };
  }

  *#clear(): Steps<void> {
    for (;;) {
      const view = yield* this.#load();
      if (view === undefined) throw destroyed();
      const { meta } = view;
      if (meta.state === "destroying") {
        yield* this.#finishDestroy(view);
        throw destroyed();
      }
      if (meta.state === "clearing") {
        // Someone else's, begun before this call and not yet in effect: when it is, this one is, too.
        yield* this.#finishClear(view);
        return;
      }
      // The new shards are made before anyone can know of them, and only by this process: none can come back later.
      const next = newId();
      try {
        yield* makeShards(this.container, this.oid, next, meta.shards);
      } catch (e) {
        this.container.inBackground(removeShards(this.container, this.oid, next, meta.shards));
        throw e;
      }
      const announced = yield* this.#replace(view, { ...meta, state: "clearing", next });
      if (announced !== undefined) {
        yield* this.#finishClear(announced);
        return;
      }
      yield* removeShards(this.container, this.oid, next, meta.shards);
    }
  }

  *#finishClear(view: View): Steps<void> {
    const { meta } = view;
    yield* this.#seal(view);
    const done = yield* this.#replace(view, { ...meta, state: "live", generation: meta.next!, next: undefined });
    this.#view = undefined;
    if (done !== undefined) this.container.inBackground(purge(this.container, this.oid, meta));
  }

  *#finishDestroy(view: View): Steps<void> {
    const { meta } = view;
    const { ioctx } = this.container;
    yield* this.#seal(view);
    if (meta.name !== undefined) yield* removeEntry(ioctx, meta.name, { kind: meta.kind, oid: this.oid });
    const op = new WriteOperation().compareOmap(META_KEY, "eq", view.raw).remove();
    const result = yield* wait(op.start(ioctx, metaName(this.oid)));
    this.#view = undefined;
    if (result === ERRNO.noEntry || result === ERRNO.cancelled) return;
    if (result < 0) throw fromRados(result, "failed to destroy an object", metaName(this.oid));
    this.container.inBackground(purge(this.container, this.oid, meta));
  }

  /** Closes every shard for good. */
  *#seal({ meta }: View): Steps<void> {
    const { ioctx } = this.container;
    function* sealShard(name: string): Steps<void> {
      for (const [from, to] of [
        [SHARD_STATE.plain, SHARD_STATE.sealed],
        [SHARD_STATE.blobs, SHARD_STATE.sealedWithBlobs],
      ] as const) {
        const op = new WriteOperation().assertExists().compareXattr(STATE, "eq", from).setXattr(STATE, to);
        const result = yield* wait(op.start(ioctx, name));
        if (result >= 0 || result === ERRNO.noEntry) return;
        if (result !== ERRNO.cancelled) throw fromRados(result, "failed to close a shard", name);
      }
    }
    const shards = Array.from({ length: meta.shards }, (_, i) => shardName(this.oid, meta.generation, i));
    yield* waitAll(shards.map((name) => drive(sealShard(name))));
  }
}

/** An id that was never used and never will be. */
function newId(): string {
  return randomBytes(12).toString("hex");
}

/** What is said of an object that is no more. */
export function destroyed(): DaosError {
  return new DaosError("DER_NONEXIST", "the object was destroyed");
}

function* makeShards(container: ContainerCore, oid: string, generation: string, shards: number): Steps<void> {
  const made = Array.from({ length: shards }, (_, i) => {
    const op = new WriteOperation().create(true).setXattr(STATE, SHARD_STATE.plain);
    return op.start(container.ioctx, shardName(oid, generation, i));
  });
  const failed = (yield* waitAll(made)).find((result) => result < 0);
  if (failed !== undefined) throw fromRados(failed, "failed to create an object", shardName(oid, generation, 0));
}

function* removeShards(container: ContainerCore, oid: string, generation: string, shards: number): Steps<void> {
  yield* waitAll(
    Array.from({ length: shards }, (_, i) => removeObject(container.ioctx, shardName(oid, generation, i))),
  );
}

/** Removes the sealed shards of a generation, and the large values or chunks that they refer to. */
export function* purge(container: ContainerCore, oid: string, { kind, generation, shards }: Meta): Steps<void> {
  const purgeOne = kind === "array" ? purgeChunks : purgeShard;
  for (let shard = 0; shard < shards; shard++)
    // A cluster that does not answer is not asked again for every shard: `checkContainer` finds what is left.
    if ((yield* purgeOne(container, oid, shardName(oid, generation, shard))) === ERRNO.timedOut) return;
}

/** Removes a shard, and the large values that it refers to. Ends with 0 or a negative errno. */
export function* purgeShard({ ioctx }: ContainerCore, oid: string, name: string): Steps<number> {
  const look = new ReadOperation();
  const xattrs = look.xattrs();
  const result = yield* wait(look.start(ioctx, name));
  if (result < 0) return result;
  if (xattrs.entries.some(([xattr, value]) => xattr === STATE && value !== SHARD_STATE.sealed)) {
    for (let after = "", more = true; more; ) {
      const op = new ReadOperation();
      const page = op.records(after, OMAP_PAGE);
      const read = yield* wait(op.start(ioctx, name));
      if (read < 0) return read;
      for (const [, stored] of page.entries) if (isBlob(stored)) yield* removeBlob(ioctx, oid, stored);
      more = page.more && page.entries.length > 0;
      after = page.entries.at(-1)?.[0] ?? after;
    }
  }
  return yield* wait(removeObject(ioctx, name));
}
