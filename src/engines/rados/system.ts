/** Pools and containers of the rados engine, one text for both twins. */
import type {
  At,
  CheckReport,
  Container,
  ContainerInfo,
  ContainerSpec,
  ContainerStatus,
  Face,
  OpenContainerOptions,
  PoolInfo,
  PoolStatus,
  R,
  System,
  SystemAddress,
} from "../../engine/contract.ts";
import type { Steps } from "../../engine/steps.ts";
import { DaosError } from "../../errors.ts";
import { type Cluster, type ClusterOptions, ConnectError, connect } from "../../ffi/cluster.ts";
import { librados, type Pointer } from "../../ffi/librados.ts";
import { drive, wait, waitAll } from "../../ffi/pending.ts";
import { isWatched, Watch, watch } from "../../ffi/watch.ts";
import { clusterOptions } from "./address.ts";
import { checkObjects } from "./check.ts";
import { RadosContainer } from "./container.ts";
import { ContainerCore } from "./container-core.ts";
import { containerNamespace, DIRECTORY, FORMAT_VERSION, REGISTRY_NAMESPACE } from "./format.ts";
import { type CephPool, createCephPool, destroyCephPool, openPool, poolBytes, taggedPools } from "./monitor.ts";
import { removeNamespace } from "./objects.ts";
import { WriteOperation } from "./operations.ts";
import { ERRNO, fromRados } from "./rados-error.ts";
import {
  addRecord,
  type ContainerRecord,
  findRecord,
  forgetGarbage,
  infoOf,
  listGarbage,
  listRecords,
  missing,
  newRecord,
  removeRecord,
} from "./registry.ts";
import { type Runner, runSteps } from "./runner.ts";

/** A pool that is in use, with a handle of the namespace where its containers are listed. */
interface OpenPool {
  readonly cluster: Cluster;
  readonly pool: CephPool;
  readonly registry: Pointer;
}

/** See the contract. */
export class RadosSystem<S extends Face> implements System<S> {
  readonly #runner: Runner<S>;
  readonly #options: ClusterOptions;

  constructor(runner: Runner<S>, address: SystemAddress) {
    this.#runner = runner;
    this.#options = clusterOptions(address);
  }

