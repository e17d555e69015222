/** An open container of the rados engine, one text for both twins. */
import type {
  ArrayStore,
  At,
  Capabilities,
  Container,
  ContainerInfo,
  Face,
  Kv,
  NamedObject,
  ObjectRef,
  ObjectSpec,
  R,
} from "../../engine/contract.ts";
import type { Steps } from "../../engine/steps.ts";
import { DaosError } from "../../errors.ts";
import { drive, Pending } from "../../ffi/pending.ts";
import { RadosArray } from "./array.ts";
import { capabilities } from "./capabilities.ts";
import type { ContainerCore } from "./container-core.ts";
import { addEntry, listEntries, lookupEntry } from "./directory.ts";
import { type Handle, RadosKv } from "./kv.ts";
import { ObjectCore } from "./object-core.ts";
import { type Runner, runSteps } from "./runner.ts";

/** See the contract. */
export class RadosContainer<S extends Face> implements Container<S>, Handle {
  readonly info: ContainerInfo;
  readonly capabilities: Capabilities = capabilities;
  readonly #runner: Runner<S>;
  readonly #mode: "RO" | "RW";
  #core: ContainerCore | undefined;
  #closed: Pending<void> | undefined;

  constructor(runner: Runner<S>, info: ContainerInfo, core: ContainerCore) {
    this.#runner = runner;
    this.info = info;
    this.#core = core;
    this.#mode = core.mode;
  }

  core(): ContainerCore {
    if (this.#core === undefined) throw new DaosError("DER_NO_HDL", "the container is closed");
    return this.#core;
  }

  writable(): ContainerCore {
    const core = this.core();
    if (this.#mode === "RO") throw new DaosError("DER_NO_PERM", "the container is open read-only");
    return core;
  }

  create(name: string, spec: ObjectSpec, o?: At): R<S, ObjectRef | undefined> {
    return this.#run(() => {
      const core = this.writable();
      return core.names.exclusive(name, () => createNamed(core, name, spec));
    }, o);
  }

  createNameless(spec: ObjectSpec, o?: At): R<S, ObjectRef> {
    return this.#run(() => ObjectCore.create(this.writable(), spec), o);
  }

  link(name: string, object: ObjectRef, o?: At): R<S, boolean> {
    return this.#run(() => {
      const core = this.writable();
      return core.names.exclusive(name, () => link(core, name, object));
    }, o);
  }

  discard(object: ObjectRef, o?: At): R<S, void> {
    return this.#run(() => discard(this.writable(), object.oid), o);
  }

  lookup(name: string, o?: At): R<S, ObjectRef | undefined> {
    return this.#run(() => {
      const core = this.core();
      return core.names.after(name, () => lookupEntry(core.ioctx, name));
    }, o);
  }

  list(after: string | undefined, limit: number, o?: At): R<S, readonly NamedObject[]> {
    return this.#run(() => {
      const core = this.core();
      return core.names.after(undefined, () => listEntries(core.ioctx, after ?? "", limit));
    }, o);
  }

  destroy(name: string, o?: At): R<S, boolean> {
    return this.#run(() => {
      const core = this.writable();
      return core.names.exclusive(name, () => destroyNamed(core, name));
    }, o);
  }

  kv(object: ObjectRef): Kv<S> {
    return new RadosKv(this.#runner, this, object.oid);
  }

  array(object: ObjectRef): ArrayStore<S> {
    return new RadosArray(this.#runner, this, object.oid);
  }

  close(): R<S, void> {
    const core = this.#core;
    this.#core = undefined;
    this.#closed ??= core === undefined ? new Pending<void>() : drive(core.release(this.#runner.face));
    const closed = this.#closed;
    return this.#runner.run(() => closed);
  }

  #run<T>(steps: () => Steps<T>, o: At | undefined): R<S, T> {
    return runSteps(this.#runner, () => this.core().call(steps()), o);
  }
}

function* createNamed(core: ContainerCore, name: string, spec: ObjectSpec): Steps<ObjectRef | undefined> {
  if ((yield* lookupEntry(core.ioctx, name)) !== undefined) return undefined;
  const object = yield* ObjectCore.create(core, spec);
  let named = false;
  try {
    named = yield* addEntry(core.ioctx, name, object);
  } catch (e) {
    // After a timeout the name may yet come: then its object has to be there.
    if (!DaosError.is(e, "DER_TIMEDOUT")) yield* discard(core, object.oid);
    throw e;
  }
  if (named) return object;
  yield* discard(core, object.oid);
  return undefined;
}

function* link(core: ContainerCore, name: string, object: ObjectRef): Steps<boolean> {
  yield* core.object(object.oid).assertLive();
  return yield* addEntry(core.ioctx, name, object);
}

function* destroyNamed(core: ContainerCore, name: string): Steps<boolean> {
  for (;;) {
    const object = yield* lookupEntry(core.ioctx, name);
    if (object === undefined) return false;
    const destroyed = yield* core.object(object.oid).destroy(name);
    core.forget(object.oid);
    if (destroyed) return true;
    // Someone else has destroyed it; the name is gone, or another object's by now.
    yield* core.dropEntry(name, object);
  }
}

function* discard(core: ContainerCore, oid: string): Steps<void> {
  yield* core.object(oid).destroy(undefined);
  core.forget(oid);
}
