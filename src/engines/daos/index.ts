/** The daos engine: real DAOS containers, in PyDAOS's own layout, through libdaos. */
import type { Engine, Face, System, SystemAddress } from "../../engine/contract.ts";
import { capabilities } from "./capabilities.ts";
import { resolvePath } from "./namespace.ts";
import { AsyncDaosSystem, SyncDaosSystem } from "./system.ts";

/** The engine behind `daos:` systems. */
export const engine: Engine = Object.freeze({
  name: "daos",
  capabilities,
  system<S extends Face>(face: S, address: SystemAddress): System<S> {
    // The type of the twin is the caller's; the value is the one that he named.
    const system = face === "sync" ? new SyncDaosSystem(address) : new AsyncDaosSystem(address);
    return system as System<Face> as System<S>;
  },
  resolvePath,
});
