/** Ctrl-C and `kill` in the middle of work that wants to end in good order. */

const EXIT_STATUS = { SIGINT: 130, SIGTERM: 143 } as const;

/** Whether an interrupt came. */
export interface Interrupt extends Disposable {
  /** The exit status that it asks for; undefined when none came. */
  readonly status: number | undefined;
}

/** Calls `stop` at the first interrupt; a second one ends the process at once. */
export function onInterrupt(stop: () => void): Interrupt {
  let status: number | undefined;
  const listen = (signal: "SIGINT" | "SIGTERM"): void => {
    if (status !== undefined) process.exit(EXIT_STATUS[signal]);
    status = EXIT_STATUS[signal];
    stop();
  };
  process.on("SIGINT", listen);
  process.on("SIGTERM", listen);
  return {
    get status() {
      return status;
    },
    [Symbol.dispose]() {
      process.off("SIGINT", listen);
      process.off("SIGTERM", listen);
    },
  };
}
