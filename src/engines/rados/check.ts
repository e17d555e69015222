/**
 * `checkContainer`: names against objects, objects against their shards, large values against the keys that have them; of
 * arrays, see `check-arrays.ts`.
 */
import type { CheckReport, Face, Finding, NamedObject } from "../../engine/contract.ts";
import type { Steps } from "../../engine/steps.ts";
import { Arena } from "../../ffi/arena.ts";
import { completions } from "../../ffi/completions.ts";
import { librados } from "../../ffi/librados.ts";
import { drive, Pending, wait, waitAll } from "../../ffi/pending.ts";
import { removeObject } from "./blobs.ts";
import { checkArray } from "./check-arrays.ts";
import type { ContainerCore } from "./container-core.ts";
import { listEntries, lookupEntry, removeEntry } from "./directory.ts";
import {
  chunkName,
  isBlob,
  META_KEY,
  type Meta,
  metaName,
  type Named,
  parseDocument,
  parseName,
  partName,
  partsOf,
  shardName,
} from "./format.ts";
import { throughGate } from "./gate.ts";
import { purgeShard } from "./object-core.ts";
import { objectNames } from "./objects.ts";
import { OMAP_PAGE, ReadOperation } from "./operations.ts";
import { ERRNO, fromRados } from "./rados-error.ts";

/** What is not referred to and younger than this is being made right now, milliseconds. */
const ORPHAN_AGE_MS = 3_600_000;
const NAMES_PAGE = 1000;

/** What lies in the container under one object id. */
interface Lying {
  readonly shards: string[];
  readonly parts: string[];
  /** The keys of chunks. */
  readonly chunks: string[];
}

/** Checks, and with `repair` removes what belongs to nobody. */
export function* checkObjects(face: Face, core: ContainerCore, repair: boolean): Steps<CheckReport> {
  const started = new Date();
  const findings: Finding[] = [];
  let checked = 0;
  let skipped = 0;
  // Objects before names: what is named in between is then not taken for an orphan.
  const lying = group(yield* objectNames(face, core.ioctx));
  const named = new Map((yield* allEntries(core)).map((entry) => [entry.oid, entry]));

  function* orphan(message: string, objects: readonly string[], mend: () => Steps<unknown>): Steps<void> {
    const ages = yield* waitAll(objects.map((name) => drive(throughGate(0, () => ageOf(core, name)))));
    const present = ages.filter((age) => age !== undefined);
    if (present.length === 0) return;
    if (Math.min(...present) < ORPHAN_AGE_MS) {
      skipped++;
      return;
    }
    if (repair) yield* mend();
    findings.push({ message, repaired: repair });
  }
  function* removeAll(objects: readonly string[]): Steps<void> {
    const remove = (name: string): Steps<number> => wait(removeObject(core.ioctx, name));
    yield* waitAll(objects.map((name) => drive(throughGate(0, () => remove(name)))));
  }

  for (const [oid, entry] of named) {
    if ((yield* metaOf(core, oid)) !== undefined || !(yield* isStillNamed(core, entry))) continue;
    if (repair) yield* removeEntry(core.ioctx, entry.name, entry);
    findings.push({ message: `${entry.kind} ${JSON.stringify(entry.name)} has lost its object`, repaired: repair });
  }

  for (const [oid, { shards, parts, chunks }] of lying) {
    // Not by what was listed: in a cluster that is moving objects about, one may not have been seen.
    const meta = yield* metaOf(core, oid);
    if (meta === undefined) {
      const objects = [...shards, ...parts, ...chunks.map((key) => chunkName(oid, key))];
      yield* orphan(`${objects.length} objects of ${oid} belong to nothing`, objects, () => removeAll(objects));
      continue;
    }
    checked++;
    if (!named.has(oid)) {
      // Looked up again: it may have got its name since.
      const before = findings.length + skipped;
      // As young as its youngest shard: it may be being filled before it gets its name.
      const objects = [metaName(oid), ...shards];
      yield* orphan(`${meta.kind} ${oid} has no name: its creation or removal was interrupted`, objects, () =>
        core.object(oid).destroy(meta.name),
      );
      if (findings.length + skipped > before) continue;
    }
    const wanted = new Set(
      [meta.generation, meta.next ?? ""].flatMap((generation) =>
        Array.from({ length: meta.shards }, (_, shard) => shardName(oid, generation, shard)),
      ),
    );
    for (const name of shards)
      if (!wanted.has(name))
        yield* orphan(`${name} is what a clear has left of ${nameOf(oid)}`, [name], () => purgeShard(core, oid, name));
    if (meta.kind === "array") {
      if (!named.has(oid)) continue;
      findings.push(...(yield* checkArray({ core, oid, meta, what: `array ${nameOf(oid)}`, repair, chunks })));
      continue;
    }
    for (let shard = 0; shard < meta.shards; shard++) {
      const name = shardName(oid, meta.generation, shard);
      if (!shards.includes(name) && (yield* isStill(core, oid, meta)) && (yield* ageOf(core, name)) === undefined)
        findings.push({
          message: `shard ${shard} of ${nameOf(oid)} is missing: its records are lost`,
          repaired: false,
        });
    }
    const referred = yield* referredParts(core, oid, meta);
    if (!(yield* isStill(core, oid, meta))) continue;
    const lost = parts.filter((name) => !referred.has(name));
    for (const [blob, objects] of Map.groupBy(lost, (name) => (parseName(name) as Named & { blob: string }).blob))
      yield* orphan(`a large value of ${nameOf(oid)} (${blob}) belongs to no key`, objects, () => removeAll(objects));
    const present = new Set(parts);
    for (const [name, key] of referred)
      if (!present.has(name) && (yield* ageOf(core, name)) === undefined && (yield* stillRefers(core, oid, meta, name)))
        findings.push({
          message: `the value of key ${JSON.stringify(key)} of ${nameOf(oid)} is damaged: ${name} is missing`,
          repaired: false,
        });
  }
  return { started, completed: new Date(), checked, skipped, findings };

  function nameOf(oid: string): string {
    const entry = named.get(oid);
    return entry === undefined ? oid : JSON.stringify(entry.name);
  }
}

