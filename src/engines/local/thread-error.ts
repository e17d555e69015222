/** Errors on their way between threads: a DaosError does not survive being cloned. */
import { DaosError, type DerCode } from "../../errors.ts";

/** What of an error is sent. */
export interface ErrorRecord {
  readonly code: DerCode;
  readonly context: string;
  readonly detail: string | undefined;
  /** The message of the engine's own error. */
  readonly cause: string | undefined;
}

/** The record of any error; what is no DaosError becomes DER_MISC. */
export function toRecord(e: unknown, context: string): ErrorRecord {
  if (DaosError.is(e)) return { code: e.code, context: e.context, detail: e.detail, cause: messageOf(e.cause) };
  return { code: "DER_MISC", context, detail: messageOf(e), cause: undefined };
}

/** The error again. */
export function fromRecord({ code, context, detail, cause }: ErrorRecord): DaosError {
  return new DaosError(code, context, { detail, cause: cause === undefined ? undefined : new Error(cause) });
}

function messageOf(e: unknown): string | undefined {
  return e instanceof Error ? e.message : undefined;
}
