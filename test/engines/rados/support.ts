/** What the tests of the rados engine share. */
import { randomUUID } from "node:crypto";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createContainer, createPool, DCont } from "../../../src/index.ts";
import { CephCluster, type CephOptions, cephMissing } from "../../helpers/ceph.ts";
import { skipWithout } from "../../needs.ts";

/** A cluster of the tests with a pool and a container in it. */
export interface Ground {
  readonly cluster: CephCluster;
  readonly system: string;
  readonly pool: string;
  readonly container: string;
  /** Opens the container as another client: no two share a connection. */
  client(parameters?: { timeout?: number }): Promise<DCont>;
  /** The system's URL for another client. */
  clientSystem(timeout?: number): string;
}

/**
 * Tests on a cluster of their own. Without Ceph they are skipped, with the reason; with `rados` among the words of the
 * environment variable TSDAOS_TEST_REQUIRE that is a failure instead.
 */
export function onCluster(name: string, options: CephOptions, define: (ground: () => Ground) => void): void {
  const missing = cephMissing();
  if (missing !== undefined) {
    test(name, (t) => t.skip(skipWithout("rados", missing)));
    return;
  }
  describe(name, () => {
    let ground: Ground | undefined;
    before(async () => {
      ground = await prepare(options);
    });
    after(() => ground?.cluster.remove());
    define(() => ground!);
  });
}

async function prepare(options: CephOptions): Promise<Ground> {
  const cluster = await CephCluster.start(options);
  const system = cluster.system();
  const pool = "tank";
  const container = "neo";
  await createPool(pool, { system });
  await createContainer(pool, container, { system });
  // Connections are told apart by what they are opened with: another file, another client.
  let clients = 0;
  const clientSystem = (timeout = 30_000): string => {
    const conf = join(cluster.directory, `client-${++clients}.conf`);
    copyFileSync(cluster.conf, conf);
    return `rados://${conf}?id=admin&timeout=${timeout}`;
  };
  const client = ({ timeout }: { timeout?: number } = {}): Promise<DCont> =>
    DCont.open(pool, container, { system: clientSystem(timeout) });
  return { cluster, system, pool, container, client, clientSystem };
}

/** A name that no other test uses. */
export function unique(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`;
}
