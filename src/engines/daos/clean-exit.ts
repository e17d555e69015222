/**
 * Handles that are open when the process ends stay open on the servers for a while, and keep `daos cont destroy` from
 * working; so they are closed at the end, however it came: by itself, by `process.exit`, by an error that nobody caught.
 * A process that is killed leaves them to the DAOS agent, which evicts the handles of processes that are gone.
 */

/** Something to close at the end of the process. */
export interface Closable {
  /** Closes, blocking, after waiting so long for what is under way. Must not throw for what is silent. */
  abandon(waitMs: number): void;
}

/** How long the end of the process waits for what is under way, milliseconds. */
const LAST_WAIT_MS = 2000;

const open = new Set<Closable>();
let listening = false;

/** Closes it when the process ends, unless it was closed before. */
export function closeAtExit(closable: Closable): void {
  open.add(closable);
  if (listening) return;
  listening = true;
  process.on("exit", () => {
    for (const each of open) {
      try {
        each.abandon(LAST_WAIT_MS);
      } catch {
        // The process ends: there is nobody to tell, and the agent evicts the handle.
      }
    }
  });
}

/** It is closed now. */
export function closedInTime(closable: Closable): void {
  open.delete(closable);
}
