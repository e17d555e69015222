/** A DAOS system, in both twins. */
import type {
  At,
  CheckReport,
  Container,
  ContainerInfo,
  ContainerSpec,
  ContainerStatus,
  OpenContainerOptions,
  PoolInfo,
  PoolStatus,
  System,
  SystemAddress,
} from "../../engine/contract.ts";
import { withSignal } from "../../engine/signal.ts";
import { DaosError } from "../../errors.ts";
import { runBlocking } from "../../ffi/events.ts";
import { Client, translated } from "./client.ts";
import { AsyncContainer, SyncContainer } from "./container.ts";
import { type Begin, ContainerCore, type Running } from "./container-core.ts";
import type { DaosSystem } from "./pool-operations.ts";
import * as operations from "./pool-operations.ts";

/** Operations under way at a time, as in PyDAOS. */
const IN_FLIGHT = 16;
/** More would only wait inside libdaos. */
const IN_FLIGHT_MAX = 1024;

/** What a `daos:` URL says. */
interface Settings {
  /** The system's name; `null`: the one of the agent. */
  readonly name: string | null;
  readonly inFlight: number;
  readonly timeoutMs: number;
}

/** Reads a `daos:` URL. DER_INVAL for one that makes no sense. */
export function settingsOf({ url, timeout }: SystemAddress): Settings {
  const invalid = (detail: string): DaosError =>
    new DaosError("DER_INVAL", `invalid system ${JSON.stringify(url.href)}`, { detail });
  if (url.username !== "" || url.password !== "" || url.port !== "" || url.hash !== "")
    throw invalid("a daos: URL has a system's name and nothing more, as in daos://daos_server");
  if (url.pathname !== "" && url.pathname !== "/")
    throw invalid("a daos: URL names no pool; write daos: or daos://system-name");
  const text = url.searchParams.get("inFlight");
  const inFlight = text === null ? IN_FLIGHT : Number(text);
  if (!(Number.isInteger(inFlight) && inFlight >= 1 && inFlight <= IN_FLIGHT_MAX))
    throw invalid(
      `inFlight is how many operations may be under way, 1 to ${IN_FLIGHT_MAX}, not ${JSON.stringify(text)}`,
    );
  return { name: url.hostname === "" ? null : url.hostname, inFlight, timeoutMs: timeout };
}

/** What the two twins share. */
class DaosSystems {
  readonly settings: Settings;
  #running: Running | undefined;

  constructor(address: SystemAddress) {
    this.settings = settingsOf(address);
  }

  /** libdaos, started with the first call that needs it. */
  get running(): Running {
    const { inFlight, timeoutMs } = this.settings;
    this.#running ??= { client: Client.shared(), inFlight, timeoutMs };
    return this.#running;
  }

  get system(): DaosSystem {
    return { lib: this.running.client.lib, name: this.settings.name };
  }
}

/** Blocking. */
export class SyncDaosSystem implements System<"sync"> {
  readonly #shared: DaosSystems;

  constructor(address: SystemAddress) {
    this.#shared = new DaosSystems(address);
  }

  createPool(): PoolInfo {
    throw poolsAreTheAdministrators("failed to create pool", "dmg pool create");
  }

  listPools(): readonly PoolInfo[] {
    throw poolsAreTheAdministrators("failed to list pools", "dmg pool list");
  }

  queryPool(pool: string): PoolStatus {
    return this.#run((system) => (slot) => operations.queryPool(system, slot, pool));
  }

  destroyPool(): void {
    throw poolsAreTheAdministrators("failed to destroy pool", "dmg pool destroy");
  }

  createContainer(pool: string, spec: ContainerSpec): ContainerInfo {
    return this.#run((system) => (slot) => operations.createContainer(system, slot, pool, spec));
  }

  listContainers(pool: string): readonly ContainerInfo[] {
    return this.#run((system) => (slot) => operations.listContainers(system, slot, pool));
  }

  queryContainer(pool: string, container: string): ContainerStatus {
    return this.#run((system) => (slot) => operations.queryContainer(system, slot, pool, container));
  }

  destroyContainer(pool: string, container: string, o: At & { readonly force: boolean }): void {
    this.#run((system) => (slot) => operations.destroyContainer(system, slot, pool, container, o.force));
  }

