/** `checkContainer`: entries of the root object that nobody can read, objects that no name stands for, broken arrays. */
import type { CheckReport, Finding, ObjectKind } from "../../engine/contract.ts";
import { DaosError } from "../../errors.ts";
import { addressOf } from "../../ffi/arena.ts";
import { DAOS, OFFSET, SIZE } from "../../ffi/daos-abi.ts";
import type { Operation, Slot } from "../../ffi/events.ts";
import type { LibDaos } from "../../ffi/libdaos.ts";
import * as arrays from "./array-operations.ts";
import { checkArray } from "./check-arrays.ts";
import { check } from "./daos-error.ts";
import { count, get, type KvHandle } from "./kv-operations.ts";
import { allNames, discard } from "./names.ts";
import { type Oid, oidText, typeOf } from "./oid.ts";
import { decodeRootEntry, type RootEntry } from "./root-entry.ts";

const CONTEXT = "failed to check container";
/** Objects that one call lists. */
const OIDS_PAGE = 96;
/** The types that the object of an entry may have; the second one of arrays is that of PyDAOS, which has no content. */
const TYPES: Readonly<Record<ObjectKind, readonly number[]>> = {
  dict: [DAOS.DAOS_OT_KV_HASHED],
  array: [DAOS.DAOS_OT_MULTI_HASHED, DAOS.DAOS_OT_ARRAY],
};
/** Offsets in a slot's memory. */
const AT = { handle: 0, count: 8, anchor: 64 } as const;

/**
 * Checks, and removes objects without a name when `repair`.
 *
 * @param root - the id of the root object.
 */
export function* checkObjects(
  lib: LibDaos,
  slot: Slot,
  coh: number,
  root: Oid,
  repair: boolean,
): Operation<CheckReport> {
  const started = new Date();
  const findings: Finding[] = [];
  const kv = openKv(lib, slot, coh, root);
  let checked = 0;
  try {
    const known = new Map<string, string>([[oidText(root), "the root object"]]);
    for (const name of yield* allNames(kv, slot)) {
      checked++;
      const shown = JSON.stringify(Buffer.from(name).toString("utf8"));
      const entry = yield* readEntry(kv, slot, name, shown, findings);
      if (entry === undefined) continue;
      const text = oidText(entry.oid);
      const other = known.get(text);
      if (other !== undefined) findings.push({ message: `${shown} is the same object as ${other}`, repaired: false });
      known.set(text, shown);
      const type = typeOf(entry.oid);
      if (!TYPES[entry.kind].includes(type))
        findings.push({
          message: `${shown} is entered as ${entry.kind}, but its object ${text} is of type ${type}`,
          repaired: false,
        });
      else if (type === DAOS.DAOS_OT_MULTI_HASHED)
        yield* withObject(lib, slot, coh, entry.oid, (handle) => checkArray(handle, slot, shown, repair, findings));
    }
    for (const oid of yield* allObjects(lib, slot, coh)) {
      const text = oidText(oid);
      if (known.has(text)) continue;
      checked++;
      // DAOS lists removed objects until it has cleaned up after them: an empty one is none.
      const kind = typeOf(oid) === DAOS.DAOS_OT_KV_HASHED ? "dict" : "array";
      if (yield* isEmpty(lib, slot, coh, oid)) continue;
      if (repair) yield* discard(lib, slot, coh, { kind, oid: text });
      findings.push({
        message: `object ${text} has no name: its creation was interrupted, or is going on right now`,
        repaired: repair,
      });
    }
  } finally {
    lib.kvClose(kv.oh, 0);
  }
  return { started, completed: new Date(), checked, skipped: 0, findings };
}

function* readEntry(
  kv: KvHandle,
  slot: Slot,
  name: Uint8Array,
  shown: string,
  findings: Finding[],
): Operation<RootEntry | undefined> {
  const bytes = yield* get(kv, slot, name);
  if (bytes === undefined) return undefined;
  try {
    return decodeRootEntry(bytes);
  } catch (e) {
    if (!DaosError.is(e)) throw e;
    findings.push({ message: `the entry of ${shown} cannot be read: ${e.detail}`, repaired: false });
    return undefined;
  }
}

