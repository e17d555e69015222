/** The rados engine: dictionaries in the omap of RADOS objects, on a Ceph cluster, for any number of hosts. */
import type { Engine, Face, System, SystemAddress } from "../../engine/contract.ts";
import { capabilities } from "./capabilities.ts";
import { runnerOf } from "./runner.ts";
import { RadosSystem } from "./system.ts";

/** The engine behind `rados:` systems. */
export const engine: Engine = Object.freeze({
  name: "rados",
  capabilities,
  system<S extends Face>(face: S, address: SystemAddress): System<S> {
    return new RadosSystem(runnerOf(face), address);
  },
});
