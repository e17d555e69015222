/**
 * The functions of librados 2 that are used, as `/usr/include/rados/librados.h` declares them (Ceph 12 and later).
 * Every pointer and handle is a `uintptr_t`, so a number. A negative result is an errno.
 */
import { type Library, loadLibrary } from "./koffi.ts";

/** A pointer or a handle of C. */
export type Pointer = number;

/** Comparisons of the guards in operations (`LIBRADOS_CMPXATTR_OP_*`). */
export const COMPARE = { eq: 1, gt: 3, lt: 5 } as const;

/** Flags of an operation (`LIBRADOS_OPERATION_*`). */
export const OPERATION = {
  /** Answer ENOSPC when the cluster is full, instead of waiting until it is not. */
  fullTry: 64,
} as const;

/** `LIBRADOS_CREATE_*`: whether creating what exists is an error. */
export const CREATE = { exclusive: 1, idempotent: 0 } as const;

const P = "uintptr_t";

function declare(lib: Library) {
  return {
    create2: lib.func("rados_create2", "int", [P, "str", "str", "uint64_t"]),
    confReadFile: lib.func("rados_conf_read_file", "int", [P, "str"]),
    confSet: lib.func("rados_conf_set", "int", [P, "str", "str"]),
    connect: lib.func("rados_connect", "int", [P]),
    shutdown: lib.func("rados_shutdown", "void", [P]),
    clusterFsid: lib.func("rados_cluster_fsid", "int", [P, P, "size_t"]),
    monCommand: lib.func("rados_mon_command", "int", [P, P, "size_t", "str", "size_t", P, P, P, P]),
    bufferFree: lib.func("rados_buffer_free", "void", [P]),
    poolCreate: lib.func("rados_pool_create", "int", [P, "str"]),
    poolDelete: lib.func("rados_pool_delete", "int", [P, "str"]),
    ioctxCreate2: lib.func("rados_ioctx_create2", "int", [P, "int64_t", P]),
    ioctxDestroy: lib.func("rados_ioctx_destroy", "void", [P]),
    setNamespace: lib.func("rados_ioctx_set_namespace", "void", [P, "str"]),

    createCompletion: lib.func("rados_aio_create_completion2", "int", [P, P, P]),
    releaseCompletion: lib.func("rados_aio_release", "void", [P]),
    isComplete: lib.func("rados_aio_is_complete", "int", [P]),
    waitForComplete: lib.func("rados_aio_wait_for_complete", "int", [P]),
    returnValue: lib.func("rados_aio_get_return_value", "int", [P]),
    objectVersion: lib.func("rados_aio_get_version", "uint64_t", [P]),
    cancel: lib.func("rados_aio_cancel", "int", [P, P]),

    createWriteOp: lib.func("rados_create_write_op", P, []),
    releaseWriteOp: lib.func("rados_release_write_op", "void", [P]),
    writeOpCreate: lib.func("rados_write_op_create", "void", [P, "int", P]),
    writeOpRemove: lib.func("rados_write_op_remove", "void", [P]),
    writeOpAssertExists: lib.func("rados_write_op_assert_exists", "void", [P]),
    writeOpAssertVersion: lib.func("rados_write_op_assert_version", "void", [P, "uint64_t"]),
    writeOpWrite: lib.func("rados_write_op_write", "void", [P, P, "size_t", "uint64_t"]),
    writeOpWriteFull: lib.func("rados_write_op_write_full", "void", [P, P, "size_t"]),
    writeOpCmpxattr: lib.func("rados_write_op_cmpxattr", "void", [P, P, "uint8_t", P, "size_t"]),
    writeOpSetxattr: lib.func("rados_write_op_setxattr", "void", [P, P, P, "size_t"]),
    writeOpOmapCmp: lib.func("rados_write_op_omap_cmp2", "void", [P, P, "uint8_t", P, "size_t", "size_t", P]),
    writeOpOmapSet: lib.func("rados_write_op_omap_set2", "void", [P, P, P, P, P, "size_t"]),
    writeOpOmapRemove: lib.func("rados_write_op_omap_rm_keys2", "void", [P, P, P, "size_t"]),
    aioWriteOperate: lib.func("rados_aio_write_op_operate", "int", [P, P, P, "str", P, "int"]),

    createReadOp: lib.func("rados_create_read_op", P, []),
    releaseReadOp: lib.func("rados_release_read_op", "void", [P]),
    readOpCmpxattr: lib.func("rados_read_op_cmpxattr", "void", [P, P, "uint8_t", P, "size_t"]),
    readOpGetxattrs: lib.func("rados_read_op_getxattrs", "void", [P, P, P]),
    readOpRead: lib.func("rados_read_op_read", "void", [P, "uint64_t", "size_t", P, P, P]),
    readOpStat: lib.func("rados_read_op_stat", "void", [P, P, P, P]),
    readOpOmapByKeys: lib.func("rados_read_op_omap_get_vals_by_keys2", "void", [P, P, "size_t", P, P, P]),
    readOpOmapKeys: lib.func("rados_read_op_omap_get_keys2", "void", [P, "str", "uint64_t", P, P, P]),
    readOpOmapValues: lib.func("rados_read_op_omap_get_vals2", "void", [P, "str", "str", "uint64_t", P, P, P]),
    aioReadOperate: lib.func("rados_aio_read_op_operate", "int", [P, P, P, "str", "int"]),

    omapNext: lib.func("rados_omap_get_next2", "int", [P, P, P, P, P]),
    omapSize: lib.func("rados_omap_iter_size", "uint", [P]),
    omapEnd: lib.func("rados_omap_get_end", "void", [P]),
    xattrsNext: lib.func("rados_getxattrs_next", "int", [P, P, P, P]),
    xattrsEnd: lib.func("rados_getxattrs_end", "void", [P]),

    aioWriteFull: lib.func("rados_aio_write_full", "int", [P, "str", P, P, "size_t"]),
    aioRead: lib.func("rados_aio_read", "int", [P, "str", P, P, "size_t", "uint64_t"]),
    aioStat: lib.func("rados_aio_stat", "int", [P, "str", P, P, P]),
    aioRemove: lib.func("rados_aio_remove", "int", [P, "str", P]),

    listOpen: lib.func("rados_nobjects_list_open", "int", [P, P]),
    listNext: lib.func("rados_nobjects_list_next", "int", [P, P, P, P]),
    listClose: lib.func("rados_nobjects_list_close", "void", [P]),

    watch3: lib.func("rados_watch3", "int", [P, "str", P, P, P, "uint32_t", P]),
    unwatch2: lib.func("rados_unwatch2", "int", [P, "uint64_t"]),
    notify2: lib.func("rados_notify2", "int", [P, "str", P, "int", "uint64_t", P, P]),
  };
}

function declareLibc(lib: Library) {
  return {
    memcpy: lib.func("memcpy", P, [P, P, "size_t"]),
    strlen: lib.func("strlen", "size_t", [P]),
  };
}

/** librados, and the two functions of libc that read its memory. */
export type Librados = ReturnType<typeof declare> & ReturnType<typeof declareLibc>;

let library: Librados | undefined;

/** librados, loaded when first asked for. DER_NOSYS with what to install when koffi or librados is missing. */
export function librados(): Librados {
  library ??= {
    ...declare(loadLibrary("librados.so.2", "apt-get install librados2")),
    ...declareLibc(loadLibrary("libc.so.6", "it is part of GNU/Linux, on which alone rados: systems work")),
  };
  return library;
}
