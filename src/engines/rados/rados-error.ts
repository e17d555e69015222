/** librados' errors (negative errno of Linux), told in DAOS's codes. */
import { DaosError, type DerCode } from "../../errors.ts";

/** The ones that algorithms look at. */
export const ERRNO = {
  perm: -1,
  noEntry: -2,
  io: -5,
  access: -13,
  exists: -17,
  invalid: -22,
  range: -34,
  overflow: -75,
  notSupported: -95,
  timedOut: -110,
  cancelled: -125,
} as const;

const NAMES: Readonly<Record<number, readonly [name: string, code: DerCode]>> = {
  1: ["EPERM", "DER_NO_PERM"],
  2: ["ENOENT", "DER_NONEXIST"],
  5: ["EIO", "DER_IO"],
  11: ["EAGAIN", "DER_BUSY"],
  12: ["ENOMEM", "DER_NOMEM"],
  13: ["EACCES", "DER_NO_PERM"],
  16: ["EBUSY", "DER_BUSY"],
  17: ["EEXIST", "DER_EXIST"],
  22: ["EINVAL", "DER_INVAL"],
  27: ["EFBIG", "DER_REC2BIG"],
  28: ["ENOSPC", "DER_NOSPACE"],
  30: ["EROFS", "DER_NO_PERM"],
  90: ["EMSGSIZE", "DER_REC2BIG"],
  95: ["EOPNOTSUPP", "DER_NOSYS"],
  101: ["ENETUNREACH", "DER_UNREACH"],
  107: ["ENOTCONN", "DER_UNREACH"],
  108: ["ESHUTDOWN", "DER_UNREACH"],
  110: ["ETIMEDOUT", "DER_TIMEDOUT"],
  111: ["ECONNREFUSED", "DER_UNREACH"],
  113: ["EHOSTUNREACH", "DER_UNREACH"],
  122: ["EDQUOT", "DER_NOSPACE"],
};

const HINTS: Partial<Record<DerCode, string>> = {
  DER_TIMEDOUT:
    "the cluster did not answer in time; whether a write has landed is not known. Look at `ceph -s`, or raise the option timeout",
  DER_NO_PERM: "the capabilities of this Ceph user do not allow it",
  DER_NOSPACE: "the cluster or the pool's quota is full",
  DER_NOSYS: "dictionaries need a replicated pool",
};

/** A librados error as it came: the `cause` of the DaosError. */
class RadosError extends Error {
  readonly errno: number;

  constructor(errno: number, what: string) {
    super(`${what}: ${NAMES[-errno]?.[0] ?? `errno ${-errno}`}`);
    this.name = "RadosError";
    this.errno = errno;
  }
}

/**
 * The DaosError for a negative result of librados.
 *
 * @param what - the call or the object that it is about.
 * @param detail - more to say than the errno does.
 */
export function fromRados(errno: number, context: string, what: string, detail?: string): DaosError {
  const code = NAMES[-errno]?.[1] ?? "DER_MISC";
  const cause = new RadosError(errno, what);
  return new DaosError(code, context, { cause, detail: detail ?? HINTS[code] ?? cause.message });
}
