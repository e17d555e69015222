/** Object ids of DAOS (`daos_obj_id_t`): 128 bits, two halves. */
import { DaosError } from "../../errors.ts";
import { DAOS } from "../../ffi/daos-abi.ts";

/** An object id. */
export interface Oid {
  readonly lo: bigint;
  readonly hi: bigint;
}

/** PyDAOS takes new object ids from a range of this many of `hi`, then allocates another `lo`. */
export const MAX_OID_HI = 0xffff_ffffn;
/** The first `hi` that PyDAOS gives under `lo` 0: those below are reserved. */
const RESERVED = 100n;

const TYPE_SHIFT = BigInt(DAOS.OID_FMT_TYPE_SHIFT);
const TEXT = /^0x([0-9a-f]{1,16}):0x([0-9a-f]{1,16})$/;

/** The id as PyDAOS shows it: `0x801000100000064:0x0`, high half first. */
export function oidText({ lo, hi }: Oid): string {
  return `0x${hi.toString(16)}:0x${lo.toString(16)}`;
}

/** The id of that text. DER_INVAL for another text. */
export function parseOid(text: string): Oid {
  const [, hi, lo] = TEXT.exec(text) ?? [];
  if (hi === undefined || lo === undefined)
    throw new DaosError("DER_INVAL", "invalid object id", { detail: JSON.stringify(text) });
  return { hi: BigInt(`0x${hi}`), lo: BigInt(`0x${lo}`) };
}

/** The id with the object type set in its upper bits, as PyDAOS does with the container's root object. */
export function withType({ lo, hi }: Oid, type: number): Oid {
  return { lo, hi: hi | (BigInt(type) << TYPE_SHIFT) };
}

/** The object type in the id's upper bits (`enum daos_otype_t`). */
export function typeOf({ hi }: Oid): number {
  return Number(hi >> TYPE_SHIFT);
}

/**
 * The ids of one open container, given out as PyDAOS does: one allocated `lo` serves for 2^32 objects, whose `hi` counts up
 * from 100 when `lo` is 0 and from 0 otherwise.
 */
export class OidRange {
  #lo = 0n;
  #hi = MAX_OID_HI;

  /** Whether `allocated` has to be called before `next`. */
  get exhausted(): boolean {
    return this.#hi >= MAX_OID_HI;
  }

  /** Begins a new range: `lo` is what `daos_cont_alloc_oids` gave. */
  allocated(lo: bigint): void {
    this.#lo = lo;
    this.#hi = lo === 0n ? RESERVED : 0n;
  }

  /** The next id; type and class are still to be filled in by `daos_obj_generate_oid`. */
  next(): Oid {
    return { lo: this.#lo, hi: this.#hi++ };
  }
}
