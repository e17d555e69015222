/** What is done with pools and with containers as a whole, once for both faces. */
import type { CheckReport, ContainerInfo, ContainerSpec, ContainerStatus, PoolStatus } from "../../engine/contract.ts";
import { DaosError } from "../../errors.ts";
import { addressOf } from "../../ffi/arena.ts";
import { DAOS, ERRNO, OFFSET, POOL_SPACE, SIZE } from "../../ffi/daos-abi.ts";
import type { Operation, Slot } from "../../ffi/events.ts";
import type { LibDaos } from "../../ffi/libdaos.ts";
import { checkObjects } from "./check.ts";
import type { OpenHandles } from "./container-core.ts";
import {
  allocateProperties,
  layoutNumber,
  layoutType,
  type Properties,
  poolLabel,
  properties,
  wantedProperties,
} from "./container-properties.ts";
import { check } from "./daos-error.ts";
import { withType } from "./oid.ts";

/** The system that calls are about: libdaos, and the system's name (`null`: the agent's). */
export interface DaosSystem {
  readonly lib: LibDaos;
  readonly name: string | null;
}

/** Offsets in a slot's memory. */
const AT = { handle: 0, uuid: 16, count: 32, info: 64 } as const;
/** What DAOS gives as the label of a container that has none. */
const NO_LABEL = "container_label_not_set";

interface Pool {
  readonly poh: number;
  readonly uuid: string;
}

function* connect(
  system: DaosSystem,
  { scratch }: Slot,
  pool: string,
  write: boolean,
  context: string,
): Operation<Pool> {
  const flags = write ? DAOS.DAOS_PC_RW : DAOS.DAOS_PC_RO;
  scratch.bytes.fill(0, AT.info, AT.info + SIZE.daos_pool_info_t);
  check(
    yield (event) =>
      system.lib.poolConnect(pool, system.name, flags, scratch.address + AT.handle, scratch.address + AT.info, event),
    context,
  );
  return { poh: scratch.pointer(AT.handle), uuid: uuidText(scratch.bytes, AT.info + OFFSET.daos_pool_info_t.pi_uuid) };
}

/** Connects for the time of `body`. */
function* withPool<T>(
  system: DaosSystem,
  slot: Slot,
  pool: string,
  write: boolean,
  context: string,
  body: (pool: Pool) => Operation<T>,
): Operation<T> {
  const connected = yield* connect(system, slot, pool, write, context);
  let failed = true;
  try {
    const result = yield* body(connected);
    failed = false;
    return result;
  } finally {
    const rc: number = yield (event) => system.lib.poolDisconnect(connected.poh, event);
    if (!failed) check(rc, context);
  }
}

/** Opens for the time of `body`. */
function* withContainer<T>(
  lib: LibDaos,
  { scratch }: Slot,
  poh: number,
  container: string,
  flags: number,
  context: string,
  body: (coh: number) => Operation<T>,
): Operation<T> {
  check(yield (event) => lib.contOpen(poh, container, flags, scratch.address + AT.handle, 0, event), context);
  const coh = scratch.pointer(AT.handle);
  let failed = true;
  try {
    const result = yield* body(coh);
    failed = false;
    return result;
  } finally {
    const rc: number = yield (event) => lib.contClose(coh, event);
    if (!failed) check(rc, context);
  }
}

/** Opens a container as PyDAOS does. DER_INVAL for one that is not of type PYTHON. */
export function* openContainer(
  system: DaosSystem,
  slot: Slot,
  pool: string,
  container: string,
  mode: "RO" | "RW",
): Operation<OpenHandles> {
  const context = "failed to access container";
  const { lib } = system;
  const { poh, uuid: poolUuid } = yield* connect(system, slot, pool, mode === "RW", context);
  let coh: number | undefined;
  try {
    const flags = mode === "RW" ? DAOS.DAOS_COO_RW : DAOS.DAOS_COO_RO;
    const { scratch } = slot;
    check(yield (event) => lib.contOpen(poh, container, flags, scratch.address + AT.handle, 0, event), context);
    coh = scratch.pointer(AT.handle);
    const { info, root } = yield* describe(lib, slot, coh, poolUuid, context);
    if (info.type !== "PYTHON" || root === undefined)
      throw new DaosError("DER_INVAL", context, {
        detail: `the container is of type ${info.type}; only PYTHON containers hold dictionaries and arrays`,
      });
    return { info, mode, poh, coh, root: withType(root, DAOS.DAOS_OT_KV_HASHED) };
  } catch (e) {
    const opened = coh;
    if (opened !== undefined) yield (event) => lib.contClose(opened, event);
    yield (event) => lib.poolDisconnect(poh, event);
    throw e;
  }
}

