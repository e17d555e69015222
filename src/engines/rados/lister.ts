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
import { OMAP_PAGE } from "./operations.ts";
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

type Records = readonly (readonly [key: string, value: Stored | undefined])[];

/** A page, with keys as the engine holds them; without values when none were asked for. */
interface Listing {
  readonly records: readonly (readonly [key: string, value: Uint8Array | undefined])[];
  readonly next: string | undefined;
}

/** What one shard tells: its records up to some key. */
interface Part {
  readonly records: Records;
  /** Whether there is more of it, further on. */
  readonly more: boolean;
  readonly generation: string;
}

/** What one shard tells of its keys alone. */
interface KeysPart {
  readonly keys: readonly string[];
  readonly more: boolean;
  readonly generation: string;
}

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
    if (q.keysOnly === true && q.reverse !== true) {
      const { keys, next } = yield* again(() => this.#forwardKeys(q));
      return { entries: keys.map((key) => [keyAs(key), NOTHING] as const), next: nextOf(next) };
    }
    const { records, next } = yield* again(() => (q.reverse === true ? this.#backward(q) : this.#forward(q)));
    return { entries: records.map(([key, value]) => [keyAs(key), value ?? NOTHING] as const), next: nextOf(next) };
  }

  /** How many keys there are: all shards are walked through. */
  *count(): Steps<number> {
    yield* this.#object.afterEarlierCalls();
    const object = this.#object;
    function* countShard(shard: number): Steps<Part & { readonly keys: number }> {
      let keys = 0;
      for (let after = "", generation: string | undefined; ; ) {
        const { answer, view }: ShardAnswer<{ entries: readonly string[]; skipped: number; more: boolean }> =
          yield* object.read(shard, (op) => op.lastKey(after, OMAP_PAGE));
        if (generation !== undefined && generation !== view.meta.generation) throw new Changed();
        generation = view.meta.generation;
        keys += answer.skipped;
        if (!answer.more || answer.skipped === 0) return { keys, records: [], more: false, generation };
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
    const after = q.after === undefined ? undefined : keyOf(q.after);
    const start = q.start === undefined ? undefined : keyOf(q.start);
    const end = q.end === undefined ? undefined : keyOf(q.end);
    // `start` itself belongs to the page; RADOS lists what is behind a key.
    const first = start !== undefined && (after === undefined || after < start) ? start : undefined;
    const behind = first ?? after ?? "";
    const share = this.#shareOfRecords(q.limit, shards);
    const object = this.#object;
    function* ask(shard: number): Steps<Part> {
      const { answer, view } = yield* object.read(shard, (op) => ({
        first: first !== undefined && shardOf(first, shards) === shard ? op.byKeys([first]) : undefined,
        rest: op.records(behind, share),
      }));
      const rest = answer.rest.entries;
      const records = answer.first === undefined ? rest : [...answer.first.entries, ...rest];
      return { records, more: answer.rest.more && rest.length > 0, generation: view.meta.generation };
    }
    const parts = yield* waitAll(Array.from({ length: shards }, (_, i) => drive(ask(i))));
    sameGeneration(parts);
    let frontier: string | undefined;
    for (const { records, more } of parts) {
      const last = records.at(-1)?.[0];
      if (more && (frontier === undefined || last! < frontier)) frontier = last!;
    }
    let ended = frontier === undefined;
    const known: (readonly [string, Stored | undefined])[] = [];
    for (const { records } of parts)
      for (const record of records) {
        if (frontier !== undefined && record[0] > frontier) break;
        if (end !== undefined && record[0] >= end) {
          ended = true;
          break;
        }
        known.push(record);
      }
    if (end !== undefined && frontier !== undefined && frontier >= end) ended = true;
    known.sort(byKey);
    if (known.length > q.limit) {
      known.length = q.limit;
      ended = false;
    }
    this.#learn(known);
    return yield* this.#page(known, false, ended);
  }

  /** The same for keys alone, in fewer steps. */
  *#forwardKeys(q: ListQuery): Steps<{ readonly keys: readonly string[]; readonly next: string | undefined }> {
    const { shards } = (yield* this.#object.view()).meta;
    const after = q.after === undefined ? undefined : keyOf(q.after);
    const start = q.start === undefined ? undefined : keyOf(q.start);
    const end = q.end === undefined ? undefined : keyOf(q.end);
    const first = start !== undefined && (after === undefined || after < start) ? start : undefined;
    const behind = first ?? after ?? "";
    const share = shareOf(q.limit, shards);
    const object = this.#object;
    function* ask(shard: number): Steps<KeysPart> {
      const { answer, view } = yield* object.read(shard, (op) => ({
        first: first !== undefined && shardOf(first, shards) === shard ? op.byKeys([first]) : undefined,
        rest: op.keys(behind, share),
      }));
      const rest = answer.rest.entries;
      const keys = answer.first === undefined ? rest : [...answer.first.entries.map(([key]) => key), ...rest];
      return { keys, more: answer.rest.more && rest.length > 0, generation: view.meta.generation };
    }
    const asked: Pending<KeysPart>[] = [];
    completions().together(() => {
      for (let shard = 0; shard < shards; shard++) asked.push(drive(ask(shard)));
    });
    const parts = yield* waitAll(asked);
    sameGeneration(parts);
    let frontier: string | undefined;
    for (const { keys, more } of parts) {
      const last = keys.at(-1);
      if (more && (frontier === undefined || last! < frontier)) frontier = last!;
    }
    let ended = frontier === undefined || (end !== undefined && frontier >= end);
    const page: string[] = [];
    for (const { keys } of parts)
      for (const key of keys) {
        if (frontier !== undefined && key > frontier) break;
        if (end !== undefined && key >= end) {
          ended = true;
          break;
        }
        page.push(key);
      }
    page.sort();
    if (page.length > q.limit) {
      page.length = q.limit;
      ended = false;
    }
    return { keys: page, next: ended ? undefined : page.at(-1) };
  }

  /** Records to ask a shard for, so that what is fetched has the bytes of a page, not many times as many. */
  #shareOfRecords(limit: number, shards: number): number {
    return shareOf(Math.max(1, Math.min(limit, Math.ceil(PAGE_MAX_BYTES / this.#recordBytes))), shards);
  }

  #learn(records: Records): void {
    if (records.length === 0) return;
    let bytes = 0;
    for (const [, stored] of records) if (stored !== undefined && !isBlob(stored)) bytes += stored.length;
    this.#recordBytes = Math.max(1, bytes / records.length);
  }

  *#backward(q: ListQuery): Steps<Listing> {
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
    for (const { records, more } of parts) {
      const lowest = records[0]?.[0];
      if (more && (frontier === undefined || lowest! > frontier)) frontier = lowest!;
    }
    let keys = parts
      .flatMap(({ records }) => records.map(([key]) => key))
      .filter((key) => frontier === undefined || key >= frontier)
      .sort()
      .reverse();
    let ended = frontier === undefined;
    if (keys.length > q.limit) {
      keys = keys.slice(0, q.limit);
      ended = false;
    }
    if (q.keysOnly === true || keys.length === 0)
      return yield* this.#page(
        keys.map((key) => [key, undefined]),
        true,
        ended,
      );
    const values = new Map<string, Stored>();
    const byShard = Map.groupBy(keys, (key) => shardOf(key, shards));
    const object = this.#object;
    const found = yield* waitAll(
      [...byShard].map(([shard, some]) => drive(object.read(shard, (op) => op.byKeys(some)))),
    );
    for (const { answer } of found) for (const [key, value] of answer.entries) values.set(key, value);
    const last = keys.at(-1)!;
    const known = keys.filter((key) => values.has(key)).map((key) => [key, values.get(key)] as const);
    const page = yield* this.#page(known, false, ended);
    // What was removed in the meantime may be the last: the next page begins there all the same.
    return page.next === undefined && !ended ? { ...page, next: last } : page;
  }

  /** The last `limit` keys of a shard from `start` on and before `before`. */
  *#lastKeys(shard: number, before: string | undefined, start: string, limit: number): Steps<Part> {
    const marks = this.#marks[shard]!;
    let at = marks.findLastIndex((mark) => before === undefined || mark < before);
    for (;;) {
      const mark = at < 0 ? "" : marks[at]!;
      const fromStart = mark <= start;
      const scan = yield* this.#scan(shard, fromStart ? start : mark, fromStart, before, limit, at);
      if (fromStart || scan.records.length === limit)
        return { ...scan, more: scan.more || (!fromStart && scan.records.length > 0) };
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
  ): Steps<Part> {
    const marks = this.#marks[shard]!;
    const object = this.#object;
    let kept: (readonly [string, undefined])[] = [];
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
      kept = [...kept, ...wanted.map((k) => [k, undefined] as const)];
      if (kept.length > limit) {
        more = true;
        kept = kept.slice(-limit);
      }
      const last = keys.at(-1);
      if (last === undefined || wanted.length < keys.length || !answer.rest.more)
        return { records: kept, more, generation };
      // Walking on where nobody has been: a mark.
      if (index === marks.length - 1 && (marks.length === 0 || marks.at(-1)! < last)) marks.push(last);
      index = Math.min(index + 1, marks.length - 1);
      after = last;
    }
  }

  /** The page with these records; it ends early when their values are large. */
  *#page(records: Records, keysOnly: boolean, ended: boolean): Steps<Listing> {
    if (keysOnly) return { records: records as Listing["records"], next: ended ? undefined : records.at(-1)?.[0] };
    const listed: (readonly [string, Uint8Array])[] = [];
    let bytes = 0;
    let last: string | undefined;
    for (const [key, stored] of records) {
      if (bytes > PAGE_MAX_BYTES) return { records: listed, next: last };
      last = key;
      const value = isBlob(stored!) ? yield* this.#object.valueOf(key, stored) : stored!;
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
