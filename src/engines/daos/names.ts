/** Names of objects, in the container's root object, as PyDAOS keeps them: once for both faces. */
import type { NamedObject, ObjectRef, ObjectSpec } from "../../engine/contract.ts";
import { DaosError } from "../../errors.ts";
import { DAOS, ERRNO } from "../../ffi/daos-abi.ts";
import type { Operation, Slot } from "../../ffi/events.ts";
import type { LibDaos } from "../../ffi/libdaos.ts";
import { check } from "./daos-error.ts";
import { get, type KvHandle, listKeys, put, removeIn } from "./kv-operations.ts";
import { AUTOMATIC, objectClassId } from "./object-class.ts";
import { type Oid, type OidRange, oidText, parseOid } from "./oid.ts";
import { decodeRootEntry, encodeRootEntry, type RootEntry } from "./root-entry.ts";
import { transaction } from "./transaction.ts";

const CREATE = "failed to create object";
const DESTROY = "failed to destroy object";

/** Names that are listed with one call. */
const NAMES_PAGE = 1024;

/** The object that an entry of the root object stands for. */
export function refOf({ kind, oid }: RootEntry): ObjectRef {
  return { kind, oid: oidText(oid) };
}

/** A new object without a name: only an id; DAOS makes the object when something is put into it. */
export function* createNameless(
  lib: LibDaos,
  slot: Slot,
  coh: number,
  oids: OidRange,
  spec: ObjectSpec,
): Operation<RootEntry> {
  const { scratch } = slot;
  const oclass = spec.oclass === undefined ? AUTOMATIC : objectClassId(spec.oclass, CREATE);
  if (oids.exhausted) {
    check(yield (event) => lib.contAllocOids(coh, 1, scratch.address, event), CREATE);
    oids.allocated(scratch.bytes.readBigUInt64LE(0));
  }
  const { lo, hi } = oids.next();
  scratch.bytes.writeBigUInt64LE(lo, 0);
  scratch.bytes.writeBigUInt64LE(hi, 8);
  // Chunks are to lie on all targets, as the keys of key-value objects do without being asked to.
  const [type, hints] =
    spec.kind === "dict" ? [DAOS.DAOS_OT_KV_HASHED, 0] : [DAOS.DAOS_OT_MULTI_HASHED, DAOS.DAOS_OCH_SHD_MAX];
  check(
    lib.objGenerateOid(coh, scratch.address, type, oclass, hints, 0),
    CREATE,
    spec.oclass === undefined
      ? undefined
      : `the container cannot have objects of class ${spec.oclass}: it needs more targets, or the container another redundancy factor`,
  );
  return { kind: spec.kind, oid: { lo: scratch.bytes.readBigUInt64LE(0), hi: scratch.bytes.readBigUInt64LE(8) } };
}

/** Gives an object a name; `false` when the name is taken. */
export function* link(root: KvHandle, slot: Slot, name: Uint8Array, entry: RootEntry): Operation<boolean> {
  return yield* put(root, slot, name, encodeRootEntry(entry), "absent");
}

/** What the name stands for. */
export function* lookup(root: KvHandle, slot: Slot, name: Uint8Array): Operation<RootEntry | undefined> {
  const bytes = yield* get(root, slot, name);
  return bytes === undefined ? undefined : decodeRootEntry(bytes);
}

/** Every name, in the order of their UTF-8 bytes. */
export function* allNames(root: KvHandle, slot: Slot): Operation<readonly Uint8Array[]> {
  const names: Uint8Array[] = [];
  let after: Uint8Array | undefined;
  do {
    const page = yield* listKeys(root, slot, after, NAMES_PAGE);
    for (const name of page.keys) names.push(name);
    after = page.next;
  } while (after !== undefined);
  return names.sort(Buffer.compare);
}

/** An entry with its name; `undefined` for one that is gone or that nobody can read. */
export function* namedObject(root: KvHandle, slot: Slot, name: Uint8Array): Operation<NamedObject | undefined> {
  try {
    const entry = yield* lookup(root, slot, name);
    return entry && { name: Buffer.from(name).toString("utf8"), ...refOf(entry) };
  } catch (e) {
    // An entry of another form: `checkContainer` tells of it.
    if (DaosError.is(e, "DER_INVAL", "DER_MISMATCH")) return undefined;
    throw e;
  }
}

/**
 * Removes the name and its object `oid` in one transaction; `false` when the name does not stand for that object any
 * more, and nothing was changed.
 */
export function* destroy(root: KvHandle, slot: Slot, name: Uint8Array, oid: Oid): Operation<boolean> {
  const { lib, coh } = root;
  const oh = yield* openObject(lib, slot, coh, oid);
  try {
    return yield* transaction(lib, slot, coh, function* (th) {
      const bytes = yield* removeIn(root, slot, th, name);
      if (bytes === undefined || oidText(decodeRootEntry(bytes).oid) !== oidText(oid))
        return { commit: false, result: false };
      check(yield (event) => lib.objPunch(oh, th, 0, event), DESTROY);
      return { commit: true, result: true };
    });
  } finally {
    lib.objClose(oh, 0);
  }
}

/** Removes an object without a name and its content. */
export function* discard(lib: LibDaos, slot: Slot, coh: number, { oid }: ObjectRef): Operation<void> {
  const oh = yield* openObject(lib, slot, coh, parseOid(oid));
  try {
    const rc: number = yield (event) => lib.objPunch(oh, 0, 0, event);
    // Nothing was ever put into it.
    if (rc !== -ERRNO.NONEXIST) check(rc, DESTROY);
  } finally {
    lib.objClose(oh, 0);
  }
}

function* openObject(lib: LibDaos, { scratch }: Slot, coh: number, { lo, hi }: Oid): Operation<number> {
  check(yield (event) => lib.objOpen(coh, lo, hi, DAOS.DAOS_OO_RW, scratch.address, event), DESTROY);
  return scratch.pointer(0);
}
