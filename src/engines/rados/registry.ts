/** The containers of a pool: the omap of one object in a namespace of our own. */
import { randomUUID } from "node:crypto";
import type { ContainerInfo, ContainerSpec } from "../../engine/contract.ts";
import type { Steps } from "../../engine/steps.ts";
import { DaosError } from "../../errors.ts";
import type { Pointer } from "../../ffi/librados.ts";
import { wait } from "../../ffi/pending.ts";
import { documentBytes, FORMAT_VERSION, keyOf, parseDocument, REGISTRY } from "./format.ts";
import { OMAP_PAGE, ReadOperation, WriteOperation } from "./operations.ts";
import { ERRNO, fromRados } from "./rados-error.ts";

/** What is kept of a container. */
export interface ContainerRecord {
  readonly version: number;
  readonly uuid: string;
  readonly label?: string | undefined;
  readonly type: string;
  readonly properties: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly created: number;
}

const NOTHING = new Uint8Array(0);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

// Keys: a container by its id; its id by its label; ids of containers whose objects are yet to be removed.
const byId = (uuid: string): string => `u:${uuid}`;
const byLabel = (label: string): string => `l:${label}`;
const garbage = (uuid: string): string => `g:${uuid}`;

/** A new record; nothing is written. */
export function newRecord({ label, type, properties }: ContainerSpec): ContainerRecord {
  return { version: FORMAT_VERSION, uuid: randomUUID(), label, type, properties, created: Date.now() };
}

/** Enters a container; `false` when its label is taken. */
export function* addRecord(ioctx: Pointer, record: ContainerRecord): Steps<boolean> {
  const op = new WriteOperation().create(false);
  const keys = [byId(record.uuid)];
  const values = [documentBytes(record)];
  if (record.label !== undefined) {
    op.compareOmap(byLabel(record.label), "eq", NOTHING);
    keys.push(byLabel(record.label));
    values.push(Buffer.from(record.uuid));
  }
  const result = yield* wait(op.setOmap(keys, values).start(ioctx, REGISTRY));
  if (result === ERRNO.cancelled) return false;
  if (result < 0) throw fromRados(result, "failed to create container", REGISTRY);
  return true;
}

/** The container of that label or UUID. */
export function* findRecord(ioctx: Pointer, name: string): Steps<ContainerRecord | undefined> {
  let uuid = name.toLowerCase();
  if (!UUID.test(name)) {
    const found = yield* fetchValue(ioctx, byLabel(name));
    if (found === undefined) return undefined;
    uuid = Buffer.from(found).toString();
  }
  const bytes = yield* fetchValue(ioctx, byId(uuid));
  return bytes && parseDocument<ContainerRecord>(bytes, `container ${name}`);
}

/** All containers, by their labels. */
export function* listRecords(ioctx: Pointer): Steps<ContainerRecord[]> {
  const entries = yield* entriesOf(ioctx, "u:");
  return entries
    .map(([key, bytes]) => parseDocument<ContainerRecord>(bytes, `container ${key}`))
    .sort((a, b) => Buffer.compare(Buffer.from(a.label ?? a.uuid), Buffer.from(b.label ?? b.uuid)));
}

/** Takes a container out; its objects are garbage from here on. `false` when someone else did. */
export function* removeRecord(ioctx: Pointer, record: ContainerRecord): Steps<boolean> {
  const keys = [byId(record.uuid), ...(record.label === undefined ? [] : [byLabel(record.label)])];
  const op = new WriteOperation()
    .assertExists()
    .compareOmap(byId(record.uuid), "gt", NOTHING)
    .removeOmap(keys)
    .setOmap([garbage(record.uuid)], [Uint8Array.of(1)]);
  const result = yield* wait(op.start(ioctx, REGISTRY));
  if (result === ERRNO.cancelled || result === ERRNO.noEntry) return false;
  if (result < 0) throw fromRados(result, "failed to destroy container", REGISTRY);
  return true;
}

/** Containers whose objects are yet to be removed: destroyed just now, or by someone who did not come to the end. */
export function* listGarbage(ioctx: Pointer): Steps<string[]> {
  return (yield* entriesOf(ioctx, "g:")).map(([key]) => key.slice(2));
}

/** The container's objects are removed. */
export function* forgetGarbage(ioctx: Pointer, uuid: string): Steps<void> {
  yield* wait(
    new WriteOperation()
      .assertExists()
      .removeOmap([garbage(uuid)])
      .start(ioctx, REGISTRY),
  );
}

/** The contract's view of a record. */
export function infoOf({ uuid, label, type }: ContainerRecord, poolUuid: string): ContainerInfo {
  return { uuid, label, type, poolUuid };
}

/** DER_NONEXIST, in the words of the caller. */
export function missing(context: string): DaosError {
  return new DaosError("DER_NONEXIST", context);
}

function* fetchValue(ioctx: Pointer, name: string): Steps<Uint8Array | undefined> {
  const op = new ReadOperation();
  const found = op.bytesByKeys([keyOf(Buffer.from(name))]);
  const result = yield* wait(op.start(ioctx, REGISTRY));
  if (result < 0 && result !== ERRNO.noEntry) throw fromRados(result, "failed to look up container", REGISTRY);
  return found.entries[0]?.[1];
}

function* entriesOf(ioctx: Pointer, prefix: string): Steps<(readonly [string, Uint8Array])[]> {
  const entries: (readonly [string, Uint8Array])[] = [];
  for (let after = prefix; ; ) {
    const op = new ReadOperation();
    const page = op.bytesBehind(after, OMAP_PAGE);
    const result = yield* wait(op.start(ioctx, REGISTRY));
    if (result === ERRNO.noEntry) return [];
    if (result < 0) throw fromRados(result, "failed to list containers", REGISTRY);
    const some = page.entries.filter(([key]) => key.startsWith(prefix));
    entries.push(...some);
    if (!page.more || some.length < page.entries.length) return entries;
    after = page.entries.at(-1)![0];
  }
}
