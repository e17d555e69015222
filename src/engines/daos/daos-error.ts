/** From libdaos's return codes to `DaosError`. */
import { DaosError, DER, type DerCode } from "../../errors.ts";
import { ERRNO } from "../../ffi/daos-abi.ts";

/** Codes that tsdaos does not raise, and the one that says the same to a caller. */
const NEAREST: Readonly<Record<number, DerCode>> = {
  [ERRNO.DER_ENOENT]: "DER_NONEXIST",
  [ERRNO.DER_OVERFLOW]: "DER_REC2BIG",
  [ERRNO.DER_OOG]: "DER_UNREACH",
  [ERRNO.DER_HG]: "DER_UNREACH",
  [ERRNO.DER_EXCLUDED]: "DER_UNREACH",
  [ERRNO.DER_SHUTDOWN]: "DER_UNREACH",
  [ERRNO.DER_NO_SERVICE]: "DER_UNREACH",
  [ERRNO.DER_NOREPLY]: "DER_TIMEDOUT",
  [ERRNO.DER_NO_SHMEM]: "DER_NOMEM",
  [ERRNO.DER_CSUM]: "DER_IO",
  [ERRNO.DER_DATA_LOSS]: "DER_IO",
  [ERRNO.DER_RF]: "DER_IO",
  [ERRNO.DER_NVME_IO]: "DER_IO",
  [ERRNO.DER_DF_INVAL]: "DER_MISMATCH",
  [ERRNO.DER_DF_INCOMPT]: "DER_MISMATCH",
  [ERRNO.DER_AGENT_INCOMPAT]: "DER_MISMATCH",
  [ERRNO.DER_CONTROL_INCOMPAT]: "DER_MISMATCH",
  [ERRNO.DER_NOTSUPPORTED]: "DER_NOSYS",
  [ERRNO.DER_NO_CERT]: "DER_NO_PERM",
  [ERRNO.DER_BAD_CERT]: "DER_NO_PERM",
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
  return name === undefined ? String(rc) : `${name}(${rc})`;
}
