/** Properties of containers (`daos_prop_t`), under the names that the `daos` tool gives them. */
import type { ContainerType } from "../../engine/contract.ts";
import { DaosError } from "../../errors.ts";
import { addressOf } from "../../ffi/arena.ts";
import { DAOS, OFFSET, SIZE } from "../../ffi/daos-abi.ts";
import type { Slot } from "../../ffi/events.ts";
import type { LibDaos } from "../../ffi/libdaos.ts";
import { check } from "./daos-error.ts";
import type { Oid } from "./oid.ts";

/** `daos_cont_layout_t`, by number. */
const LAYOUTS: readonly ContainerType[] = [
  "unknown",
  "POSIX",
  "HDF5",
  "PYTHON",
  "SPARK",
  "DATABASE",
  "ROOT",
  "SEISMIC",
  "METEO",
];

/** The container type of that number. */
export function layoutType(layout: number): ContainerType {
  return LAYOUTS[layout] ?? "unknown";
}

/** The number of that container type. */
export function layoutNumber(type: ContainerType): number {
  return Math.max(LAYOUTS.indexOf(type), 0);
}

/** Where a slot's memory has an entry, an id or a text that is looked at. */
const AT_ENTRY = 1024;
const AT_VALUE = 1040;
/** The longest text that is read. */
const TEXT_MAX = 1024;
const LEVELS: Readonly<Record<number, string>> = { 1: "rank (1)", 2: "node (2)" };
/** `struct daos_co_status`: the status is between the pool map's version and some flags; 0 is healthy. */
const statusOf = (value: bigint): bigint => (value >> 32n) & 0xffffn;

/** What a container's properties say. */
export interface Properties {
  readonly label: string | undefined;
  readonly layout: number;
  /** The first of the container's root objects. */
  readonly root: Oid | undefined;
  /** Those that people read, by the tool's names. */
  readonly named: Readonly<Record<string, string>>;
}

/** Reads what `daos_cont_query` has filled in. */
export function properties(lib: LibDaos, { scratch }: Slot, list: number): Properties {
  const { dpe_val } = OFFSET["struct daos_prop_entry"];
  /** The value, or the address of it; `undefined` when the list has no such entry. */
  const value = (type: number): bigint | undefined => {
    const entry = lib.propEntryGet(list, type);
    if (entry === 0) return undefined;
    lib.memcpy(scratch.address + AT_ENTRY, entry, SIZE["struct daos_prop_entry"]);
    return scratch.bytes.readBigUInt64LE(AT_ENTRY + dpe_val);
  };
  const text = (type: number): string | undefined => {
    const address = Number(value(type) ?? 0n);
    if (address === 0) return undefined;
    const length = lib.strnlen(address, TEXT_MAX);
    lib.memcpy(scratch.address + AT_VALUE, address, length);
    return scratch.bytes.toString("utf8", AT_VALUE, AT_VALUE + length);
  };
  const rootOf = (): Oid | undefined => {
    const address = Number(value(DAOS.DAOS_PROP_CO_ROOTS) ?? 0n);
    if (address === 0) return undefined;
    lib.memcpy(scratch.address + AT_VALUE, address, SIZE.daos_obj_id_t);
    const lo = scratch.bytes.readBigUInt64LE(AT_VALUE + OFFSET.daos_obj_id_t.lo);
    const hi = scratch.bytes.readBigUInt64LE(AT_VALUE + OFFSET.daos_obj_id_t.hi);
    return lo === 0n && hi === 0n ? undefined : { lo, hi };
  };
  const number = (type: number): number => Number(value(type) ?? 0n);

  const label = text(DAOS.DAOS_PROP_CO_LABEL);
  const layout = number(DAOS.DAOS_PROP_CO_LAYOUT_TYPE);
  const level = number(DAOS.DAOS_PROP_CO_REDUN_LVL);
  const named = {
    label,
    layout_type: layoutType(layout),
    layout_version: String(number(DAOS.DAOS_PROP_CO_LAYOUT_VER)),
    rd_fac: `rd_fac${number(DAOS.DAOS_PROP_CO_REDUN_FAC)}`,
    rd_lvl: LEVELS[level] ?? String(level),
    owner: text(DAOS.DAOS_PROP_CO_OWNER),
    group: text(DAOS.DAOS_PROP_CO_OWNER_GROUP),
    status: statusOf(value(DAOS.DAOS_PROP_CO_STATUS) ?? 0n) === 0n ? "HEALTHY" : "UNCLEAN",
    alloc_oid: String(value(DAOS.DAOS_PROP_CO_ALLOCED_OID) ?? 0n),
  };
  const present = Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { label, layout, root: rootOf(), named: Object.fromEntries(present) };
}

