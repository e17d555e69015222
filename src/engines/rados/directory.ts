/** The names of a container: the omap of its directory object. */
import type { NamedObject, ObjectRef } from "../../engine/contract.ts";
import type { Steps } from "../../engine/steps.ts";
import { DaosError } from "../../errors.ts";
import type { Pointer } from "../../ffi/librados.ts";
import { wait } from "../../ffi/pending.ts";
import { DIRECTORY, documentBytes, FORMAT_VERSION, keyOf, parseDocument } from "./format.ts";
import { OMAP_PAGE, ReadOperation, WriteOperation } from "./operations.ts";
import { ERRNO, fromRados } from "./rados-error.ts";

const NOTHING = new Uint8Array(0);

interface Entry extends ObjectRef {
  readonly version: number;
}

/** The object of that name. */
export function* lookupEntry(ioctx: Pointer, name: string): Steps<ObjectRef | undefined> {
  const op = new ReadOperation();
  const found = op.bytesByKeys([nameKey(name)]);
  checked(yield* wait(op.start(ioctx, DIRECTORY)), "failed to look up name");
  const bytes = found.entries[0]?.[1];
  return bytes === undefined ? undefined : refOf(bytes, name);
}

/** Gives the object the name; `false` when the name is taken. */
export function* addEntry(ioctx: Pointer, name: string, object: ObjectRef): Steps<boolean> {
  const key = nameKey(name);
  const op = new WriteOperation()
    .assertExists()
    .compareOmap(key, "eq", NOTHING)
    .setOmap([key], [entryBytes(object)]);
  return held(yield* wait(op.start(ioctx, DIRECTORY)), "failed to name an object");
}

/** Removes the name if it is the object's; `false` when it is not. */
export function* removeEntry(ioctx: Pointer, name: string, object: ObjectRef): Steps<boolean> {
  const key = nameKey(name);
  const op = new WriteOperation().assertExists().compareOmap(key, "eq", entryBytes(object)).removeOmap([key]);
  return held(yield* wait(op.start(ioctx, DIRECTORY)), "failed to remove a name");
}

/** Names behind `after`, in their order. */
export function* listEntries(ioctx: Pointer, after: string, limit: number): Steps<NamedObject[]> {
  const names: NamedObject[] = [];
  for (let from = nameKey(after), more = true; more && names.length < limit; ) {
    const op = new ReadOperation();
    const page = op.bytesBehind(from, Math.min(OMAP_PAGE, limit - names.length));
    checked(yield* wait(op.start(ioctx, DIRECTORY)), "failed to list container");
    for (const [key, bytes] of page.entries) {
      const name = Buffer.from(key, "latin1").toString();
      names.push({ name, ...refOf(bytes, name) });
    }
    more = page.more && page.entries.length > 0;
    from = page.entries.at(-1)?.[0] ?? from;
  }
  return names;
}

function nameKey(name: string): string {
  return keyOf(Buffer.from(name));
}

// The same object gives the same bytes: they are compared.
function entryBytes({ kind, oid }: ObjectRef): Uint8Array {
  return documentBytes({ version: FORMAT_VERSION, kind, oid });
}

function refOf(bytes: Uint8Array, name: string): ObjectRef {
  const { kind, oid } = parseDocument<Entry>(bytes, `the entry of ${JSON.stringify(name)}`);
  return { kind, oid };
}

function held(result: number, context: string): boolean {
  if (result === ERRNO.cancelled) return false;
  checked(result, context);
  return true;
}

function checked(result: number, context: string): void {
  if (result === ERRNO.noEntry) throw new DaosError("DER_NONEXIST", "the container was destroyed");
  if (result < 0) throw fromRados(result, context, DIRECTORY);
}
