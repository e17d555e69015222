/**
 * Keys in order over all shards of a dictionary. Each shard is in order by itself; a page is what lies before the first
 * key that some shard has not told yet.
 */
import type { ListQuery, Page } from "../../engine/contract.ts";
import type { Steps } from "../../engine/steps.ts";
import { completions } from "../../ffi/completions.ts";
import { drive, type Pending, waitAll } from "../../ffi/pending.ts";
import { isBlob, keyBytes, keyOf, keyText, type Stored } from "./format.ts";
import type { ObjectCore, ShardAnswer } from "./object-core.ts";
import { type Found, OMAP_PAGE, type OmapEntry, type ReadOperation } from "./operations.ts";
import { shardOf } from "./shards.ts";

/** Once a page holds this many bytes of values, it ends. */
const PAGE_MAX_BYTES = 4 * 1024 * 1024;
/** What a record is taken to have before the first ones were seen: not too many of the largest are asked for at once. */
const RECORD_BYTES = 4096;
/** Records that a shard is asked for beyond its share of the page: keys are spread by chance. */
const SPARE = 1.15;
const SPARE_LEAST = 4;
/** A reverse listing remembers one key in so many, to find its way back. */
const MARK_EVERY = OMAP_PAGE;

const NOTHING = new Uint8Array(0);

/** A page of records, with keys as the engine holds them. */
interface Listing {
  readonly records: readonly (readonly [key: string, value: Uint8Array])[];
  readonly next: string | undefined;
}

/** A page of keys alone. */
interface KeyListing {
  readonly keys: readonly string[];
  readonly next: string | undefined;
}

/** What one shard tells: its records, or its keys, up to some key. */
interface Part<E> {
  readonly entries: readonly E[];
  /** Whether there is more of it, further on. */
  readonly more: boolean;
  readonly generation: string;
}

/** What a page is made of. */
interface Kind<E> {
  /** Those of a shard behind a key. */
  readonly ask: (op: ReadOperation, behind: string, limit: number) => Found<E>;
  readonly ofRecord: (record: OmapEntry) => E;
  readonly keyOf: (entry: E) => string;
  readonly sort: (entries: E[]) => void;
}

const RECORDS: Kind<OmapEntry> = {
  ask: (op, behind, limit) => op.records(behind, limit),
  ofRecord: (record) => record,
  keyOf: ([key]) => key,
  sort: (records) => records.sort(byKey),
};

const KEYS: Kind<string> = {
  ask: (op, behind, limit) => op.keys(behind, limit),
  ofRecord: ([key]) => key,
  keyOf: (key) => key,
  sort: (keys) => keys.sort(),
};

/** The dictionary was cleared in the middle of a call, which then begins again. */
class Changed extends Error {}

/** Lists and counts the records of one dictionary. */
export class Lister {
  readonly #object: ObjectCore;
  // By shard: keys in order, at distances of about `MARK_EVERY`. Hints only: the records may have changed since.
  #marks: string[][] = [];
  #marksOf = "";
  /** Bytes of a record beside its key, as of the last page. */
  #recordBytes = RECORD_BYTES;

  constructor(object: ObjectCore) {
    this.#object = object;
  }

  /** A page of records. */
  *list(q: ListQuery): Steps<Page> {
    return yield* this.#listAs(q, keyBytes);
  }

  /** The same with the keys as text. */
  *listText(q: ListQuery): Steps<Page<string>> {
    return yield* this.#listAs(q, keyText);
  }