  checkContainer(pool: string, container: string, o: At & { readonly repair: boolean }): CheckReport {
    return this.#run((system) => (slot) => operations.checkContainer(system, slot, pool, container, o.repair));
  }

  backupContainer(): void {
    throw noBackup();
  }

  openContainer(pool: string, container: string, o: OpenContainerOptions): Container<"sync"> {
    const handles = this.#run((system) => (slot) => operations.openContainer(system, slot, pool, container, o.mode));
    return new SyncContainer(new ContainerCore(this.#shared.running, handles));
  }

  #run<T>(operation: (system: DaosSystem) => Begin<T>): T {
    const { slot } = this.#shared.running.client;
    try {
      return runBlocking(operation(this.#shared.system)(slot));
    } finally {
      slot.kept.length = 0;
    }
  }
}

/** Asynchronous. */
export class AsyncDaosSystem implements System<"async"> {
  readonly #shared: DaosSystems;

  constructor(address: SystemAddress) {
    this.#shared = new DaosSystems(address);
  }

  async createPool(): Promise<PoolInfo> {
    throw poolsAreTheAdministrators("failed to create pool", "dmg pool create");
  }

  async listPools(): Promise<readonly PoolInfo[]> {
    throw poolsAreTheAdministrators("failed to list pools", "dmg pool list");
  }

  async queryPool(pool: string, o?: At): Promise<PoolStatus> {
    return this.#run(o, (system) => (slot) => operations.queryPool(system, slot, pool));
  }

  async destroyPool(): Promise<void> {
    throw poolsAreTheAdministrators("failed to destroy pool", "dmg pool destroy");
  }

  async createContainer(pool: string, spec: ContainerSpec): Promise<ContainerInfo> {
    return this.#run(spec, (system) => (slot) => operations.createContainer(system, slot, pool, spec));
  }

  async listContainers(pool: string, o?: At): Promise<readonly ContainerInfo[]> {
    return this.#run(o, (system) => (slot) => operations.listContainers(system, slot, pool));
  }

  async queryContainer(pool: string, container: string, o?: At): Promise<ContainerStatus> {
    return this.#run(o, (system) => (slot) => operations.queryContainer(system, slot, pool, container));
  }

  async destroyContainer(pool: string, container: string, o: At & { readonly force: boolean }): Promise<void> {
    await this.#run(o, (system) => (slot) => operations.destroyContainer(system, slot, pool, container, o.force));
  }

  async checkContainer(pool: string, container: string, o: At & { readonly repair: boolean }): Promise<CheckReport> {
    return this.#run(o, (system) => (slot) => operations.checkContainer(system, slot, pool, container, o.repair));
  }

  async backupContainer(): Promise<void> {
    throw noBackup();
  }

  async openContainer(pool: string, container: string, o: OpenContainerOptions): Promise<Container<"async">> {
    const opening = this.#run(
      { signal: undefined },
      (system) => (slot) => operations.openContainer(system, slot, pool, container, o.mode),
    ).then((handles) => new ContainerCore(this.#shared.running, handles));
    o.signal?.throwIfAborted();
    try {
      return new AsyncContainer(await withSignal(opening, o));
    } catch (e) {
      // Aborted: what is opened all the same is closed again.
      opening.then((core) => core.close()).catch(() => {});
      throw e;
    }
  }

  #run<T>(o: At | undefined, operation: (system: DaosSystem) => Begin<T>): Promise<T> {
    o?.signal?.throwIfAborted();
    const { client, inFlight, timeoutMs } = this.#shared.running;
    const begin = operation(this.#shared.system);
    const promise = new Promise<T>((resolve, reject) => {
      client.queue(inFlight).submit(
        begin,
        (error, result) => {
          if (error === undefined) resolve(result);
          else reject(translated(error, timeoutMs));
        },
        timeoutMs,
      );
    });
    return withSignal(promise, o);
  }
}

function poolsAreTheAdministrators(context: string, command: string): DaosError<"DER_NOSYS"> {
  return new DaosError("DER_NOSYS", context, {
    detail: `on DAOS, pools are the administrator's: ${command} does it`,
  });
}

function noBackup(): DaosError<"DER_NOSYS"> {
  return new DaosError("DER_NOSYS", "failed to back up container", {
    detail: "on DAOS, daos cont clone copies a container",
  });
}