interface Description extends Properties {
  readonly info: ContainerInfo;
  /** `daos_cont_info_t`. */
  readonly state: Buffer;
}

/** Asks for the container's state and properties. */
function* describe(lib: LibDaos, slot: Slot, coh: number, poolUuid: string, context: string): Operation<Description> {
  const { scratch } = slot;
  const list = lib.propAlloc(0);
  if (list === 0) throw new DaosError("DER_NOMEM", context);
  try {
    check(yield (event) => lib.contQuery(coh, scratch.address + AT.info, list, event), context);
    const state = Buffer.from(scratch.bytes.subarray(AT.info, AT.info + SIZE.daos_cont_info_t));
    const described = properties(lib, slot, list);
    const { label, layout } = described;
    const uuid = uuidText(state, OFFSET.daos_cont_info_t.ci_uuid);
    const info = { uuid, label: label === NO_LABEL ? undefined : label, type: layoutType(layout), poolUuid };
    return { ...described, info, state };
  } finally {
    lib.propFree(list);
  }
}

/** Creates a container; of type PYTHON, the servers give it the root object that PyDAOS needs. */
export function* createContainer(
  system: DaosSystem,
  slot: Slot,
  pool: string,
  spec: ContainerSpec,
): Operation<ContainerInfo> {
  const context = "failed to create container";
  const { lib } = system;
  const { scratch } = slot;
  const { label, type } = spec;
  const wanted = wantedProperties(layoutNumber(type), spec.properties, context);
  return yield* withPool(system, slot, pool, true, context, function* ({ poh, uuid: poolUuid }) {
    const list = allocateProperties(lib, slot, wanted, label, context);
    try {
      check(yield (event) => lib.contCreate(poh, scratch.address + AT.uuid, list, event), context);
    } finally {
      lib.propFree(list);
    }
    return { uuid: uuidText(scratch.bytes, AT.uuid), label, type, poolUuid };
  });
}

/** To look at a container is not to open it: DAOS would note the moment as that of its latest opening, or closing. */
const LOOKED_AT = DAOS.DAOS_COO_RO | DAOS.DAOS_COO_RO_MDSTATS;

interface Listed {
  readonly uuid: string;
  readonly label: string | undefined;
}

function* listOf(lib: LibDaos, slot: Slot, poh: number, context: string): Operation<Listed[]> {
  const { scratch } = slot;
  const size = SIZE["struct daos_pool_cont_info"];
  const { pci_uuid, pci_label } = OFFSET["struct daos_pool_cont_info"];
  scratch.setPointer(AT.count, 0);
  check(yield (event) => lib.poolListContainers(poh, scratch.address + AT.count, 0, event), context);
  for (;;) {
    // Some more: others may be created meanwhile.
    const room = scratch.pointer(AT.count) + 16;
    const list = Buffer.allocUnsafeSlow(room * size);
    slot.kept.push(list);
    const address = addressOf(list);
    scratch.setPointer(AT.count, room);
    const rc: number = yield (event) => lib.poolListContainers(poh, scratch.address + AT.count, address, event);
    const count = scratch.pointer(AT.count);
    if (count > room) continue;
    check(rc, context);
    return Array.from({ length: count }, (_, i) => {
      const at = i * size;
      const label = list.toString("latin1", at + pci_label, list.indexOf(0, at + pci_label));
      return {
        uuid: uuidText(list, at + pci_uuid),
        label: label === "" || label === NO_LABEL ? undefined : label,
      };
    });
  }
}

/** The containers of a pool. Each is opened for a moment: the pool does not know their types. */
export function* listContainers(system: DaosSystem, slot: Slot, pool: string): Operation<ContainerInfo[]> {
  const context = `failed to connect to pool ${pool}`;
  const { lib } = system;
  return yield* withPool(system, slot, pool, false, context, function* ({ poh, uuid: poolUuid }) {
    const infos: ContainerInfo[] = [];
    for (const { uuid, label } of yield* listOf(lib, slot, poh, context)) {
      try {
        const { info } = yield* withContainer(lib, slot, poh, uuid, LOOKED_AT, context, (coh) =>
          describe(lib, slot, coh, poolUuid, context),
        );
        infos.push(info);
      } catch (e) {
        if (DaosError.is(e, "DER_NONEXIST")) continue;
        // Held by someone for himself, or not ours to open: its type stays unknown.
        if (!DaosError.is(e, "DER_NO_PERM", "DER_BUSY")) throw e;
        infos.push({ uuid, label, type: "unknown", poolUuid });
      }
    }
    return infos;
  });
}

