/**
 * The requests on one shard that have their turn. They travel together: while one operation is under way, what comes
 * gathers for the next (group commit).
 */
import type { Steps } from "../../engine/steps.ts";
import { DaosError } from "../../errors.ts";
import { completions } from "../../ffi/completions.ts";
import { drive, Pending, wait } from "../../ffi/pending.ts";
import { damagedValue, readBlob, removeBlob } from "./blobs.ts";
import type { Bulk } from "./bulk.ts";
import { BLOB_FLOOR, type BlobRef, isBlob, SHARD_STATE, STATE, type Stored, storedBytes } from "./format.ts";
import { gathered, readAsked, readsBack, readsLeave, type Sender } from "./gathering.ts";
import type { ObjectCore, View } from "./object-core.ts";
import { type OmapEntry, WriteOperation } from "./operations.ts";
import { ERRNO, fromRados } from "./rados-error.ts";
import { Joint, type Request } from "./request.ts";

/** The most that one operation carries. */
const GROUP_REQUESTS = 1000;
const GROUP_BYTES = 4 * 1024 * 1024;
/** A group from this size on does not hold up the next one: two may be under way. */
const HEAVY_REQUESTS = 100;
const HEAVY_BYTES = 256 * 1024;
/** Bulks that are under way to a shard: while one is written, the next one travels. */
const BULKS_UNDER_WAY = 2;
/** How often a group is tried against other clients before its requests are tried one by one. */
const GROUP_TRIES = 3;

const NOTHING = new Uint8Array(0);

/** One way to the shard: reads, or writes. */
interface Lane {
  waiting: Request[];
  underWay: number;
}

/** See above. */
export class ShardQueue implements Sender {
  readonly #object: ObjectCore;
  readonly #shard: number;
  readonly #ended: (request: Request) => void;
  readonly #reads: Lane = { waiting: [], underWay: 0 };
  readonly #writes: Lane = { waiting: [], underWay: 0 };
  readonly #bulks: { readonly waiting: Bulk[]; underWay: number } = { waiting: [], underWay: 0 };
  /** Whether the shard had large values when it was looked at last. */
  #hasBlobs = false;

  /** @param ended - told of each request that has ended. */
  constructor(object: ObjectCore, shard: number, ended: (request: Request) => void) {
    this.#object = object;
    this.#shard = shard;
    this.#ended = ended;
  }

  add(request: Request): void {
    if (request.isWrite) this.#writes.waiting.push(request);
    else {
      this.#reads.waiting.push(request);
      readAsked();
    }
    gathered(this);
  }