/** Whether the object is there. Whatever else goes wrong ends the check: what was not seen must not be taken for missing. */
function answered(result: number, name: string): boolean {
  if (result < 0 && result !== ERRNO.noEntry) throw fromRados(result, "failed to check container", name);
  return result >= 0;
}

function* isStillNamed(core: ContainerCore, { name, oid }: NamedObject): Steps<boolean> {
  return (yield* lookupEntry(core.ioctx, name))?.oid === oid;
}

function group(names: readonly string[]): Map<string, Lying> {
  const groups = new Map<string, Lying>();
  for (const name of names) {
    const parsed = parseName(name);
    if (parsed === undefined) continue;
    let lying = groups.get(parsed.oid);
    if (lying === undefined) {
      lying = { shards: [], parts: [], chunks: [] };
      groups.set(parsed.oid, lying);
    }
    if (parsed.type === "chunk") lying.chunks.push(parsed.key);
    else if (parsed.type !== "meta") (parsed.type === "shard" ? lying.shards : lying.parts).push(name);
  }
  return groups;
}

function* allEntries(core: ContainerCore): Steps<NamedObject[]> {
  const entries: NamedObject[] = [];
  for (let after = ""; ; ) {
    const page = yield* listEntries(core.ioctx, after, NAMES_PAGE);
    for (const entry of page) entries.push(entry);
    if (page.length === 0) return entries;
    after = page.at(-1)!.name;
  }
}

function* metaOf(core: ContainerCore, oid: string): Steps<Meta | undefined> {
  const op = new ReadOperation();
  const found = op.bytesByKeys([META_KEY]);
  answered(yield* wait(op.start(core.ioctx, metaName(oid))), metaName(oid));
  const bytes = found.entries[0]?.[1];
  return bytes && parseDocument<Meta>(bytes, `object ${oid}`);
}

function* isStill(core: ContainerCore, oid: string, meta: Meta): Steps<boolean> {
  const now = yield* metaOf(core, oid);
  return now !== undefined && now.generation === meta.generation && now.state === meta.state;
}

/** The objects of large values, each with the key that refers to it. */
function* referredParts(core: ContainerCore, oid: string, meta: Meta): Steps<Map<string, string>> {
  const referred = new Map<string, string>();
  for (let shard = 0; shard < meta.shards; shard++) {
    for (let after = "", more = true; more; ) {
      const op = new ReadOperation();
      const page = op.records(after, OMAP_PAGE);
      const name = shardName(oid, meta.generation, shard);
      if (!answered(yield* wait(op.start(core.ioctx, name)), name)) break;
      for (const [key, stored] of page.entries)
        if (isBlob(stored))
          for (let part = 0; part < partsOf(stored); part++)
            referred.set(partName(oid, stored.id, part), Buffer.from(key, "latin1").toString());
      more = page.more && page.entries.length > 0;
      after = page.entries.at(-1)?.[0] ?? after;
    }
  }
  return referred;
}

function* stillRefers(core: ContainerCore, oid: string, meta: Meta, name: string): Steps<boolean> {
  return (yield* referredParts(core, oid, meta)).has(name);
}

/** How long ago the object was written, milliseconds; `undefined` when it is not there. */
function* ageOf(core: ContainerCore, name: string): Steps<number | undefined> {
  const out = new Arena(16);
  const pending = new Pending<number>();
  try {
    completions().start(
      core.ioctx,
      (completion) => librados().aioStat(core.ioctx, name, completion, out.address, out.address + 8),
      (result) => pending.resolve(result),
    );
    if (!answered(yield* wait(pending), name)) return undefined;
    return Date.now() - out.pointer(8) * 1000;
  } finally {
    out.free();
  }
}
