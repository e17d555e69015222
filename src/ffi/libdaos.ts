/**
 * Prototypes of libdaos (DAOS 2.4, headers `daos*.h`). Addresses and sizes are numbers, handles are bigints. Structs that
 * C passes by value are flattened, as the calling convention of x86-64 has them: an object id is two arguments, low half
 * first. Every call but those on events ends with an event's address; 0 makes it block.
 */
import { type Library, loadLibrary } from "./koffi.ts";

/** A handle of DAOS: `daos_handle_t.cookie`. */
export type Handle = bigint;

/** Calls a C function that answers with a return code. */
type Call<A extends readonly (number | bigint | string | null)[]> = (...args: A) => number;

/** The functions of libdaos that tsdaos calls. */
export interface LibDaos {
  readonly init: Call<[]>;
  readonly poolConnect: Call<
    [pool: string, system: string | null, flags: number, poh: number, info: number, event: number]
  >;
  readonly poolDisconnect: Call<[poh: Handle, event: number]>;
  readonly poolQuery: Call<[poh: Handle, ranks: number, info: number, properties: number, event: number]>;
  readonly poolListContainers: Call<[poh: Handle, count: number, list: number, event: number]>;
  readonly contCreate: Call<[poh: Handle, uuid: number, properties: number, event: number]>;
  readonly contOpen: Call<[poh: Handle, cont: string, flags: number, coh: number, info: number, event: number]>;
  readonly contClose: Call<[coh: Handle, event: number]>;
  readonly contDestroy: Call<[poh: Handle, cont: string, force: number, event: number]>;
  readonly contQuery: Call<[coh: Handle, info: number, properties: number, event: number]>;
  readonly contAllocOids: Call<[coh: Handle, count: number, lo: number, event: number]>;
  readonly contCreateSnapshot: Call<[coh: Handle, epoch: number, name: number, options: number, event: number]>;
  readonly contDestroySnapshot: Call<[coh: Handle, low: bigint, high: bigint, event: number]>;
  /** The address of the new list, 0 when memory is short. */
  readonly propAlloc: Call<[entries: number]>;
  readonly propFree: (properties: number) => void;
  /** The address of the entry, 0 when it is absent. */
  readonly propEntryGet: Call<[properties: number, type: number]>;
  readonly objGenerateOid: Call<
    [coh: Handle, oid: number, type: number, oclass: number, hints: number, arguments_: number]
  >;
  readonly oitOpen: Call<[coh: Handle, epoch: bigint, oh: number, event: number]>;
  readonly oitClose: Call<[oh: Handle, event: number]>;
  readonly oitList: Call<[oh: Handle, oids: number, count: number, anchor: number, event: number]>;
  readonly kvOpen: Call<[coh: Handle, lo: bigint, hi: bigint, mode: number, oh: number, event: number]>;
  readonly kvClose: Call<[oh: Handle, event: number]>;
  readonly kvDestroy: Call<[oh: Handle, th: Handle, event: number]>;
  readonly kvPut: Call<
    [oh: Handle, th: Handle, flags: number, key: number, size: number, buffer: number, event: number]
  >;
  readonly kvGet: Call<
    [oh: Handle, th: Handle, flags: number, key: number, size: number, buffer: number, event: number]
  >;
  readonly kvRemove: Call<[oh: Handle, th: Handle, flags: number, key: number, event: number]>;
  readonly kvList: Call<
    [oh: Handle, th: Handle, count: number, descriptors: number, list: number, anchor: number, event: number]
  >;
  readonly txOpen: Call<[coh: Handle, th: number, flags: number, event: number]>;
  readonly txCommit: Call<[th: Handle, event: number]>;
  readonly txAbort: Call<[th: Handle, event: number]>;
  readonly txClose: Call<[th: Handle, event: number]>;
  readonly txRestart: Call<[th: Handle, event: number]>;
  readonly eqCreate: Call<[queue: number]>;
  readonly eqPoll: Call<
    [queue: Handle, waitRunning: number, timeoutUs: number, room: number, events: number]
  > & {
    readonly async: (
      queue: Handle,
      waitRunning: number,
      timeoutUs: number,
      room: number,
      events: number,
      done: (error: unknown, count: number) => void,
    ) => void;
  };
  readonly eventInit: Call<[event: number, queue: Handle, parent: number]>;
  /** Bytes at an address. */
  readonly copy: (to: number, from: number, size: number) => void;
}