  send(holdReads: boolean): boolean {
    this.#sendLane(this.#writes, (group) => drive(this.#write(group)));
    if (holdReads) return this.#reads.waiting.length > 0 && isFree(this.#reads);
    this.#sendLane(this.#reads, (group) => {
      const left = readsLeave();
      const pending = this.#read(group);
      pending.whenSettled(() => readsBack(group.length, left));
      return pending;
    });
    return false;
  }

  /** Writes many records, whose memory is the caller's until this returns. */
  writeMany(bulk: Bulk): void {
    bulk.pack();
    this.#bulks.waiting.push(bulk);
    this.#sendBulks();
    // The call that writes many takes a while: what has landed meanwhile makes room for this one.
    if (this.#bulks.waiting.length > 0) completions().poll();
  }

  #sendBulks(): void {
    while (this.#bulks.waiting.length > 0 && this.#bulks.underWay < BULKS_UNDER_WAY) {
      const bulk = this.#bulks.waiting.shift()!;
      if (bulk.isVain) {
        bulk.drop();
        continue;
      }
      this.#bulks.underWay++;
      const written = drive(this.#writeBulk(bulk));
      written.whenSettled(() => {
        bulk.end(written);
        this.#bulks.underWay--;
        this.#sendBulks();
      });
    }
  }

  #sendLane(lane: Lane, run: (group: Request[]) => Pending<void>): void {
    while (lane.waiting.length > 0 && isFree(lane)) {
      const group = takeGroup(lane);
      const weight = group.length >= HEAVY_REQUESTS || bytesOf(group) >= HEAVY_BYTES ? 1 : 2;
      lane.underWay += weight;
      run(group).whenSettled(() => {
        lane.underWay -= weight;
        if (lane.waiting.length > 0) gathered(this);
      });
    }
  }

  /** Reads a group; mostly the shard is as it was, and one answer is all that there is to wait for. */
  #read(group: readonly Request[]): Pending<void> {
    const object = this.#object;
    const keys = group.map((request) => request.key);
    const ended = new Pending<void>();
    const quick = object.tryRead(this.#shard, (op) => op.byKeys(keys));
    if (quick === undefined) return drive(this.#readPatiently(group, keys));
    quick.whenSettled(() => {
      let answer: { readonly entries: readonly OmapEntry[] } | undefined;
      try {
        answer = quick.result();
      } catch (e) {
        // To try again would take as long once more, when the cluster does not answer.
        for (const request of group) this.#fail(request, e);
        ended.resolve();
        return;
      }
      if (answer === undefined) drive(this.#readPatiently(group, keys)).whenSettled(() => ended.resolve());
      else {
        this.#handOut(group, answer.entries);
        ended.resolve();
      }
    });
    return ended;
  }

  *#readPatiently(group: readonly Request[], keys: readonly string[]): Steps<void> {
    try {
      const { answer } = yield* this.#object.read(this.#shard, (op) => op.byKeys(keys));
      this.#handOut(group, answer.entries);
    } catch (e) {
      for (const request of group) this.#fail(request, e);
    }
  }

  #handOut(group: readonly Request[], entries: readonly OmapEntry[]): void {
    if (group.length === 1) {
      this.#found(group[0]!, entries[0]?.[1]);
      return;
    }
    const values = new Map(entries);
    const given = new Set<string>();
    for (const request of group) {
      const { key } = request;
      const stored = values.get(key);
      // Memory that is handed out is the caller's: a second reader of the key gets his own.
      this.#found(request, stored instanceof Uint8Array && given.has(key) ? new Uint8Array(stored) : stored);
      given.add(key);
    }
  }

  #found(request: Request, stored: Stored | undefined): void {
    if (request.verb === "has") this.#end(request, stored !== undefined);
    else if (stored !== undefined && isBlob(stored)) drive(this.#readLarge(request, stored));
    else this.#end(request, stored);
  }

  *#readLarge(request: Request, blob: BlobRef): Steps<void> {
    try {
      this.#end(request, yield* this.#object.valueOf(request.key, blob));
    } catch (e) {
      this.#fail(request, e);
    }
  }

  *#write(group: readonly Request[]): Steps<void> {
    try {
      if (this.#hasBlobs || group.some((request) => request.needsOld) || !(yield* this.#writeUnseen(group)))
        yield* this.#writeSeen(group);
    } catch (e) {
      for (const request of group) this.#fail(request, e);
    }
  }

  /** As one operation, unless the shard has large values, which some may replace. */
  *#writeBulk(bulk: Bulk): Steps<void> {
    while (!this.#hasBlobs) {
      const view = yield* this.#object.view();
      const op = new WriteOperation().compareXattr(STATE, "eq", SHARD_STATE.plain);
      bulk.addTo(op);
      const result = yield* this.#apply(op, view);
      if (result >= 0) return;
      if (result === ERRNO.cancelled) break;
      yield* this.#object.refresh(view);
    }
    const all = new Joint();
    const requests = bulk.requests(all);
    for (const _ of requests) all.add();
    all.resolve(undefined);
    yield* this.#write(requests);
    yield* wait(all.ended);
  }

  /**
   * In one step, without a look at what is there: possible when no value of the shard has objects of its own and every
   * condition holds. `false` when that is not so; nothing has changed then.
   */
  *#writeUnseen(group: readonly Request[]): Steps<boolean> {
    for (;;) {
      const view = yield* this.#object.view();
      const op = new WriteOperation().compareXattr(STATE, "eq", SHARD_STATE.plain);
      for (const { key, verb, condition } of group) {
        if (condition === "absent") op.compareOmap(key, "eq", NOTHING);
        else if (condition === "present" || verb === "remove") op.compareOmap(key, "gt", NOTHING);
        else if (condition !== undefined) op.compareOmap(key, "eq", storedBytes(condition.was));
      }
      const result = yield* this.#apply(addChanges(op, group), view);
      if (result >= 0) {
        for (const request of group) this.#end(request, true);
        return true;
      }
      if (result === ERRNO.cancelled) return false;
      yield* this.#object.refresh(view);
    }
  }

  /** Looks, decides, and writes on condition that nothing that mattered has changed since; until that is so. */
  *#writeSeen(group: readonly Request[], isAlone = false): Steps<void> {
    let left = group;
    for (let tries = 0; left.length > 0; tries++) {
      if (tries === GROUP_TRIES && left.length > 1) {
        for (const request of left) yield* this.#writeAlone(request);
        return;
      }
      const seen = yield* this.#look(left);
      left = yield* this.#undecided(left, seen.stored, isAlone);
      if (left.length === 0) return;
      const op = new WriteOperation();
      if (seen.state === SHARD_STATE.plain) op.compareXattr(STATE, "eq", SHARD_STATE.plain);
      else op.compareXattr(STATE, "gt", SHARD_STATE.sealed);
      if (left.some(({ stored }) => stored !== undefined && isBlob(stored))) op.setXattr(STATE, SHARD_STATE.blobs);
      for (const request of left) guard(op, request, seen.stored.get(request.key), seen.state === SHARD_STATE.plain);
      const result = yield* this.#apply(addChanges(op, left), seen.view);
      if (result === ERRNO.noEntry) yield* this.#object.refresh(seen.view);
      if (result < 0) continue;
      for (const request of left) this.#written(request, seen.stored.get(request.key));
      return;
    }
  }

  *#writeAlone(request: Request): Steps<void> {
    try {
      yield* this.#writeSeen([request], true);
    } catch (e) {
      this.#fail(request, e);
    }
  }

  /** What lies under the keys of a group, and whether the shard may have large values. */
  *#look(group: readonly Request[]): Steps<{ state: string; stored: Map<string, Stored>; view: View }> {
    const keys = group.map((request) => request.key);
    const { answer, view } = yield* this.#object.read(this.#shard, (op) => ({
      xattrs: op.xattrs(),
      found: op.byKeys(keys),
    }));
    const state = answer.xattrs.entries.find(([name]) => name === STATE)?.[1];
    if (state === undefined) throw new DaosError("DER_IO", "a shard is damaged", { detail: `it has no ${STATE}` });
    this.#hasBlobs = state !== SHARD_STATE.plain;
    return { state, stored: new Map(answer.found.entries), view };
  }

  /**
   * Ends the requests that have nothing to write, as things are; gives the others. Those that have to read a large value first
   * go their own way: nobody waits for them who only happens to be in the same shard.
   */
  *#undecided(
    group: readonly Request[],
    stored: ReadonlyMap<string, Stored>,
    isAlone: boolean,
  ): Steps<readonly Request[]> {
    const left: Request[] = [];
    for (const request of group) {
      const old = stored.get(request.key);
      const { condition, verb } = request;
      if (!isAlone && old !== undefined && isBlob(old) && (verb === "take" || typeof condition === "object")) {
        drive(this.#writeAlone(request));
        continue;
      }
      if (old === undefined && (verb === "take" || verb === "remove")) {
        this.#end(request, verb === "take" ? undefined : false);
      } else if (
        (condition === "absent" && old !== undefined) ||
        (condition === "present" && old === undefined) ||
        (typeof condition === "object" && !(yield* this.#equals(old, condition.was)))
      ) {
        this.#endAfter(this.#discardLarge(request), request, false);
      } else {
        // Read while it is surely there: should that fail, nothing has been taken.
        if (verb === "take") request.taken = isBlob(old!) ? yield* this.#readBlob(old) : old;
        left.push(request);
      }
    }
    return left;
  }

  *#equals(stored: Stored | undefined, value: Uint8Array): Steps<boolean> {
    if (stored === undefined) return false;
    if (!isBlob(stored)) return Buffer.compare(stored, value) === 0;
    if (stored.bytes !== value.length) return false;
    // Gone means replaced in the meantime: so it was not equal when it was replaced, or the guard will tell.
    const bytes = yield* this.#readBlob(stored);
    return bytes !== undefined && Buffer.compare(bytes, value) === 0;
  }

  /** Ends a request that has landed, and removes the large value that it replaced. */
  #written(request: Request, old: Stored | undefined): void {
    const { container, oid } = this.#object;
    const isLost = request.verb === "take" && request.taken === undefined;
    const result = request.verb === "take" ? request.taken : true;
    if (old === undefined || !isBlob(old)) this.#end(request, result);
    else if (isLost) {
      container.inBackground(removeBlob(container.ioctx, oid, old));
      this.#fail(request, damagedValue());
    } else this.#endAfter(removeBlob(container.ioctx, oid, old), request, result);
  }

  /** Ends a request when a large value is removed that nobody has any more: what has ended has left nothing behind. */
  #endAfter(removal: Steps<void>, request: Request, result: unknown): void {
    drive(removal).whenSettled(() => this.#end(request, result));
  }

  #readBlob(blob: BlobRef): Steps<Uint8Array | undefined> {
    return readBlob(this.#object.container.ioctx, this.#object.oid, blob);
  }

  /** Sends it; ends with 0 or a negative errno that the caller has to deal with. */
  *#apply(op: WriteOperation, view: View): Steps<number> {
    const name = this.#object.shardName(view, this.#shard);
    const result = yield* wait(op.start(this.#object.container.ioctx, name));
    if (result >= 0 || result === ERRNO.cancelled || result === ERRNO.noEntry) return result;
    throw fromRados(result, "failed to write", name);
  }

  /** A large value whose key will not refer to it. */
  *#discardLarge({ stored }: Request): Steps<void> {
    if (stored !== undefined && isBlob(stored))
      yield* removeBlob(this.#object.container.ioctx, this.#object.oid, stored);
  }

  #end(request: Request, result: unknown): void {
    request.end(result);
    this.#ended(request);
  }

  #fail(request: Request, error: unknown): void {
    // Of a group, some may have ended well before the others failed.
    if (request.hasEnded) return;
    // After a timeout the write may yet land: then its value has to be there.
    if (!DaosError.is(error, "DER_TIMEDOUT")) this.#object.container.inBackground(this.#discardLarge(request));
    request.fail(error);
    this.#ended(request);
  }
}

