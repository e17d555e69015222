/** The asynchronous twin of the local system. Quick calls are made on the caller's thread, long ones on one of their own. */
import { Worker } from "node:worker_threads";
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
import { AsyncContainer } from "./container.ts";
import type { LongAnswer, LongCall, LongVerb } from "./long-call-thread.ts";
import { LocalSystem } from "./system.ts";
import { fromRecord } from "./thread-error.ts";

const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** Asynchronous. */
export class AsyncLocalSystem implements System<"async"> {
  readonly #address: SystemAddress;
  readonly #system: LocalSystem;

  constructor(address: SystemAddress) {
    this.#address = address;
    this.#system = new LocalSystem(address);
  }

  async createPool(label: string, o: At & { readonly mode?: number | undefined }): Promise<PoolInfo> {
    o.signal?.throwIfAborted();
    return this.#system.createPool(label, o);
  }

  async listPools(o?: At): Promise<readonly PoolInfo[]> {
    o?.signal?.throwIfAborted();
    return this.#system.listPools();
  }

  async queryPool(pool: string, o?: At): Promise<PoolStatus> {
    o?.signal?.throwIfAborted();
    return this.#system.queryPool(pool);
  }

  async destroyPool(pool: string, o: At & { readonly force: boolean }): Promise<void> {
    await this.#inThread(o, "destroyPool", pool, { force: o.force });
  }

  async createContainer(pool: string, spec: ContainerSpec): Promise<ContainerInfo> {
    spec.signal?.throwIfAborted();
    return this.#system.createContainer(pool, spec);
  }

  async listContainers(pool: string, o?: At): Promise<readonly ContainerInfo[]> {
    o?.signal?.throwIfAborted();
    return this.#system.listContainers(pool);
  }

  async queryContainer(pool: string, container: string, o?: At): Promise<ContainerStatus> {
    o?.signal?.throwIfAborted();
    return this.#system.queryContainer(pool, container);
  }

  async destroyContainer(pool: string, container: string, o: At & { readonly force: boolean }): Promise<void> {
    await this.#inThread(o, "destroyContainer", pool, container, { force: o.force });
  }

  async checkContainer(pool: string, container: string, o: At & { readonly repair: boolean }): Promise<CheckReport> {
    return this.#inThread(o, "checkContainer", pool, container, { repair: o.repair });
  }

  async backupContainer(pool: string, container: string, target: string, o?: At): Promise<void> {
    await this.#inThread(o, "backupContainer", pool, container, target);
  }

  async openContainer(pool: string, container: string, o: OpenContainerOptions): Promise<Container<"async">> {
    o.signal?.throwIfAborted();
    const { info, core } = this.#system.openCore(pool, container, o.mode);
    return new AsyncContainer(info, core, o.mode);
  }

  #inThread<T>(o: At | undefined, verb: LongVerb, ...args: unknown[]): Promise<T> {
    o?.signal?.throwIfAborted();
    const { url, timeout } = this.#address;
    const call: LongCall = { href: url.href, timeout, verb, args };
    const worker = new Worker(new URL(`./long-call-thread.${extension}`, import.meta.url), {
      name: `tsdaos ${verb}`,
      workerData: call,
      execArgv: [],
    });
    const answered = new Promise<T>((resolve, reject) => {
      worker.once("message", (answer: LongAnswer) => {
        if ("error" in answer) reject(fromRecord(answer.error));
        else resolve(answer.result as T);
      });
      worker.once("error", reject);
      worker.once("exit", () => reject(new DaosError("DER_MISC", verb, { detail: "its thread ended" })));
    });
    return withSignal(answered, o);
  }
}
