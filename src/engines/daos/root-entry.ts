/**
 * Entries of a PYTHON container's root object: name to object, in the durable form of PyDAOS (`struct pydaos_df` in
 * `src/client/pydaos/pydaos_shim.c` of DAOS; it is in no header):
 *
 * | bytes | content, little-endian |
 * |---|---|
 * | 0 to 7 | low half of the object id |
 * | 8 to 15 | high half |
 * | 16 to 19 | 0 a dictionary, 1 an array |
 * | 20 to 63 | reserved; PyDAOS leaves what happens to be there, tsdaos writes zeros |
 */
import type { ObjectKind } from "../../engine/contract.ts";
import { DaosError } from "../../errors.ts";
import type { Oid } from "./oid.ts";

/** The size of an entry. */
const ROOT_ENTRY_BYTES = 64;

const KINDS: readonly ObjectKind[] = ["dict", "array"];

/** What an entry says. */
export interface RootEntry {
  readonly oid: Oid;
  readonly kind: ObjectKind;
}

/** The bytes of an entry. */
export function encodeRootEntry({ oid, kind }: RootEntry): Uint8Array {
  const bytes = new Uint8Array(ROOT_ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, oid.lo, true);
  view.setBigUint64(8, oid.hi, true);
  view.setUint32(16, KINDS.indexOf(kind), true);
  return bytes;
}

/** The entry of these bytes. DER_INVAL for a wrong length, DER_MISMATCH for a kind that is unknown here. */
export function decodeRootEntry(bytes: Uint8Array): RootEntry {
  if (bytes.length !== ROOT_ENTRY_BYTES)
    throw new DaosError("DER_INVAL", "failed to look up name", {
      detail: `an entry of the root object has ${ROOT_ENTRY_BYTES} bytes, this one ${bytes.length}; PyDAOS did not write it`,
    });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const otype = view.getUint32(16, true);
  const kind = KINDS[otype];
  if (kind === undefined)
    throw new DaosError("DER_MISMATCH", "failed to look up name", {
      detail: `its object is of kind ${otype}, known are ${KINDS.join(", ")}; install a newer tsdaos`,
    });
  return { oid: { lo: view.getBigUint64(0, true), hi: view.getBigUint64(8, true) }, kind };
}