  createPool(label: string, o: At & { readonly mode?: number | undefined }): R<S, PoolInfo> {
    const context = "failed to create pool";
    return this.#inCluster(context, o, function* (cluster, face): Steps<PoolInfo> {
      if (o.mode !== undefined)
        throw new DaosError("DER_NOSYS", context, {
          detail: "pools of a rados: system have no mode; the capabilities of Ceph's users say who may do what",
        });
      return infoOfPool(yield* createCephPool(face, cluster, label));
    });
  }

  listPools(o?: At): R<S, readonly PoolInfo[]> {
    return this.#inCluster("failed to list pools", o, function* (cluster, face): Steps<PoolInfo[]> {
      return (yield* taggedPools(face, cluster)).map(infoOfPool);
    });
  }

  queryPool(pool: string, o?: At): R<S, PoolStatus> {
    return this.#inPool(
      "failed to query pool",
      pool,
      o,
      function* ({ cluster, pool: found, registry }, face): Steps<PoolStatus> {
        const { total, free } = yield* poolBytes(face, cluster, found.id);
        return {
          ...infoOfPool(found),
          mode: undefined,
          containers: (yield* listRecords(registry)).length,
          totalBytes: total,
          freeBytes: free,
        };
      },
    );
  }

  destroyPool(pool: string, o: At & { readonly force: boolean }): R<S, void> {
    const context = "failed to destroy pool";
    return this.#inPool(context, pool, o, function* (opened, face): Steps<void> {
      const records = yield* listRecords(opened.registry);
      if (records.length > 0 && !o.force)
        throw new DaosError("DER_BUSY", context, {
          detail: `${opened.pool.label} has ${records.length} containers; destroy them first, or force it`,
        });
      for (const record of records) yield* removeRecord(opened.registry, record);
      // A pool that is deleted takes everything along; one that only loses our tag is to be left clean.
      if (!opened.pool.isOurs) {
        yield* removeGarbage(opened, face);
        yield* removeNamespace(face, opened.registry);
      }
      yield* destroyCephPool(face, opened.cluster, opened.pool);
    });
  }

  createContainer(pool: string, spec: ContainerSpec): R<S, ContainerInfo> {
    const context = "failed to create container";
    return this.#inPool(context, pool, spec, function* (opened, face): Steps<ContainerInfo> {
      const record = newRecord(spec);
      const ioctx = yield* openPool(face, opened.cluster, opened.pool.id, containerNamespace(record.uuid));
      try {
        const made = yield* wait(new WriteOperation().create(true).start(ioctx, DIRECTORY));
        if (made < 0) throw fromRados(made, context, DIRECTORY);
        if (!(yield* addRecord(opened.registry, record))) {
          yield* wait(new WriteOperation().remove().start(ioctx, DIRECTORY));
          throw new DaosError("DER_EXIST", context);
        }
      } finally {
        librados().ioctxDestroy(ioctx);
      }
      return infoOf(record, opened.pool.uuid);
    });
  }

  listContainers(pool: string, o?: At): R<S, readonly ContainerInfo[]> {
    return this.#inPool(`failed to connect to pool ${pool}`, pool, o, function* ({ pool: found, registry }): Steps<
      ContainerInfo[]
    > {
      return (yield* listRecords(registry)).map((record) => infoOf(record, found.uuid));
    });
  }

  queryContainer(pool: string, container: string, o?: At): R<S, ContainerStatus> {
    const context = "failed to query container";
    return this.#inPool(context, pool, o, function* ({ pool: found, registry }): Steps<ContainerStatus> {
      const record = yield* recordOf(registry, container, context);
      return {
        ...infoOf(record, found.uuid),
        properties: {
          ...(record.label === undefined ? {} : { label: record.label }),
          layout_type: record.type,
          layout_version: String(FORMAT_VERSION),
          rd_fac: "rd_fac0",
          status: "HEALTHY",
          ...record.properties,
        },
        openHandles: undefined,
        snapshots: 0,
        created: new Date(record.created),
        modified: undefined,
      };
    });
  }

  destroyContainer(pool: string, container: string, o: At & { readonly force: boolean }): R<S, void> {
    const context = `failed to destroy container ${container}`;
    return this.#inPool(context, pool, o, function* (opened, face): Steps<void> {
      const record = yield* recordOf(opened.registry, container, context);
      if (!o.force && (yield* isOpen(opened, face, record.uuid)))
        throw new DaosError("DER_BUSY", context, { detail: "it is open somewhere; close it, or force it" });
      if (!(yield* removeRecord(opened.registry, record))) throw missing(context);
      yield* removeGarbage(opened, face);
    });
  }

  checkContainer(pool: string, container: string, o: At & { readonly repair: boolean }): R<S, CheckReport> {
    const context = "failed to check container";
    return this.#inPool(context, pool, o, function* (opened, face): Steps<CheckReport> {
      const record = yield* recordOf(opened.registry, container, context);
      refuseOtherType(record, context);
      const core = yield* coreOf(opened, face, record, o.repair ? "RW" : "RO");
      try {
        return yield* checkObjects(face, core, o.repair);
      } finally {
        yield* core.release(face);
      }
    });
  }

  backupContainer(pool: string, container: string, _target: string, o?: At): R<S, void> {
    const context = "failed to back up container";
    return this.#inPool(context, pool, o, function* ({ registry }): Steps<never> {
      yield* recordOf(registry, container, context);
      throw new DaosError("DER_NOSYS", context, {
        detail: "a rados: system is not files; `daos dict dump` writes dictionaries out",
      });
    });
  }

  openContainer(pool: string, container: string, o: OpenContainerOptions): R<S, Container<S>> {
    const context = "failed to access container";
    const runner = this.#runner;
    return this.#inPool<Container<S>>(context, pool, o, function* (opened, face): Steps<Container<S>> {
      const record = yield* recordOf(opened.registry, container, context);
      refuseOtherType(record, context);
      const core = yield* coreOf(opened, face, record, o.mode);
      return new RadosContainer(runner, infoOf(record, opened.pool.uuid), core);
    });
  }

  #inCluster<T>(context: string, o: At | undefined, work: (cluster: Cluster, face: S) => Steps<T>): R<S, T> {
    const options = this.#options;
    const { face } = this.#runner;
    return runSteps(
      this.#runner,
      function* (): Steps<T> {
        const cluster = yield* connected(face, options, context);
        try {
          return yield* work(cluster, face);
        } finally {
          cluster.release();
        }
      },
      o,
    );
  }

  #inPool<T>(context: string, pool: string, o: At | undefined, work: (pool: OpenPool, face: S) => Steps<T>): R<S, T> {
    return this.#inCluster(context, o, function* (cluster, face): Steps<T> {
      const found = (yield* taggedPools(face, cluster)).find(({ label, uuid }) => label === pool || uuid === pool);
      if (found === undefined) throw missing(context);
      const registry = yield* openPool(face, cluster, found.id, REGISTRY_NAMESPACE);
      try {
        return yield* work({ cluster, pool: found, registry }, face);
      } finally {
        librados().ioctxDestroy(registry);
      }
    });
  }
}

