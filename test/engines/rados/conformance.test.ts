import { testEngine } from "../../../src/testing.ts";
import { CephCluster, cephMissing } from "../../helpers/ceph.ts";
import { onCluster } from "./support.ts";

const options = { store: "memstore" } as const;
if (cephMissing() === undefined) testEngine({ system: (await CephCluster.start(options)).system() });
else onCluster("conformance of the engine rados", options, () => {});
