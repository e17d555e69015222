/** DAOS's unified namespace: directories and files whose extended attribute `user.daos` names a container. */
import { constants } from "node:os";
import { getSystemErrorName } from "node:util";
import type { PlaceOfContainer } from "../../engine/contract.ts";
import { DaosError, type DerCode } from "../../errors.ts";
import { Arena } from "../../ffi/arena.ts";
import { DAOS, OFFSET, SIZE } from "../../ffi/daos-abi.ts";
import { libduns } from "../../ffi/libduns.ts";

const CONTEXT = "failed to resolve path";
const { ENODATA, ENOTSUP, ENOENT, EACCES, EPERM } = constants.errno;
const CODES: Readonly<Record<number, DerCode>> = {
  [ENOENT]: "DER_NONEXIST",
  [EACCES]: "DER_NO_PERM",
  [EPERM]: "DER_NO_PERM",
  [constants.errno.EINVAL]: "DER_INVAL",
};

/** The container that a path stands for; `undefined` for one that stands for none. DER_NOSYS without libduns. */
export function resolvePath(path: string): PlaceOfContainer | undefined {
  const lib = libduns();
  const attributes = new Arena(SIZE["struct duns_attr_t"]);
  try {
    const { bytes, address } = attributes;
    const { da_flags, da_pool, da_cont } = OFFSET["struct duns_attr_t"];
    bytes.fill(0);
    // A path below one that stands for a container is not that container.
    attributes.setUint32(da_flags, DAOS.DUNS_NO_REVERSE_LOOKUP);
    const errno = lib.resolvePath(path, address);
    if (errno === ENODATA || errno === ENOTSUP) return undefined;
    if (errno !== 0)
      throw new DaosError(CODES[errno] ?? "DER_IO", CONTEXT, {
        detail: `${path}: libduns answered ${getSystemErrorName(-errno)} for its extended attribute user.daos`,
      });
    const text = (at: number): string => bytes.toString("latin1", at, bytes.indexOf(0, at));
    const place = { pool: text(da_pool), container: text(da_cont) };
    lib.destroyAttr(address);
    return place;
  } finally {
    attributes.free();
  }
}