function* connected(face: Face, options: ClusterOptions, context: string): Steps<Cluster> {
  try {
    return yield* connect(face, options);
  } catch (e) {
    if (!(e instanceof ConnectError)) throw e;
    const conf = options.conf ?? "Ceph's configuration file";
    const told = (code: "DER_INVAL" | "DER_NO_PERM" | "DER_UNREACH", detail: string): DaosError =>
      new DaosError(code, context, { cause: e, detail });
    if (e.call === "conf")
      throw told("DER_INVAL", `${conf} cannot be ${e.errno === ERRNO.noEntry ? "found" : "read"} (errno ${-e.errno})`);
    if (e.errno === ERRNO.timedOut)
      throw told("DER_UNREACH", `no monitor of ${conf} answered within ${options.settings.client_mount_timeout} s`);
    if ([ERRNO.perm, ERRNO.access, ERRNO.noEntry, ERRNO.invalid, ERRNO.notSupported].some((errno) => errno === e.errno))
      throw told("DER_NO_PERM", `the cluster refuses client.${options.id}: no key for it was found, or a wrong one`);
    throw told("DER_UNREACH", `the cluster of ${conf} cannot be reached (errno ${-e.errno})`);
  }
}

function* recordOf(registry: Pointer, container: string, context: string): Steps<ContainerRecord> {
  const record = yield* findRecord(registry, container);
  if (record === undefined) throw missing(context);
  return record;
}

/** The core of a container, with one handle more. */
function* coreOf(
  { cluster, pool }: OpenPool,
  face: Face,
  { uuid }: ContainerRecord,
  mode: "RO" | "RW",
): Steps<ContainerCore> {
  const key = JSON.stringify([cluster.key, uuid, mode]);
  const found = ContainerCore.find(key);
  if (found !== undefined) return found;
  const ioctx = yield* openPool(face, cluster, pool.id, containerNamespace(uuid));
  const watched = yield* watch(face, ioctx, DIRECTORY);
  // A user who may only read cannot watch: then nobody is held up by him.
  if (!(watched instanceof Watch) && !(mode === "RO" && (watched === ERRNO.perm || watched === ERRNO.access))) {
    librados().ioctxDestroy(ioctx);
    throw fromRados(watched, "failed to access container", DIRECTORY);
  }
  // Another call of this process may have opened it in the meantime; a second core would do no harm but order.
  const other = ContainerCore.find(key);
  if (other !== undefined) {
    if (watched instanceof Watch) yield* watched.end(face);
    librados().ioctxDestroy(ioctx);
    return other;
  }
  const watching = watched instanceof Watch ? watched : undefined;
  return ContainerCore.add(new ContainerCore(key, cluster.acquire(), ioctx, mode, watching));
}

function* isOpen({ cluster, pool }: OpenPool, face: Face, uuid: string): Steps<boolean> {
  if (ContainerCore.isOpen(uuid)) return true;
  const ioctx = yield* openPool(face, cluster, pool.id, containerNamespace(uuid));
  try {
    return yield* isWatched(face, ioctx, DIRECTORY);
  } finally {
    librados().ioctxDestroy(ioctx);
  }
}

/** Removes the objects of destroyed containers, also of those whose destruction was cut short. */
function* removeGarbage({ cluster, pool, registry }: OpenPool, face: Face): Steps<void> {
  function* removeOne(uuid: string): Steps<void> {
    const ioctx = yield* openPool(face, cluster, pool.id, containerNamespace(uuid));
    try {
      yield* removeNamespace(face, ioctx);
      yield* forgetGarbage(registry, uuid);
    } finally {
      librados().ioctxDestroy(ioctx);
    }
  }
  yield* waitAll((yield* listGarbage(registry)).map((uuid) => drive(removeOne(uuid))));
}

function refuseOtherType({ type }: ContainerRecord, context: string): void {
  if (type !== "PYTHON")
    throw new DaosError("DER_INVAL", context, {
      detail: `the container is of type ${type}; only PYTHON containers hold dictionaries and arrays`,
    });
}

function infoOfPool({ uuid, label }: CephPool): PoolInfo {
  return { uuid, label };
}