const INSTALL =
  "install DAOS's client packages (daos-client, with libdaos.so.2), or set LD_LIBRARY_PATH to their directory before Node starts";

let loaded: LibDaos | undefined;

/** libdaos, loaded once. DER_NOSYS, naming what to install, when it or koffi is not there. */
export function libdaos(): LibDaos {
  loaded ??= declare(loadLibrary("libdaos.so.2", INSTALL));
  return loaded;
}

const ADDRESS = "uintptr_t";
const HANDLE = "uint64_t";

function declare(library: Library): LibDaos {
  const call = (name: string, ...args: string[]) => library.func(name, "int", args);
  return {
    init: call("daos_init"),
    poolConnect: call("daos_pool_connect2", "str", "str", "uint", ADDRESS, ADDRESS, ADDRESS),
    poolDisconnect: call("daos_pool_disconnect", HANDLE, ADDRESS),
    poolQuery: call("daos_pool_query", HANDLE, ADDRESS, ADDRESS, ADDRESS, ADDRESS),
    poolListContainers: call("daos_pool_list_cont", HANDLE, ADDRESS, ADDRESS, ADDRESS),
    contCreate: call("daos_cont_create2", HANDLE, ADDRESS, ADDRESS, ADDRESS),
    contOpen: call("daos_cont_open2", HANDLE, "str", "uint", ADDRESS, ADDRESS, ADDRESS),
    contClose: call("daos_cont_close", HANDLE, ADDRESS),
    contDestroy: call("daos_cont_destroy2", HANDLE, "str", "int", ADDRESS),
    contQuery: call("daos_cont_query", HANDLE, ADDRESS, ADDRESS, ADDRESS),
    contAllocOids: call("daos_cont_alloc_oids", HANDLE, "uint64_t", ADDRESS, ADDRESS),
    contCreateSnapshot: call("daos_cont_create_snap_opt", HANDLE, ADDRESS, ADDRESS, "int", ADDRESS),
    contDestroySnapshot: call("daos_cont_destroy_snap", HANDLE, "uint64_t", "uint64_t", ADDRESS),
    propAlloc: library.func("daos_prop_alloc", ADDRESS, ["uint32_t"]),
    propFree: library.func("daos_prop_free", "void", [ADDRESS]),
    propEntryGet: library.func("daos_prop_entry_get", ADDRESS, [ADDRESS, "uint32_t"]),
    objGenerateOid: call("daos_obj_generate_oid2", HANDLE, ADDRESS, "int", "uint32_t", "uint16_t", "uint32_t"),
    oitOpen: call("daos_oit_open", HANDLE, "uint64_t", ADDRESS, ADDRESS),
    oitClose: call("daos_oit_close", HANDLE, ADDRESS),
    oitList: call("daos_oit_list", HANDLE, ADDRESS, ADDRESS, ADDRESS, ADDRESS),
    kvOpen: call("daos_kv_open", HANDLE, "uint64_t", "uint64_t", "uint", ADDRESS, ADDRESS),
    kvClose: call("daos_kv_close", HANDLE, ADDRESS),
    kvDestroy: call("daos_kv_destroy", HANDLE, HANDLE, ADDRESS),
    kvPut: call("daos_kv_put", HANDLE, HANDLE, "uint64_t", ADDRESS, "uint64_t", ADDRESS, ADDRESS),
    kvGet: call("daos_kv_get", HANDLE, HANDLE, "uint64_t", ADDRESS, ADDRESS, ADDRESS, ADDRESS),
    kvRemove: call("daos_kv_remove", HANDLE, HANDLE, "uint64_t", ADDRESS, ADDRESS),
    kvList: call("daos_kv_list", HANDLE, HANDLE, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS),
    txOpen: call("daos_tx_open", HANDLE, ADDRESS, "uint64_t", ADDRESS),
    txCommit: call("daos_tx_commit", HANDLE, ADDRESS),
    txAbort: call("daos_tx_abort", HANDLE, ADDRESS),
    txClose: call("daos_tx_close", HANDLE, ADDRESS),
    txRestart: call("daos_tx_restart", HANDLE, ADDRESS),
    eqCreate: call("daos_eq_create", ADDRESS),
    eqPoll: call("daos_eq_poll", HANDLE, "int", "int64_t", "uint", ADDRESS),
    eventInit: call("daos_event_init", ADDRESS, HANDLE, ADDRESS),
    copy: library.func("memcpy", "void", [ADDRESS, ADDRESS, "uint64_t"]),
  };
}
