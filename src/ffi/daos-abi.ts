/**
 * The binary interface of libdaos (DAOS 2.4, libdaos API 2.7, x86-64 Linux) as tables: sizes and offsets of structs, and
 * constants. `test/ffi/daos-abi.test.ts` compares them with what a C compiler says, where DAOS's headers are.
 */

/** Bytes that each struct takes. */
export const SIZE = {
  daos_handle_t: 8,
  daos_obj_id_t: 16,
  d_iov_t: 24,
  d_sg_list_t: 16,
  daos_key_desc_t: 16,
  daos_anchor_t: 120,
  daos_event_t: 176,
  daos_prop_t: 16,
  "struct daos_prop_entry": 16,
  "struct daos_prop_co_roots": 64,
  daos_cont_info_t: 48,
  daos_pool_info_t: 192,
  "struct daos_pool_cont_info": 144,
  daos_epoch_range_t: 16,
  "struct duns_attr_t": 480,
} as const;

/** Where each field is in its struct. */
export const OFFSET = {
  daos_obj_id_t: { lo: 0, hi: 8 },
  d_iov_t: { iov_buf: 0, iov_buf_len: 8, iov_len: 16 },
  d_sg_list_t: { sg_nr: 0, sg_nr_out: 4, sg_iovs: 8 },
  daos_key_desc_t: { kd_key_len: 0 },
  daos_anchor_t: { da_type: 0, da_buf: 16 },
  daos_event_t: { ev_error: 0 },
  daos_prop_t: { dpp_nr: 0, dpp_entries: 8 },
  "struct daos_prop_entry": { dpe_type: 0, dpe_flags: 4, dpe_val: 8 },
  daos_cont_info_t: { ci_uuid: 0, ci_nhandles: 24, ci_nsnapshots: 28, ci_md_otime: 32, ci_md_mtime: 40 },
  daos_pool_info_t: { pi_uuid: 0, pi_bits: 40, pi_space: 48 },
  "struct daos_pool_cont_info": { pci_uuid: 0, pci_label: 16 },
  "struct duns_attr_t": { da_flags: 24, da_pool: 28, da_cont: 156 },
} as const;

/** Inside `daos_pool_info_t`: total and free bytes of the two tiers (storage class memory, NVMe), 8 bytes each. */
export const POOL_SPACE = { total: [48, 56], free: [64, 72] } as const;

/** Constants, under their names in DAOS's headers. */
export const DAOS = {
  DAOS_PC_RO: 1,
  DAOS_PC_RW: 2,
  DAOS_COO_RO: 1,
  DAOS_COO_RW: 2,
  DAOS_COO_EX: 4,
  DAOS_OO_RO: 2,
  DAOS_OO_RW: 4,
  DAOS_COND_KEY_INSERT: 2,
  DAOS_COND_KEY_UPDATE: 4,
  DAOS_COND_KEY_GET: 8,
  DAOS_COND_KEY_REMOVE: 1,
  DAOS_PROP_CO_LABEL: 0x1001,
  DAOS_PROP_CO_LAYOUT_TYPE: 0x1002,
  DAOS_PROP_CO_LAYOUT_VER: 0x1003,
  DAOS_PROP_CO_CSUM: 0x1004,
  DAOS_PROP_CO_REDUN_FAC: 0x1007,
  DAOS_PROP_CO_REDUN_LVL: 0x1008,
  DAOS_PROP_CO_OWNER: 0x100d,
  DAOS_PROP_CO_OWNER_GROUP: 0x100e,
  DAOS_PROP_CO_ROOTS: 0x1011,
  DAOS_PROP_CO_STATUS: 0x1012,
  DAOS_PROP_CO_ALLOCED_OID: 0x1013,
  DAOS_PROP_CO_LAYOUT_UNKNOWN: 0,
  DAOS_PROP_CO_LAYOUT_POSIX: 1,
  DAOS_PROP_CO_LAYOUT_HDF5: 2,
  DAOS_PROP_CO_LAYOUT_PYTHON: 3,
  DAOS_PROP_CO_LAYOUT_SPARK: 4,
  DAOS_PROP_CO_LAYOUT_DATABASE: 5,
  DAOS_PROP_CO_LAYOUT_ROOT: 6,
  DAOS_PROP_CO_LAYOUT_SEISMIC: 7,
  DAOS_PROP_CO_LAYOUT_METEO: 8,
  DAOS_OT_KV_HASHED: 8,
  DAOS_OT_ARRAY: 11,
  OID_FMT_TYPE_SHIFT: 56,
  OID_FMT_CLASS_SHIFT: 48,
  OID_FMT_META_SHIFT: 32,
  DAOS_ANCHOR_TYPE_EOF: 3,
  DAOS_EQ_DESTROY_FORCE: 1,
  DAOS_SNAP_OPT_CR: 1,
  DAOS_SNAP_OPT_OIT: 2,
  DPI_SPACE: 1,
  DAOS_PROP_LABEL_MAX_LEN: 127,
} as const;

/** "No transaction" where a transaction's handle is asked for. */
export const DAOS_TX_NONE = 0n;

/** Numbers of `daos_errno.h`; libdaos answers with them negated. */
export const ERRNO = {
  DER_NO_PERM: 1001,
  DER_NO_HDL: 1002,
  DER_INVAL: 1003,
  DER_EXIST: 1004,
  DER_NONEXIST: 1005,
  DER_UNREACH: 1006,
  DER_NOSPACE: 1007,
  DER_NOMEM: 1009,
  DER_NOSYS: 1010,
  DER_TIMEDOUT: 1011,
  DER_BUSY: 1012,
  DER_OVERFLOW: 1017,
  DER_CANCELED: 1018,
  DER_OOG: 1019,
  DER_HG: 1020,
  DER_MISC: 1025,
  DER_MISMATCH: 1031,
  DER_EXCLUDED: 1032,
  DER_NOREPLY: 1033,
  DER_NO_SHMEM: 1038,
  DER_IO: 2001,
  DER_ENOENT: 2003,
  DER_KEY2BIG: 2012,
  DER_REC2BIG: 2013,
  DER_SHUTDOWN: 2017,
  DER_CSUM: 2021,
  DER_DF_INVAL: 2022,
  DER_DF_INCOMPT: 2023,
  DER_TX_RESTART: 2025,
  DER_DATA_LOSS: 2026,
  DER_AGENT_INCOMPAT: 2029,
  DER_RF: 2031,
  DER_AGENT_COMM: 2034,
  DER_NOTSUPPORTED: 2037,
  DER_CONTROL_INCOMPAT: 2038,
  DER_NO_SERVICE: 2039,
  DER_NVME_IO: 2042,
  DER_NO_CERT: 2043,
  DER_BAD_CERT: 2044,
} as const;