/** A pool: what it holds and what it has left. */
export function* queryPool(system: DaosSystem, slot: Slot, pool: string): Operation<PoolStatus> {
  const context = "failed to query pool";
  const { lib } = system;
  const { scratch } = slot;
  return yield* withPool(system, slot, pool, false, context, function* ({ poh, uuid }) {
    scratch.bytes.fill(0, AT.info, AT.info + SIZE.daos_pool_info_t);
    scratch.setUint32(AT.info + OFFSET.daos_pool_info_t.pi_bits, DAOS.DPI_SPACE);
    const list = allocateProperties(lib, slot, [[DAOS.DAOS_PROP_PO_LABEL, 0]], undefined, context);
    try {
      check(yield (event) => lib.poolQuery(poh, 0, scratch.address + AT.info, list, event), context);
      const sum = (offsets: readonly number[]): number =>
        offsets.reduce((total, at) => total + scratch.pointer(AT.info + at), 0);
      const [totalBytes, freeBytes] = [sum(POOL_SPACE.total), sum(POOL_SPACE.free)];
      const label = poolLabel(lib, slot, list) ?? pool;
      const containers = (yield* listOf(lib, slot, poh, context)).length;
      return { uuid, label, mode: undefined, containers, totalBytes, freeBytes };
    } finally {
      lib.propFree(list);
    }
  });
}

/** A container: its properties and its state. */
export function* queryContainer(
  system: DaosSystem,
  slot: Slot,
  pool: string,
  container: string,
): Operation<ContainerStatus> {
  const context = "failed to query container";
  const { lib } = system;
  return yield* withPool(system, slot, pool, false, context, ({ poh, uuid }) =>
    withContainer(lib, slot, poh, container, LOOKED_AT, context, function* (coh) {
      const { info, named, state } = yield* describe(lib, slot, coh, uuid, context);
      const { ci_nhandles, ci_nsnapshots, ci_md_otime, ci_md_mtime } = OFFSET.daos_cont_info_t;
      return {
        ...info,
        properties: named,
        openHandles: state.readUInt32LE(ci_nhandles),
        snapshots: state.readUInt32LE(ci_nsnapshots),
        created: undefined,
        opened: dateOf(state.readBigUInt64LE(ci_md_otime)) ?? null,
        modified: dateOf(state.readBigUInt64LE(ci_md_mtime)),
      };
    }),
  );
}

/** Removes a container. DER_BUSY while someone has it open, unless `force`. */
export function* destroyContainer(
  system: DaosSystem,
  slot: Slot,
  pool: string,
  container: string,
  force: boolean,
): Operation<void> {
  const context = `failed to destroy container ${container}`;
  yield* withPool(system, slot, pool, true, context, function* ({ poh }) {
    const rc: number = yield (event) => system.lib.contDestroy(poh, container, force ? 1 : 0, event);
    check(rc, context, rc === -ERRNO.BUSY ? "it is open somewhere; close it, or force it" : undefined);
  });
}

/** Looks for what is wrong with a container's objects. */
export function* checkContainer(
  system: DaosSystem,
  slot: Slot,
  pool: string,
  container: string,
  repair: boolean,
): Operation<CheckReport> {
  const context = "failed to check container";
  const { lib } = system;
  return yield* withPool(system, slot, pool, true, context, ({ poh, uuid }) =>
    // For repairs it has to be ours alone: an object without a name may be one that is being made right now.
    withContainer(lib, slot, poh, container, repair ? DAOS.DAOS_COO_EX : DAOS.DAOS_COO_RW, context, function* (coh) {
      const { info, root } = yield* describe(lib, slot, coh, uuid, context);
      if (info.type !== "PYTHON" || root === undefined)
        throw new DaosError("DER_INVAL", context, {
          detail: `the container is of type ${info.type}; only PYTHON containers hold dictionaries and arrays`,
        });
      return yield* checkObjects(lib, slot, coh, withType(root, DAOS.DAOS_OT_KV_HASHED), repair);
    }),
  );
}

/** A UUID's 16 bytes as text. */
export function uuidText(bytes: Uint8Array, at: number): string {
  const hex = Buffer.from(bytes.subarray(at, at + 16)).toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** 2021-01-01, where DAOS's clock begins, milliseconds. */
const CLOCK_START_MS = Date.UTC(2021, 0, 1);
/** DAOS's clock counts sixteenths of a nanosecond. */
const CLOCK_TICKS_A_MS = 16_000_000n;

/** The moment of a reading of DAOS's hybrid logical clock; `undefined` for none. */
export function dateOf(clock: bigint): Date | undefined {
  return clock === 0n ? undefined : new Date(CLOCK_START_MS + Number(clock / CLOCK_TICKS_A_MS));
}
