/**
 * A Ceph cluster of this machine's own, to try the rados engine on: `npm run ceph -- start`.
 *
 *   start [memstore|bluestore]   makes a cluster (default: bluestore) and prints the URL of its system
 *   stop                         ends it; everything in it is gone
 *   kill N                       kills OSD N, at once
 *   revive N                     starts OSD N again
 *   status                       what Ceph says of itself
 */
import { existsSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { CephCluster, cephMissing } from "../test/helpers/ceph.ts";

const directory = join(tmpdir(), `tsdaos-ceph-of-${userInfo().username}`);
const [verb, argument] = process.argv.slice(2);

try {
  await main();
} catch (e) {
  console.error((e as Error).message);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const cluster = new CephCluster(directory, true);
  switch (verb) {
    case "start": {
      const missing = cephMissing();
      if (missing !== undefined) throw new Error(missing);
      if (existsSync(directory)) throw new Error(`there is one in ${directory}; stop it first`);
      const store = argument ?? "bluestore";
      if (store !== "memstore" && store !== "bluestore") throw new Error("a cluster is memstore or bluestore");
      const started = await CephCluster.start({ store, directory, outlives: true });
      console.log(`export DAOS_SYSTEM='${started.system()}'`);
      return;
    }
    case "stop":
      cluster.remove();
      return;
    case "kill":
      await cluster.killOsd(osd(cluster));
      return;
    case "revive":
      cluster.startOsd(osd(cluster));
      return;
    case "status":
      console.log(await cluster.ceph("-s"));
      return;
    default:
      throw new Error("usage: npm run ceph -- start [memstore|bluestore] | stop | kill N | revive N | status");
  }
}

function osd(cluster: CephCluster): number {
  if (!existsSync(directory)) throw new Error("there is no cluster: npm run ceph -- start");
  const id = Number(argument);
  if (argument === undefined || !cluster.osds().includes(id)) throw new Error(`OSDs are ${cluster.osds().join(", ")}`);
  return id;
}
