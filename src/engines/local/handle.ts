/** What the objects of an open container share: is it still open, may it be written. */
import { DaosError } from "../../errors.ts";
import type { ContainerCore } from "./container-core.ts";

/** A handle of a container: its core, as long as it is open. */
export class Handle {
  #core: ContainerCore | undefined;
  readonly #mode: "RO" | "RW";

  constructor(core: ContainerCore, mode: "RO" | "RW") {
    this.#core = core;
    this.#mode = mode;
  }

  /** The core; DER_NO_HDL once the container is closed. */
  core(): ContainerCore {
    if (this.#core === undefined)
      throw new DaosError("DER_NO_HDL", "failed to use the container", { detail: "the container is closed" });
    return this.#core;
  }

  /** The core for writing; DER_NO_PERM when the container is open read-only. */
  writable(): ContainerCore {
    const core = this.core();
    if (this.#mode === "RO")
      throw new DaosError("DER_NO_PERM", "failed to write", { detail: "the container is open read-only" });
    return core;
  }

  /** The core, for the last time; `undefined` when it was closed before. */
  close(): ContainerCore | undefined {
    const core = this.#core;
    this.#core = undefined;
    return core;
  }
}
