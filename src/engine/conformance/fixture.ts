/** What the suite's tests work on: one system, one pool, one container, and handles to it by every way there is. */
import { randomUUID } from "node:crypto";
import { createContainer, createPool, destroyContainer, destroyPool } from "../../container/admin.ts";
import { asyncSystem, syncSystem } from "../../system.ts";
import type { Capabilities, Container, Face, Kv } from "../contract.ts";
import { type AnyCont, FACES } from "./faces.ts";
import { Peers } from "./peers.ts";

/** The twins of the contract. */
export const TWINS = ["async", "sync"] as const satisfies readonly Face[];

/** Where the tests take place. */
export interface Place {
  /** The system's URL. */
  readonly system: string;
  readonly pool: string;
  readonly container: string;
}

/** One run's storage and handles. Everything is made anew and removed at the end. */
export class Fixture implements Place {
  readonly system: string;
  readonly capabilities: Capabilities;
  readonly container: string = `conformance-${randomUUID().slice(0, 8)}`;
  readonly peers: Peers;
  readonly #givenPool: string | undefined;
  readonly #pool: string;
  readonly #opened = new Map<Face, Container<Face>>();
  readonly #faces = new Map<Face, AnyCont>();
  #names = 0;

  /**
   * @param pool - a pool that is there, for engines where pools are the administrator's.
   * @param module - the engine's module, when it is not the one that tsdaos has for the scheme.
   */
  constructor(system: string, capabilities: Capabilities, pool: string | undefined, module: string | undefined) {
    this.system = system;
    this.capabilities = capabilities;
    this.#givenPool = pool;
    this.#pool = pool ?? `conformance-${randomUUID().slice(0, 8)}`;
    this.peers = new Peers(this, module);
  }

  get pool(): string {
    return this.#pool;
  }

  /** Makes pool and container. */
  async start(): Promise<void> {
    const { system } = this;
    if (this.#givenPool === undefined) await createPool(this.pool, { system });
    await createContainer(this.pool, this.container, { system });
  }

  /** Closes every handle and removes what was made. */
  async stop(): Promise<void> {
    await this.peers.end();
    for (const container of this.#opened.values()) await container.close();
    for (const container of this.#faces.values()) await container.close();
    await destroyContainer(this.pool, this.container, { system: this.system, force: true });
    if (this.#givenPool === undefined) await destroyPool(this.pool, { system: this.system, force: true });
  }

  /** A name that no other test uses. */
  name(): string {
    return `object-${process.pid}-${this.#names++}`;
  }

  /** The container by the contract, open for reading and writing as long as the run lasts. */
  async contract(twin: Face): Promise<Container<Face>> {
    let container = this.#opened.get(twin);
    if (container === undefined) {
      container = await this.openContract(twin);
      this.#opened.set(twin, container);
    }
    return container;
  }

  /** A handle of the test's own, which it closes. */
  async openContract(twin: Face, mode: "RO" | "RW" = "RW", container = this.container): Promise<Container<Face>> {
    const { system, pool } = this;
    return twin === "sync"
      ? syncSystem({ system }).openContainer(pool, container, { mode })
      : (await asyncSystem({ system })).openContainer(pool, container, { mode });
  }

  /** A container of the test's own, which it removes. */
  async freshContainer(type = "PYTHON"): Promise<string> {
    const container = `${this.container}-${this.#names++}`;
    await createContainer(this.pool, container, { system: this.system, type });
    return container;
  }

  /** Removes a container that was made by `freshContainer`. */
  async removeContainer(container: string): Promise<void> {
    await destroyContainer(this.pool, container, { system: this.system, force: true });
  }

  /** A new key-value object with these records. */
  async kv(twin: Face, records: Readonly<Record<string, Uint8Array>> = {}): Promise<Kv<Face>> {
    const container = await this.contract(twin);
    const object = await container.create(this.name(), { kind: "dict" });
    const kv = container.kv(object!);
    const ops = Object.entries(records).map(([key, value]) => [Buffer.from(key), value] as const);
    if (ops.length > 0) await kv.batch(ops);
    return kv;
  }

  /** The container by a public face, open for reading and writing as long as the run lasts. */
  async cont(face: Face): Promise<AnyCont> {
    let container = this.#faces.get(face);
    if (container === undefined) {
      container = await this.openCont(face);
      this.#faces.set(face, container);
    }
    return container;
  }

  /** A container by a public face, of the test's own, which it closes. */
  async openCont(face: Face, mode: "RO" | "RW" = "RW", container = this.container): Promise<AnyCont> {
    const { system, pool } = this;
    return FACES[face].open({ system, pool, container }, mode);
  }
}