  *#listAs<K extends Uint8Array | string>(q: ListQuery, keyAs: (key: string) => K): Steps<Page<K>> {
    yield* this.#object.afterEarlierCalls();
    const { reverse } = q;
    if (q.keysOnly === true) {
      const { keys, next } = yield* again(() => (reverse === true ? this.#keysBackward(q) : this.#keysForward(q)));
      return { entries: keys.map((key) => [keyAs(key), NOTHING] as const), next: nextOf(next) };
    }
    const { records, next } = yield* again(() => (reverse === true ? this.#backward(q) : this.#forward(q)));
    return { entries: records.map(([key, value]) => [keyAs(key), value] as const), next: nextOf(next) };
  }

  /** How many keys there are: all shards are walked through. */
  *count(): Steps<number> {
    yield* this.#object.afterEarlierCalls();
    const object = this.#object;
    function* countShard(shard: number): Steps<{ readonly keys: number; readonly generation: string }> {
      let keys = 0;
      for (let after = "", generation: string | undefined; ; ) {
        const { answer, view }: ShardAnswer<{ entries: readonly string[]; skipped: number; more: boolean }> =
          yield* object.read(shard, (op) => op.lastKey(after, OMAP_PAGE));
        if (generation !== undefined && generation !== view.meta.generation) throw new Changed();
        generation = view.meta.generation;
        keys += answer.skipped;
        if (!answer.more || answer.skipped === 0) return { keys, generation };
        after = answer.entries[0]!;
      }
    }
    return yield* again(function* (): Steps<number> {
      const { shards } = (yield* object.view()).meta;
      const parts = yield* waitAll(Array.from({ length: shards }, (_, i) => drive(countShard(i))));
      sameGeneration(parts);
      return parts.reduce((sum, part) => sum + part.keys, 0);
    });
  }

  *#forward(q: ListQuery): Steps<Listing> {
    const { shards } = (yield* this.#object.view()).meta;
    const { entries, ended } = yield* this.#gather(q, RECORDS, this.#shareOfRecords(q.limit, shards));
    this.#learn(entries);
    return yield* this.#page(entries, ended);
  }

  *#keysForward(q: ListQuery): Steps<KeyListing> {
    const { shards } = (yield* this.#object.view()).meta;
    const { entries: keys, ended } = yield* this.#gather(q, KEYS, shareOf(q.limit, shards));
    return { keys, next: ended ? undefined : keys.at(-1) };
  }

  /** Entries in order, at most `q.limit`, of which each shard is asked for `share`; `ended`: there are no more. */
  *#gather<E>(
    q: ListQuery,
    { ask, ofRecord, keyOf: keyOfEntry, sort }: Kind<E>,
    share: number,
  ): Steps<{ readonly entries: readonly E[]; readonly ended: boolean }> {
    const { shards } = (yield* this.#object.view()).meta;
    const after = q.after === undefined ? undefined : keyOf(q.after);
    const start = q.start === undefined ? undefined : keyOf(q.start);
    const end = q.end === undefined ? undefined : keyOf(q.end);
    // `start` itself belongs to the page; RADOS lists what is behind a key.
    const first = start !== undefined && (after === undefined || after < start) ? start : undefined;
    const behind = first ?? after ?? "";
    const object = this.#object;
    function* askShard(shard: number): Steps<Part<E>> {
      const { answer, view } = yield* object.read(shard, (op) => ({
        first: first !== undefined && shardOf(first, shards) === shard ? op.byKeys([first]) : undefined,
        rest: ask(op, behind, share),
      }));
      const rest = answer.rest.entries;
      const entries = answer.first === undefined ? rest : [...answer.first.entries.map(ofRecord), ...rest];
      return { entries, more: answer.rest.more && rest.length > 0, generation: view.meta.generation };
    }
    const asked: Pending<Part<E>>[] = [];
    completions().together(() => {
      for (let shard = 0; shard < shards; shard++) asked.push(drive(askShard(shard)));
    });
    const parts = yield* waitAll(asked);
    sameGeneration(parts);
    let frontier: string | undefined;
    for (const { entries, more } of parts) {
      if (!more) continue;
      const last = keyOfEntry(entries.at(-1)!);
      if (frontier === undefined || last < frontier) frontier = last;
    }
    let ended = frontier === undefined || (end !== undefined && frontier >= end);
    const page: E[] = [];
    for (const { entries } of parts)
      for (const entry of entries) {
        const key = keyOfEntry(entry);
        if (frontier !== undefined && key > frontier) break;
        if (end !== undefined && key >= end) {
          ended = true;
          break;
        }
        page.push(entry);
      }
    sort(page);
    if (page.length > q.limit) {
      page.length = q.limit;
      ended = false;
    }
    return { entries: page, ended };
  }

  /** Records to ask a shard for, so that what is fetched has the bytes of a page, not many times as many. */
  #shareOfRecords(limit: number, shards: number): number {
    return shareOf(Math.max(1, Math.min(limit, Math.ceil(PAGE_MAX_BYTES / this.#recordBytes))), shards);
  }

  #learn(records: readonly OmapEntry[]): void {
    if (records.length === 0) return;
    let bytes = 0;
    for (const [, stored] of records) if (!isBlob(stored)) bytes += stored.length;
    this.#recordBytes = Math.max(1, bytes / records.length);
  }

  *#keysBackward(q: ListQuery): Steps<KeyListing> {
    const { shards, generation } = (yield* this.#object.view()).meta;
    const keyLimits = [q.after, q.end].filter((key) => key !== undefined).map((key) => keyOf(key));
    const before = keyLimits.sort()[0];
    const start = q.start === undefined ? "" : keyOf(q.start);
    if (this.#marksOf !== generation) {
      this.#marks = Array.from({ length: shards }, () => []);
      this.#marksOf = generation;
    }
    const share = shareOf(q.limit, shards);
    const parts = yield* waitAll(
      Array.from({ length: shards }, (_, i) => drive(this.#lastKeys(i, before, start, share))),
    );
    sameGeneration(parts);
    let frontier: string | undefined;
    for (const { entries, more } of parts) {
      const lowest = entries[0];
      if (more && (frontier === undefined || lowest! > frontier)) frontier = lowest!;
    }
    const keys = parts
      .flatMap(({ entries }) => entries)
      .filter((key) => frontier === undefined || key >= frontier)
      .sort()
      .reverse();
    const ended = frontier === undefined && keys.length <= q.limit;
    keys.length = Math.min(keys.length, q.limit);
    return { keys, next: ended ? undefined : keys.at(-1) };
  }

  *#backward(q: ListQuery): Steps<Listing> {
    const { keys, next } = yield* this.#keysBackward(q);
    const { shards } = (yield* this.#object.view()).meta;
    const values = new Map<string, Stored>();
    const byShard = Map.groupBy(keys, (key) => shardOf(key, shards));
    const object = this.#object;
    const found = yield* waitAll(
      [...byShard].map(([shard, some]) => drive(object.read(shard, (op) => op.byKeys(some)))),
    );
    for (const { answer } of found) for (const [key, value] of answer.entries) values.set(key, value);
    const known = keys.filter((key) => values.has(key)).map((key) => [key, values.get(key)!] as const);
    const page = yield* this.#page(known, next === undefined);
    // What was removed in the meantime may be the last: the next page begins there all the same.
    return page.next === undefined ? { ...page, next } : page;
  }

  /** The last `limit` keys of a shard from `start` on and before `before`. */
  *#lastKeys(shard: number, before: string | undefined, start: string, limit: number): Steps<Part<string>> {
    const marks = this.#marks[shard]!;
    let at = marks.findLastIndex((mark) => before === undefined || mark < before);
    for (;;) {
      const mark = at < 0 ? "" : marks[at]!;
      const fromStart = mark <= start;
      const scan = yield* this.#scan(shard, fromStart ? start : mark, fromStart, before, limit, at);
      if (fromStart || scan.entries.length === limit)
        return { ...scan, more: scan.more || (!fromStart && scan.entries.length > 0) };
      at = Math.max(-1, at - 1 - Math.floor(limit / MARK_EVERY));
    }
  }

  /** Walks from a key (included with `inclusive`) to the bound, keeping the last `limit` keys and new marks. */
  *#scan(
    shard: number,
    from: string,
    inclusive: boolean,
    before: string | undefined,
    limit: number,
    markIndex: number,
  ): Steps<Part<string>> {
    const marks = this.#marks[shard]!;
    const object = this.#object;
    let kept: string[] = [];
    let more = false;
    let generation: string | undefined;
    let index = markIndex;
    for (let after = from, first = inclusive && from !== ""; ; first = false) {
      const key = after;
      const { answer, view } = yield* object.read(shard, (op) => ({
        first: first ? op.byKeys([key]) : undefined,
        rest: op.keys(key, OMAP_PAGE),
      }));
      if (generation !== undefined && generation !== view.meta.generation) throw new Changed();
      generation = view.meta.generation;
      const keys = [...(answer.first?.entries.map(([k]) => k) ?? []), ...answer.rest.entries];
      const wanted = before === undefined ? keys : keys.filter((k) => k < before);
      kept = [...kept, ...wanted];
      if (kept.length > limit) {
        more = true;
        kept = kept.slice(-limit);
      }
      const last = keys.at(-1);
      if (last === undefined || wanted.length < keys.length || !answer.rest.more)
        return { entries: kept, more, generation };
      // Walking on where nobody has been: a mark.
      if (index === marks.length - 1 && (marks.length === 0 || marks.at(-1)! < last)) marks.push(last);
      index = Math.min(index + 1, marks.length - 1);
      after = last;
    }
  }

  /** The page with these records; it ends early when their values are large. */
  *#page(records: readonly OmapEntry[], ended: boolean): Steps<Listing> {
    const listed: (readonly [string, Uint8Array])[] = [];
    let bytes = 0;
    let last: string | undefined;
    for (const [key, stored] of records) {
      if (bytes > PAGE_MAX_BYTES) return { records: listed, next: last };
      last = key;
      const value = isBlob(stored) ? yield* this.#object.valueOf(key, stored) : stored;
      if (value === undefined) continue;
      bytes += value.length;
      listed.push([key, value]);
    }
    return { records: listed, next: ended ? undefined : last };
  }
}

function nextOf(key: string | undefined): Uint8Array | undefined {
  return key === undefined ? undefined : keyBytes(key);
}

function shareOf(limit: number, shards: number): number {
  return shards === 1
    ? Math.min(limit, OMAP_PAGE)
    : Math.min(limit, OMAP_PAGE, Math.ceil((limit / shards) * SPARE) + SPARE_LEAST);
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sameGeneration(parts: readonly { readonly generation: string }[]): void {
  if (parts.some(({ generation }) => generation !== parts[0]!.generation)) throw new Changed();
}

/** Runs `work` until the dictionary was not cleared in the middle of it. */
function* again<T>(work: () => Steps<T>): Steps<T> {
  for (;;) {
    try {
      return yield* work();
    } catch (e) {
      if (!(e instanceof Changed)) throw e;
    }
  }
}