/** What must not have changed since the look for the request to be carried out. */
function guard(op: WriteOperation, request: Request, old: Stored | undefined, plain: boolean): void {
  const { key, verb, condition } = request;
  if (condition === "absent") op.compareOmap(key, "eq", NOTHING);
  else if (verb === "take" || typeof condition === "object" || (old !== undefined && isBlob(old)))
    op.compareOmap(key, "eq", storedBytes(old!));
  else {
    if (condition === "present" || verb === "remove") op.compareOmap(key, "gt", NOTHING);
    // Nobody has put a large value there, which would be left behind.
    if (!plain) op.compareOmap(key, "lt", BLOB_FLOOR);
  }
}

/** Adds the changes of a group to the guards. */
function addChanges(op: WriteOperation, group: readonly Request[]): WriteOperation {
  const records: (readonly [string, Stored])[] = [];
  const removed: string[] = [];
  for (const { key, stored } of group)
    if (stored === undefined) removed.push(key);
    else records.push([key, stored]);
  op.setRecords(records);
  return removed.length === 0 ? op : op.removeOmap(removed);
}

function isFree(lane: Lane): boolean {
  return lane.underWay < 2;
}

function takeGroup(lane: Lane): Request[] {
  let n = 0;
  for (let bytes = 0; n < lane.waiting.length && n < GROUP_REQUESTS && bytes < GROUP_BYTES; n++)
    bytes += lane.waiting[n]!.bytes;
  const group = lane.waiting.slice(0, n);
  lane.waiting = lane.waiting.slice(n);
  return group;
}

function bytesOf(group: readonly Request[]): number {
  return group.reduce((sum, { bytes }) => sum + bytes, 0);
}
