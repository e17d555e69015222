/** The local engine: SQLite for names and dictionaries, one directory a container, any number of processes. */
import type { Container, Engine, Face, OpenContainerOptions, System, SystemAddress } from "../../engine/contract.ts";
import { AsyncLocalSystem } from "./async-system.ts";
import { capabilities } from "./capabilities.ts";
import { SyncContainer } from "./container.ts";
import { LocalSystem } from "./system.ts";

/** Blocking. */
class SyncLocalSystem extends LocalSystem implements System<"sync"> {
  openContainer(pool: string, container: string, { mode }: OpenContainerOptions): Container<"sync"> {
    const { info, core } = this.openCore(pool, container, mode);
    return new SyncContainer(info, core, mode);
  }
}

/** The engine behind `file:` systems. */
export const engine: Engine = Object.freeze({
  name: "local",
  capabilities,
  system<S extends Face>(face: S, address: SystemAddress): System<S> {
    // The type of the twin is the caller's; the value is the one that he named.
    const system = face === "sync" ? new SyncLocalSystem(address) : new AsyncLocalSystem(address);
    return system as System<Face> as System<S>;
  },
});
