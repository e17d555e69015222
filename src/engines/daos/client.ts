/** What all open containers of one process share: libdaos itself, event queues, the memory of blocking calls. */
import { DaosError } from "../../errors.ts";
import { Arena } from "../../ffi/arena.ts";
import { ERRNO } from "../../ffi/daos-abi.ts";
import { EventQueue, SCRATCH_BYTES, type Slot, TimedOut } from "../../ffi/events.ts";
import { type LibDaos, libdaos } from "../../ffi/libdaos.ts";
import { check } from "./daos-error.ts";

/** libdaos, initialised. */
export class Client {
  static #shared: Client | undefined;

  readonly lib: LibDaos;
  /** For blocking calls: there is one at a time. */
  readonly slot: Slot;
  readonly #queues = new Map<number, EventQueue>();

  private constructor() {
    this.lib = libdaos();
    const rc = this.lib.init();
    // The socket of an agent that was killed is still there: libdaos has no other word for that.
    check(rc === -ERRNO.MISC ? -ERRNO.AGENT_COMM : rc, "failed to initialize DAOS");
    this.slot = { scratch: new Arena(SCRATCH_BYTES), kept: [] };
  }

  /** The client of this thread. DER_NOSYS when libdaos or koffi is missing, DER_AGENT_COMM without an agent. */
  static shared(): Client {
    Client.#shared ??= new Client();
    return Client.#shared;
  }

  /** The event queue with room for so many operations; made when first needed, for it is expensive. */
  queue(inFlight: number): EventQueue {
    let queue = this.#queues.get(inFlight);
    if (queue === undefined) {
      queue = new EventQueue(this.lib, inFlight, (rc) => check(rc, "failed to create an event queue"));
      this.#queues.set(inFlight, queue);
    }
    return queue;
  }
}

/** The error that a caller gets: DER_TIMEDOUT for a deadline that has passed. */
export function translated(error: unknown, timeoutMs: number): unknown {
  if (!(error instanceof TimedOut)) return error;
  return timedOut(timeoutMs);
}

/** DER_TIMEDOUT: DAOS was silent for longer than `timeout`. */
export function timedOut(timeoutMs: number): DaosError<"DER_TIMEDOUT"> {
  return new DaosError("DER_TIMEDOUT", "no answer from DAOS", {
    detail: `it was silent for ${timeoutMs} ms; a write may still land`,
  });
}
