/** The key-value object of the rados engine, one text for both twins. */
import type { At, Cond, Face, Kv, ListQuery, Op, Page, R } from "../../engine/contract.ts";
import type { Steps } from "../../engine/steps.ts";
import { Pending } from "../../ffi/pending.ts";
import type { ContainerCore } from "./container-core.ts";
import { keyOf } from "./format.ts";
import type { ObjectCore } from "./object-core.ts";
import { own, Request, type Verb } from "./request.ts";
import { type Runner, runSteps } from "./runner.ts";

/** What a key-value object needs of its container. */
export interface Handle {
  /** DER_NO_HDL once it is closed. */
  core(): ContainerCore;
  /** DER_NO_PERM when it is open read-only. */
  writable(): ContainerCore;
}

/** So many that each of some shards is asked for as much as one operation gives. */
const KEYS_OF_A_CALL = 10_000;

/** See the contract. */
export class RadosKv<S extends Face> implements Kv<S> {
  readonly keysOfACall = KEYS_OF_A_CALL;
  readonly #runner: Runner<S>;
  readonly #handle: Handle;
  readonly #oid: string;

  constructor(runner: Runner<S>, handle: Handle, oid: string) {
    this.#runner = runner;
    this.#handle = handle;
    this.#oid = oid;
  }

  get(key: Uint8Array, o?: At): R<S, Uint8Array | undefined> {
    return this.#one<Uint8Array | undefined>("get", key, o);
  }

  getMany(keys: readonly Uint8Array[], o?: At): R<S, (Uint8Array | undefined)[]> {
    return this.#call((object) => object.getMany(keys.map(keyOf)), o);
  }

  has(key: Uint8Array, o?: At): R<S, boolean> {
    return this.#one<boolean>("has", key, o);
  }

  put(key: Uint8Array, value: Uint8Array, cond?: Cond, o?: At): R<S, boolean> {
    return this.#runner.run(() => {
      const pending = new Pending<unknown>();
      const condition = typeof cond === "object" ? { was: new Uint8Array(cond.was) } : cond;
      this.#writable().submit(new Request("put", keyOf(key), pending, own(value), condition));
      return pending as Pending<boolean>;
    }, o);
  }

  take(key: Uint8Array, o?: At): R<S, Uint8Array | undefined> {
    return this.#one<Uint8Array | undefined>("take", key, o);
  }

  remove(key: Uint8Array, o?: At): R<S, boolean> {
    return this.#one<boolean>("remove", key, o);
  }

  batch(ops: readonly Op[], o?: At): R<S, void> {
    return this.#runner.run(() => this.#writable().putMany(ops), o);
  }

  list(q: ListQuery, o?: At): R<S, Page> {
    return this.#call(({ lister }) => lister.list(q), o);
  }

  listText(q: ListQuery, o?: At): R<S, Page<string>> {
    return this.#call(({ lister }) => lister.listText(q), o);
  }

  count(o?: At): R<S, number> {
    return this.#call(({ lister }) => lister.count(), o);
  }

  clear(o?: At): R<S, void> {
    return this.#call(() => this.#writable().clear(), o);
  }

  #call<T>(begin: (object: ObjectCore) => Steps<T>, o: At | undefined): R<S, T> {
    return runSteps(
      this.#runner,
      () => {
        const core = this.#handle.core();
        return core.call(begin(core.object(this.#oid)));
      },
      o,
    );
  }

  #one<T>(verb: Verb, key: Uint8Array, o: At | undefined): R<S, T> {
    return this.#runner.run(() => {
      const pending = new Pending<unknown>();
      const object = verb === "get" || verb === "has" ? this.#object() : this.#writable();
      object.submit(new Request(verb, keyOf(key), pending));
      return pending as Pending<T>;
    }, o);
  }

  #object(): ObjectCore {
    return this.#handle.core().object(this.#oid);
  }

  #writable(): ObjectCore {
    return this.#handle.writable().object(this.#oid);
  }
}
