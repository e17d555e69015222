/** Errors of tsdaos: one class, DAOS's codes and numbers (`src/include/daos_errno.h` of DAOS), PyDAOS's messages. */

/**
 * DAOS error codes that tsdaos raises, each with DAOS's own number and description.
 * `docs/errors.md` has a heading for each: when it is raised and what to do.
 */
export const DER = {
  DER_NO_PERM: [1001, "Operation not permitted"],
  DER_NO_HDL: [1002, "Invalid handle"],
  DER_INVAL: [1003, "Invalid parameters"],
  DER_EXIST: [1004, "Entity already exists"],
  DER_NONEXIST: [1005, "The specified entity does not exist"],
  DER_UNREACH: [1006, "Unreachable node"],
  DER_NOSPACE: [1007, "No space on storage target"],
  DER_NOMEM: [1009, "Out of memory"],
  DER_NOSYS: [1010, "Function not implemented"],
  DER_TIMEDOUT: [1011, "Time out"],
  DER_BUSY: [1012, "Device or resource busy"],
  DER_MISC: [1025, "Miscellaneous error"],
  DER_MISMATCH: [1031, "Version mismatch"],
  DER_IO: [2001, "I/O error"],
  DER_KEY2BIG: [2012, "Key is too large"],
  DER_REC2BIG: [2013, "Record is too large"],
  DER_TX_RESTART: [2025, "Transaction should restart"],
  DER_AGENT_COMM: [2034, "Agent communication error"],
} as const satisfies Record<string, readonly [number, string]>;

/** The name of a DAOS error code, such as `"DER_EXIST"`. */
export type DerCode = keyof typeof DER;

/** What may accompany a {@link DaosError}. */
export interface DaosErrorOptions {
  /** The engine's own error (a SQLite, file system or librados error). */
  readonly cause?: unknown;
  /** One more clause for the message: which file, which type, what to do. */
  readonly detail?: string | undefined;
}

// Shared through the global symbol registry: the mark holds across two copies of the package in one process.
const MARK = Symbol.for("tsdaos.DaosError");

/**
 * The one error class of tsdaos.
 *
 * `message` has PyDAOS's form: `failed to create DAOS dict: DER_EXIST(-1004): Entity already exists`.
 */
export class DaosError<C extends DerCode = DerCode> extends Error {
  static {
    Object.defineProperty(DaosError.prototype, MARK, { value: true });
  }

  /** DAOS's name of the error, such as `"DER_EXIST"`. */
  readonly code: C;
  /** DAOS's number of the error, negative, such as `-1004`. */
  readonly errno: number;
  /** What was being done when it happened, such as `failed to create DAOS dict`. */
  readonly context: string;
  /** One more clause: which file, which type, what to do. */
  readonly detail: string | undefined;

  /**
   * @param code - DAOS's name of the error.
   * @param context - what was being done, in PyDAOS's words where it has them.
   * @param options - the engine's own error as `cause`, a further clause as `detail`.
   */
  constructor(code: C, context: string, options: DaosErrorOptions = {}) {
    super(
      `${context}: ${derText(code)}${options.detail === undefined ? "" : `; ${options.detail}`}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.errno = -DER[code][0];
    this.context = context;
    this.detail = options.detail;
  }

  /**
   * Whether `e` is a DaosError, of any copy of this package, with one of `codes` (none given: any code).
   *
   * @example
   * ```ts
   * import { DaosError } from "tsdaos";
   * try {
   *   throw new DaosError("DER_EXIST", "failed to create DAOS dict");
   * } catch (e) {
   *   if (!DaosError.is(e, "DER_EXIST")) throw e;
   * }
   * ```
   */
  static is<C extends DerCode>(e: unknown, ...codes: C[]): e is DaosError<C> {
    return (
      typeof e === "object" &&
      e !== null &&
      (e as { [MARK]?: unknown })[MARK] === true &&
      (codes.length === 0 || codes.includes((e as DaosError<C>).code))
    );
  }
}
Object.defineProperty(DaosError.prototype, "name", { value: "DaosError", configurable: true, writable: true });

/** A name that the container does not have. Code DER_NONEXIST; the message is PyDAOS's: `Failed to open 'stadium'`. */
export class DObjNotFound extends DaosError<"DER_NONEXIST"> {
  /** @param objectName - the name that was looked for. */
  constructor(objectName: string) {
    super("DER_NONEXIST", `Failed to open '${objectName}'`);
    this.message = `Failed to open '${objectName}'`;
  }
}
Object.defineProperty(DObjNotFound.prototype, "name", { value: "DObjNotFound", configurable: true, writable: true });

/** `DER_EXIST(-1004): Entity already exists`: the code as the `daos` tool prints it. */
export function derText(code: DerCode): string {
  const [number, description] = DER[code];
  return `${code}(-${number}): ${description}`;
}

/**
 * The same failure, said in the words of the caller: code, detail and cause stay, the context is replaced.
 * Anything that is not a DaosError (an abort reason, a TypeError) is returned as it is.
 */
export function inContext(context: string, error: unknown): unknown {
  if (!DaosError.is(error) || error instanceof DObjNotFound) return error;
  return new DaosError(error.code, context, { cause: error.cause ?? error, detail: error.detail });
}
