/** From libdaos's return codes to `DaosError`. */
import { DaosError, DER, type DerCode } from "../../errors.ts";
import { ERRNO } from "../../ffi/daos-abi.ts";

/** Codes that tsdaos does not raise, and the one that says the same to a caller. */
const NEAREST: Readonly<Record<number, DerCode>> = {
  [ERRNO.ENOENT]: "DER_NONEXIST",
  [ERRNO.OVERFLOW]: "DER_REC2BIG",
  [ERRNO.OOG]: "DER_UNREACH",
  [ERRNO.HG]: "DER_UNREACH",
  [ERRNO.EXCLUDED]: "DER_UNREACH",
  [ERRNO.SHUTDOWN]: "DER_UNREACH",
  [ERRNO.NO_SERVICE]: "DER_UNREACH",
  [ERRNO.NOREPLY]: "DER_TIMEDOUT",
  [ERRNO.NO_SHMEM]: "DER_NOMEM",
  [ERRNO.CSUM]: "DER_IO",
  [ERRNO.DATA_LOSS]: "DER_IO",
  [ERRNO.RF]: "DER_IO",
  [ERRNO.NVME_IO]: "DER_IO",
  [ERRNO.DF_INVAL]: "DER_MISMATCH",
  [ERRNO.DF_INCOMPT]: "DER_MISMATCH",
  [ERRNO.AGENT_INCOMPAT]: "DER_MISMATCH",
  [ERRNO.CONTROL_INCOMPAT]: "DER_MISMATCH",
  [ERRNO.NOTSUPPORTED]: "DER_NOSYS",
  [ERRNO.NO_CERT]: "DER_NO_PERM",
  [ERRNO.BAD_CERT]: "DER_NO_PERM",
};

/** What to do about it, where the code alone does not say. */
const ADVICE: Partial<Record<DerCode, string>> = {
  DER_AGENT_COMM:
    "no answer from the DAOS agent; start daos_agent, or set DAOS_AGENT_DRPC_DIR to the directory of its socket (default /var/run/daos_agent)",
  DER_UNREACH: "no answer from the DAOS servers; ask `dmg system query` whether they run",
};

const CODES = new Map<number, DerCode>(
  Object.entries(DER).map(([code, [number]]): [number, DerCode] => [number, code as DerCode]),
);

/**
 * The error of a return code.
 *
 * @param rc - what libdaos answered, negative.
 * @param context - what was being done.
 * @param detail - one more clause, instead of the general advice.
 */
export function fromReturnCode(rc: number, context: string, detail?: string): DaosError {
  const exact = CODES.get(-rc);
  const code = exact ?? NEAREST[-rc] ?? "DER_MISC";
  const said = exact === undefined ? `libdaos answered ${nameOf(rc)}` : undefined;
  const clauses = [said, detail ?? ADVICE[code]].filter((clause) => clause !== undefined);
  return new DaosError(code, context, clauses.length === 0 ? {} : { detail: clauses.join("; ") });
}

/** Throws the error of a return code that says failure. */
export function check(rc: number, context: string, detail?: string): void {
  if (rc < 0) throw fromReturnCode(rc, context, detail);
}

function nameOf(rc: number): string {
  const name = Object.entries(ERRNO).find(([, number]) => number === -rc)?.[0];
  return name === undefined ? String(rc) : `DER_${name}(${rc})`;
}
