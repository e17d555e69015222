/** What a container does with names, once for both faces. */
import { bput, type DictParts } from "../dict/algorithms.ts";
import { type ValueEncoding, valuesOf } from "../dict/encoding.ts";
import { encodeKept, sourceOf } from "../dict/entries.ts";
import { checkName } from "../dict/key.ts";
import { type AnyDictOptions, type Call, checkIfExists, refuseOptionsAsInit } from "../dict/options.ts";
import type { Container, Face, Kv, NamedObject, ObjectKind, ObjectRef, ObjectSpec, Op } from "../engine/contract.ts";
import { stepUntilAbort } from "../engine/signal.ts";
import { type Steps, step } from "../engine/steps.ts";
import { DaosError, DObjNotFound } from "../errors.ts";
import { parseObjectClass } from "./oclass.ts";

/** PyDAOS's words for what failed. */
export const CONTEXT = {
  open: "failed to access container",
  create: "failed to create DAOS dict",
  lookup: "failed to look up name",
  destroy: "failed to destroy DAOS dict",
  list: "failed to list container",
  close: "failed to close container",
} as const;

/** Kinds in the words of messages. */
const A_KIND = { dict: "a dict", array: "an array" } as const satisfies Record<ObjectKind, string>;

/** Names that one call lists. */
const NAMES_PAGE = 1000;

/** What a `DDict` is made of. */
export function dictParts<S extends Face, V>(
  container: Container<S>,
  name: string,
  object: ObjectRef,
  encoding: ValueEncoding<V>,
): DictParts<S, V> {
  return {
    name,
    oid: object.oid,
    kv: container.kv(object),
    values: valuesOf(encoding),
    capabilities: container.capabilities,
  };
}

/** The object of that name and kind. */
export function* lookup(
  container: Container<Face>,
  name: string,
  kind: ObjectKind | undefined,
  o?: Call,
): Steps<ObjectRef> {
  checkName(name, CONTEXT.lookup);
  const object = yield* step<ObjectRef | undefined>(container.lookup(name, o));
  if (object === undefined) throw new DObjNotFound(name);
  if (kind !== undefined && object.kind !== kind)
    throw new DaosError("DER_MISMATCH", CONTEXT.lookup, {
      detail: `'${name}' is ${A_KIND[object.kind]}, not ${A_KIND[kind]}`,
    });
  return object;
}

/** Creates a dictionary with its first entries, or nothing at all. */
export function* createDict(
  container: Container<Face>,
  name: string,
  init: unknown,
  options: AnyDictOptions | undefined,
): Steps<ObjectRef> {
  checkName(name, CONTEXT.create);
  refuseOptionsAsInit(init, options);
  checkIfExists(options?.ifExists);
  const spec: ObjectSpec = { kind: "dict", oclass: options?.oclass };
  if (spec.oclass !== undefined) parseObjectClass(spec.oclass, CONTEXT.create);
  const values = valuesOf(options?.valueEncoding);
  const ops = opsOf(init, values, container.capabilities.maxValueBytes);
  const mayExist = options?.ifExists === "open";
  for (;;) {
    try {
      // Looked for first: what is there can be opened where nothing can be written.
      if (mayExist) return yield* lookup(container, name, "dict", options);
    } catch (e) {
      if (!(e instanceof DObjNotFound)) throw e;
    }
    const object =
      init === undefined || init === null
        ? yield* step<ObjectRef | undefined>(container.create(name, spec, options))
        : yield* createFilled(container, name, init, ops, spec, values, options);
    if (object !== undefined) return object;
    // Created between the two looks: then it can be opened.
    if (!mayExist) throw new DaosError("DER_EXIST", CONTEXT.create);
  }
}

/** Entries in memory, checked before anything is written and kept as they are now; `undefined` for those of a stream. */
function opsOf(init: unknown, values: DictParts<Face, unknown>["values"], maxValueBytes: number): Op[] | undefined {
  if (init === undefined || init === null) return undefined;
  const source = sourceOf(init, "dict");
  return source.type === "whole"
    ? Array.from(source.entries, (entry) => encodeKept(entry, values, maxValueBytes))
    : undefined;
}

/**
 * Fills an object that has no name yet and names it last: others see all of it or nothing, also after a crash.
 * `undefined` when the name is taken.
 */
function* createFilled(
  container: Container<Face>,
  name: string,
  init: unknown,
  ops: readonly Op[] | undefined,
  spec: ObjectSpec,
  values: DictParts<Face, unknown>["values"],
  o: AnyDictOptions | undefined,
): Steps<ObjectRef | undefined> {
  if ((yield* step<ObjectRef | undefined>(container.lookup(name, o))) !== undefined) return undefined;
  const object = yield* createNameless(container, spec, o);
  let linked = false;
  try {
    const kv: Kv<Face> = container.kv(object);
    if (ops === undefined)
      yield* bput({ name, oid: object.oid, kv, values, capabilities: container.capabilities }, init, o);
    else if (ops.length > 0) yield* step<void>(kv.batch(ops, o));
    linked = yield* step<boolean>(container.link(name, object, o));
    if (ops !== undefined) o?.onProgress?.(ops.length, ops.length);
  } finally {
    if (!linked) yield* step<void>(container.discard(object));
  }
  return linked ? object : undefined;
}

/** An object without a name. When the call is aborted on the way, what is made all the same is discarded. */
export function* createNameless(container: Container<Face>, spec: ObjectSpec, o: Call | undefined): Steps<ObjectRef> {
  o?.signal?.throwIfAborted();
  // Without the signal: an object that was made and of which nobody was told could not be discarded.
  const making = container.createNameless(spec);
  try {
    return yield* stepUntilAbort(making, o);
  } catch (e) {
    if (making instanceof Promise) making.then((object) => container.discard(object)).catch(() => {});
    throw e;
  }
}

/** Removes a name and its object. */
export function* destroy(container: Container<Face>, name: string, o?: Call): Steps<void> {
  checkName(name, CONTEXT.destroy);
  if (!(yield* step<boolean>(container.destroy(name, o))))
    throw new DaosError("DER_NONEXIST", CONTEXT.destroy, { detail: `'${name}'` });
}

/** The named objects, a page at a time; each page is an algorithm to be run before the next one is asked for. */
export function* namePages(container: Container<Face>): Generator<Steps<readonly NamedObject[]>, void, void> {
  let after: string | undefined;
  let ended = false;
  function* page(): Steps<readonly NamedObject[]> {
    const objects = yield* step<readonly NamedObject[]>(container.list(after, NAMES_PAGE));
    after = objects.at(-1)?.name;
    ended = objects.length === 0;
    return objects;
  }
  while (!ended) yield page();
}