/** The ids of all objects, by a snapshot with an object table, which is removed afterwards. */
function* allObjects(lib: LibDaos, slot: Slot, coh: number): Operation<Oid[]> {
  const { scratch } = slot;
  const { address } = scratch;
  check(
    yield (event) =>
      lib.contCreateSnapshot(coh, address + AT.handle, 0, DAOS.DAOS_SNAP_OPT_CR | DAOS.DAOS_SNAP_OPT_OIT, event),
    CONTEXT,
  );
  const epoch = scratch.bytes.readBigUInt64LE(AT.handle);
  try {
    check(yield (event) => lib.oitOpen(coh, epoch, address + AT.handle, event), CONTEXT);
    const table = scratch.pointer(AT.handle);
    try {
      return yield* listTable(lib, slot, table);
    } finally {
      yield (event) => lib.oitClose(table, event);
    }
  } finally {
    yield (event) => lib.contDestroySnapshot(coh, epoch, epoch, event);
  }
}

function* listTable(lib: LibDaos, slot: Slot, table: number): Operation<Oid[]> {
  const { scratch } = slot;
  const { address } = scratch;
  const { lo, hi } = OFFSET.daos_obj_id_t;
  const room = Buffer.allocUnsafeSlow(OIDS_PAGE * SIZE.daos_obj_id_t);
  slot.kept.push(room);
  const list = addressOf(room);
  scratch.bytes.fill(0, AT.anchor, AT.anchor + SIZE.daos_anchor_t);
  const oids: Oid[] = [];
  do {
    scratch.setUint32(AT.count, OIDS_PAGE);
    check(yield (event) => lib.oitList(table, list, address + AT.count, address + AT.anchor, event), CONTEXT);
    for (let i = 0; i < scratch.uint32(AT.count); i++) {
      const at = i * SIZE.daos_obj_id_t;
      oids.push({ lo: room.readBigUInt64LE(at + lo), hi: room.readBigUInt64LE(at + hi) });
    }
  } while (scratch.bytes.readUInt16LE(AT.anchor + OFFSET.daos_anchor_t.da_type) !== DAOS.DAOS_ANCHOR_TYPE_EOF);
  return oids;
}

function* isEmpty(lib: LibDaos, slot: Slot, coh: number, oid: Oid): Operation<boolean> {
  if (typeOf(oid) === DAOS.DAOS_OT_MULTI_HASHED)
    return yield* withObject(lib, slot, coh, oid, (handle) => arrays.isEmpty(handle, slot));
  if (typeOf(oid) !== DAOS.DAOS_OT_KV_HASHED) return false;
  const kv = openKv(lib, slot, coh, oid);
  try {
    return (yield* count(kv, slot)) === 0;
  } finally {
    lib.kvClose(kv.oh, 0);
  }
}

function openKv(lib: LibDaos, { scratch }: Slot, coh: number, { lo, hi }: Oid): KvHandle {
  check(lib.kvOpen(coh, lo, hi, DAOS.DAOS_OO_RW, scratch.address + AT.handle, 0), CONTEXT);
  return { lib, coh, oh: scratch.pointer(AT.handle) };
}

/** Opens the object of an array for the time of `body`. */
function* withObject<T>(
  lib: LibDaos,
  { scratch }: Slot,
  coh: number,
  { lo, hi }: Oid,
  body: (handle: KvHandle) => Operation<T>,
): Operation<T> {
  check(lib.objOpen(coh, lo, hi, DAOS.DAOS_OO_RW, scratch.address + AT.handle, 0), CONTEXT);
  const oh = scratch.pointer(AT.handle);
  try {
    return yield* body({ lib, coh, oh });
  } finally {
    lib.objClose(oh, 0);
  }
}
