/** Transactions of DAOS (`daos_tx_*`): all changes at one moment, or none. Reads inside do not see the writes inside. */
import { DaosError } from "../../errors.ts";
import { ERRNO } from "../../ffi/daos-abi.ts";
import type { Operation, Slot } from "../../ffi/events.ts";
import type { LibDaos } from "../../ffi/libdaos.ts";
import { check } from "./daos-error.ts";

/** What the body of a transaction ends with. */
export interface Outcome<T> {
  /** Whether what was written is to take effect. */
  readonly commit: boolean;
  readonly result: T;
}

/** Where a slot's memory has the transaction's handle. */
const AT_HANDLE = 8;

/** Runs `body` in a transaction, again and again while others get in its way. */
export function* transaction<T>(
  lib: LibDaos,
  { scratch }: Slot,
  coh: number,
  body: (th: number) => Operation<Outcome<T>>,
): Operation<T> {
  const context = "failed to run a transaction";
  check(lib.txOpen(coh, scratch.address + AT_HANDLE, 0, 0), context);
  const th = scratch.pointer(AT_HANDLE);
  let open = true;
  try {
    for (;;) {
      try {
        const { commit, result } = yield* body(th);
        if (!commit) return result;
        const rc: number = yield (event) => lib.txCommit(th, event);
        open = rc === -ERRNO.TX_RESTART;
        check(rc, context);
        return result;
      } catch (e) {
        if (!DaosError.is(e, "DER_TX_RESTART")) throw e;
      }
      check(lib.txRestart(th, 0), context);
      open = true;
    }
  } finally {
    if (open) lib.txAbort(th, 0);
    lib.txClose(th, 0);
  }
}
