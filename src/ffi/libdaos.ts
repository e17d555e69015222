/**
 * Prototypes of libdaos (DAOS 2.4, headers `daos*.h`). Structs that C passes by value are flattened, as the calling
 * convention of x86-64 has them: a handle (`daos_handle_t`) is one number, an object id two, low half first. The last
 * argument of most calls is the address of an event; 0 makes the call block.
 */
import { type Library, loadLibrary } from "./koffi.ts";

const HANDLE = "uint64_t";
const ADDRESS = "uintptr_t";

function declare(library: Library) {
  return {
    init: library.func("daos_init", "int", []),

    // pool, system, flags, out handle, info
    poolConnect: library.func("daos_pool_connect2", "int", ["str", "str", "uint", ADDRESS, ADDRESS, ADDRESS]),
    poolDisconnect: library.func("daos_pool_disconnect", "int", [HANDLE, ADDRESS]),
    // ranks, info, properties
    poolQuery: library.func("daos_pool_query", "int", [HANDLE, ADDRESS, ADDRESS, ADDRESS, ADDRESS]),
    // in and out count, list or 0 to count
    poolListContainers: library.func("daos_pool_list_cont", "int", [HANDLE, ADDRESS, ADDRESS, ADDRESS]),

    // out uuid, properties
    contCreate: library.func("daos_cont_create2", "int", [HANDLE, ADDRESS, ADDRESS, ADDRESS]),
    // label or uuid, flags, out handle, info
    contOpen: library.func("daos_cont_open2", "int", [HANDLE, "str", "uint", ADDRESS, ADDRESS, ADDRESS]),
    contClose: library.func("daos_cont_close", "int", [HANDLE, ADDRESS]),
    // label or uuid, force
    contDestroy: library.func("daos_cont_destroy2", "int", [HANDLE, "str", "int", ADDRESS]),
    // info, properties
    contQuery: library.func("daos_cont_query", "int", [HANDLE, ADDRESS, ADDRESS, ADDRESS]),
    // count, out low half
    contAllocOids: library.func("daos_cont_alloc_oids", "int", [HANDLE, "uint64_t", ADDRESS, ADDRESS]),
    // out epoch, name, options
    contCreateSnapshot: library.func("daos_cont_create_snap_opt", "int", [HANDLE, ADDRESS, ADDRESS, "int", ADDRESS]),
    // first and last epoch
    contDestroySnapshot: library.func("daos_cont_destroy_snap", "int", [HANDLE, "uint64_t", "uint64_t", ADDRESS]),

    // The address of a new list of so many entries, 0 when memory is short; no entries: for a query of all of them.
    propAlloc: library.func("daos_prop_alloc", ADDRESS, ["uint32_t"]),
    propFree: library.func("daos_prop_free", "void", [ADDRESS]),
    // The address of the list's entry of that type, 0 when it has none.
    propEntryGet: library.func("daos_prop_entry_get", ADDRESS, [ADDRESS, "uint32_t"]),
    // Sets an entry's string, copied.
    propSetString: library.func("daos_prop_set_str", "int", [ADDRESS, "uint32_t", ADDRESS, "uint64_t"]),

    // in and out oid, type, class, hints, arguments; makes no call to the servers
    objGenerateOid: library.func("daos_obj_generate_oid2", "int", [
      HANDLE,
      ADDRESS,
      "int",
      "uint32_t",
      "uint16_t",
      "uint32_t",
    ]),
    // epoch, out handle
    oitOpen: library.func("daos_oit_open", "int", [HANDLE, "uint64_t", ADDRESS, ADDRESS]),
    oitClose: library.func("daos_oit_close", "int", [HANDLE, ADDRESS]),
    // out oids, in and out count, anchor
    oitList: library.func("daos_oit_list", "int", [HANDLE, ADDRESS, ADDRESS, ADDRESS, ADDRESS]),

    // as kvOpen; flags
    objOpen: library.func("daos_obj_open", "int", [HANDLE, "uint64_t", "uint64_t", "uint", ADDRESS, ADDRESS]),
    objPunch: library.func("daos_obj_punch", "int", [HANDLE, HANDLE, "uint64_t", ADDRESS]),
    objClose: library.func("daos_obj_close", "int", [HANDLE, ADDRESS]),
    // transaction, flags, distribution key, count of: descriptors, scatter-gather lists, maps
    objFetch: library.func("daos_obj_fetch", "int", [
      HANDLE,
      HANDLE,
      "uint64_t",
      ADDRESS,
      "uint",
      ADDRESS,
      ADDRESS,
      ADDRESS,
      ADDRESS,
    ]),
    // the same without maps
    objUpdate: library.func("daos_obj_update", "int", [
      HANDLE,
      HANDLE,
      "uint64_t",
      ADDRESS,
      "uint",
      ADDRESS,
      ADDRESS,
      ADDRESS,
    ]),
    // transaction, flags, count of distribution keys, the keys
    objPunchKeys: library.func("daos_obj_punch_dkeys", "int", [HANDLE, HANDLE, "uint64_t", "uint", ADDRESS, ADDRESS]),
    // as kvList
    objListKeys: library.func("daos_obj_list_dkey", "int", [
      HANDLE,
      HANDLE,
      ADDRESS,
      ADDRESS,
      ADDRESS,
      ADDRESS,
      ADDRESS,
    ]),

    // oid (low, high), mode, out handle; makes no call to the servers
    kvOpen: library.func("daos_kv_open", "int", [HANDLE, "uint64_t", "uint64_t", "uint", ADDRESS, ADDRESS]),
    kvClose: library.func("daos_kv_close", "int", [HANDLE, ADDRESS]),
    kvDestroy: library.func("daos_kv_destroy", "int", [HANDLE, HANDLE, ADDRESS]),
    // transaction, flags, key, size, value
    kvPut: library.func("daos_kv_put", "int", [HANDLE, HANDLE, "uint64_t", ADDRESS, "uint64_t", ADDRESS, ADDRESS]),
    // transaction, flags, key, in and out size, value or 0 for its size
    kvGet: library.func("daos_kv_get", "int", [HANDLE, HANDLE, "uint64_t", ADDRESS, ADDRESS, ADDRESS, ADDRESS]),
    // transaction, flags, key
    kvRemove: library.func("daos_kv_remove", "int", [HANDLE, HANDLE, "uint64_t", ADDRESS, ADDRESS]),
    // transaction, in and out count, descriptors, scatter-gather list for the keys, anchor
    kvList: library.func("daos_kv_list", "int", [HANDLE, HANDLE, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS]),

    // out handle, flags; makes no call to the servers
    txOpen: library.func("daos_tx_open", "int", [HANDLE, ADDRESS, "uint64_t", ADDRESS]),
    txCommit: library.func("daos_tx_commit", "int", [HANDLE, ADDRESS]),
    txRestart: library.func("daos_tx_restart", "int", [HANDLE, ADDRESS]),
    txAbort: library.func("daos_tx_abort", "int", [HANDLE, ADDRESS]),
    txClose: library.func("daos_tx_close", "int", [HANDLE, ADDRESS]),

    eqCreate: library.func("daos_eq_create", "int", [ADDRESS]),
    // wait only while something is under way, timeout in microseconds, room for events, out events
    eqPoll: library.func("daos_eq_poll", "int", [HANDLE, "int", "int64_t", "uint", ADDRESS]),
    // event, queue, parent
    eventInit: library.func("daos_event_init", "int", [ADDRESS, HANDLE, ADDRESS]),

    // C's own, for what libdaos allocates: to, from, size; string, most bytes
    memcpy: library.func("memcpy", ADDRESS, [ADDRESS, ADDRESS, "size_t"]),
    strnlen: library.func("strnlen", "size_t", [ADDRESS, "size_t"]),
  };
}

/** The functions of libdaos that tsdaos calls. */
export type LibDaos = ReturnType<typeof declare>;

const INSTALL =
  "DAOS's client packages (libdaos.so.2), or set LD_LIBRARY_PATH to their directory before the program starts";

let loaded: LibDaos | undefined;

/** libdaos, loaded once. DER_NOSYS, naming what to install, when it or koffi is not there. */
export function libdaos(): LibDaos {
  loaded ??= declare(loadLibrary("libdaos.so.2", INSTALL));
  return loaded;
}