const REDUNDANCY = /^(?:rd_fac)?([0-4])$/;

/** The numbers of the properties that a new container shall have. DER_INVAL for those that cannot be chosen here. */
export function wantedProperties(
  layout: number,
  wanted: Readonly<Record<string, string>>,
  context: string,
): readonly (readonly [type: number, value: number])[] {
  const numbers: (readonly [number, number])[] = [[DAOS.DAOS_PROP_CO_LAYOUT_TYPE, layout]];
  for (const [name, text] of Object.entries(wanted)) {
    const factor = name === "rd_fac" || name === "rf" ? REDUNDANCY.exec(text)?.[1] : undefined;
    if (factor === undefined)
      throw new DaosError("DER_INVAL", context, {
        detail: `property ${name}=${text}: on DAOS only rd_fac can be chosen here, 0 to 4; for others use daos cont create`,
      });
    numbers.push([DAOS.DAOS_PROP_CO_REDUN_FAC, Number(factor)]);
  }
  return numbers;
}

/**
 * A new list of properties, to be freed with `propFree`.
 *
 * @param numbers - types and values.
 * @param label - `undefined`: none.
 */
export function allocateProperties(
  lib: LibDaos,
  slot: Slot,
  numbers: readonly (readonly [type: number, value: number])[],
  label: string | undefined,
  context: string,
): number {
  const { scratch } = slot;
  const all = label === undefined ? numbers : [...numbers, [DAOS.DAOS_PROP_CO_LABEL, 0] as const];
  const list = lib.propAlloc(all.length);
  if (list === 0) throw new DaosError("DER_NOMEM", context);
  lib.memcpy(scratch.address + AT_ENTRY, list, SIZE.daos_prop_t);
  const entries = scratch.pointer(AT_ENTRY + OFFSET.daos_prop_t.dpp_entries);
  const size = SIZE["struct daos_prop_entry"];
  const { dpe_type, dpe_val } = OFFSET["struct daos_prop_entry"];
  for (const [i, [type, value]] of all.entries()) {
    scratch.bytes.fill(0, AT_ENTRY, AT_ENTRY + size);
    scratch.setUint32(AT_ENTRY + dpe_type, type);
    scratch.setPointer(AT_ENTRY + dpe_val, value);
    lib.memcpy(entries + i * size, scratch.address + AT_ENTRY, size);
  }
  if (label !== undefined) {
    const bytes = Buffer.from(label);
    scratch.bytes.set(bytes, AT_VALUE);
    const rc = lib.propSetString(list, DAOS.DAOS_PROP_CO_LABEL, scratch.address + AT_VALUE, bytes.length);
    if (rc < 0) lib.propFree(list);
    check(rc, context);
  }
  return list;
}

/** The label in a pool's properties. */
export function poolLabel(lib: LibDaos, { scratch }: Slot, list: number): string | undefined {
  const entry = lib.propEntryGet(list, DAOS.DAOS_PROP_PO_LABEL);
  if (entry === 0) return undefined;
  lib.memcpy(scratch.address + AT_ENTRY, entry, SIZE["struct daos_prop_entry"]);
  const address = scratch.pointer(AT_ENTRY + OFFSET["struct daos_prop_entry"].dpe_val);
  if (address === 0) return undefined;
  const length = lib.strnlen(address, TEXT_MAX);
  const label = Buffer.allocUnsafeSlow(TEXT_MAX);
  lib.memcpy(addressOf(label), address, length);
  return label.toString("utf8", 0, length);
}
