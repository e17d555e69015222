/**
 * The writer thread of a container: commits what has queued up in one transaction (group commit), so that the event
 * loop of the program never waits for the disk. Answers leave after the commit.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { DaosError } from "../../errors.ts";
import { type ConnectionOptions, openDatabase } from "./database.ts";
import { fromSqlite } from "./sqlite-error.ts";
import { type ErrorRecord, toRecord } from "./thread-error.ts";
import { Transaction } from "./transaction.ts";
import {
  type Call,
  Code,
  clock,
  condOf,
  type PackedOp,
  type Reply,
  type Request,
  unpack,
  unpackBatch,
  type Work,
} from "./wire.ts";

/** What the thread is started with. */
export interface WriterThreadData {
  readonly file: string;
  readonly connection: ConnectionOptions;
  /** One counter: the operations that are done. */
  readonly done: Int32Array<SharedArrayBuffer>;
}

type Sent = Exclude<Request, { type: "close" }>;

/** One transaction carries at most about this many operations: so no answer waits for ever longer commits. */
const GROUP_MAX_OPS = 4096;
const CONTEXT = "failed to write";
/** Records removed by one step of purging. */
const PURGE_STEP = 512;
/** How long a step of purging waits for the lock: writes that come meanwhile wait behind it. Milliseconds. */
const PURGE_WAIT_MS = 50;

const { file, connection, done } = workerData as WriterThreadData;
const port = parentPort as MessagePort;

let transaction: Transaction | undefined;
let close: (() => void) | undefined;
let closing = false;
let purging = false;
/** Since when the lock cannot be had, by {@link clock}; `undefined` once a write has had it. */
let lockedSince: number | undefined;

port.on("message", (first: Request) => {
  let request: Request | undefined = first;
  while (request !== undefined) {
    const group: Sent[] = [];
    for (let count = 0; request !== undefined && count < GROUP_MAX_OPS; request = nextRequest()) {
      if (request.type === "close") closing = true;
      else {
        group.push(request);
        count += request.count;
      }
    }
    if (group.length > 0) commitGroup(group);
  }
  if (closing) end();
  else purgeLater();
});

function nextRequest(): Request | undefined {
  return receiveMessageOnPort(port)?.message as Request | undefined;
}

function end(): void {
  close?.();
  port.close();
}

function open(): Transaction {
  if (transaction === undefined) {
    const database = openDatabase(file, connection);
    close = () => database.close();
    transaction = new Transaction(database, file, connection.timeoutMs);
  }
  return transaction;
}

/**
 * A group is one transaction. When that fails, each of its operations gets one of its own: one bad apple spoils no other.
 * When the lock cannot be had, those that have waited long enough fail at once, together.
 */
function commitGroup(group: readonly Sent[]): void {
  const began = clock();
  const since = lockedSince === undefined ? began : Math.max(lockedSince, group[0]!.sent);
  try {
    const t = open();
    const reply = t.write(() => runAll(t, group), performance.now() + since + connection.timeoutMs - began);
    lockedSince = undefined;
    answer(reply);
  } catch (e) {
    if (DaosError.is(e, "DER_BUSY")) {
      lockedSince ??= began;
      failExpired(group, lockedSince, e);
    } else if (group.length === 1 && group[0]!.count === 1) answer(failure(e));
    else commitOneByOne(group);
  }
}

/** Fails what has waited for the lock since before the timeout; the rest, which came later, goes on waiting. */
function failExpired(group: readonly Sent[], locked: number, error: DaosError): void {
  const now = clock();
  // The oldest has expired, or this would not have been called.
  const fresh = group.findIndex(({ sent }, i) => i > 0 && Math.max(sent, locked) + connection.timeoutMs > now);
  const expired = fresh === -1 ? group : group.slice(0, fresh);
  const record = toRecord(error, CONTEXT);
  for (const { count } of expired)
    answer({ results: Array(count), errors: Array.from({ length: count }, (_, i) => [i, record]) });
  if (fresh !== -1) commitGroup(group.slice(fresh));
}

function commitOneByOne(group: readonly Work[]): void {
  for (const request of group) {
    if (request.type !== "pack") {
      commitAlone(() => run(open(), request));
      continue;
    }
    for (const op of unpack(request)) commitAlone(() => runPacked(open(), op));
  }
}

function commitAlone(work: () => unknown): void {
  try {
    const result = open().write(work);
    answer(result === true ? 1 : { results: [result], errors: [] });
  } catch (e) {
    answer(failure(e));
  }
}

function runAll(t: Transaction, group: readonly Work[]): Reply {
  const results: unknown[] = [];
  const errors: [number, ErrorRecord][] = [];
  let allTrue = true;
  const attempt = (work: () => unknown): void => {
    let result: unknown;
    try {
      result = work();
    } catch (e) {
      // A DaosError says that the operation did not apply, before it wrote; SQLite's own error ends the transaction.
      if (!DaosError.is(e)) throw e;
      errors.push([results.length, toRecord(e, CONTEXT)]);
    }
    results.push(result);
    allTrue &&= result === true;
  };
  for (const request of group) {
    if (request.type === "pack") for (const op of unpack(request)) attempt(() => runPacked(t, op));
    else attempt(() => run(t, request));
  }
  return allTrue ? results.length : { results, errors };
}

function runPacked(t: Transaction, op: PackedOp): unknown {
  switch (op.code) {
    case Code.remove:
      return t.remove(op.object, op.key);
    case Code.take:
      return t.take(op.object, op.key);
    case Code.get:
      return t.reader.get(op.object, op.key);
    case Code.has:
      return t.reader.has(op.object, op.key);
    default:
      return t.put(op.object, op.key, op.value, condOf(op));
  }
}

function run(t: Transaction, request: Exclude<Work, { type: "pack" }>): unknown {
  if (request.type === "call") return runCall(t, request.call);
  t.batch(request.object, unpackBatch(request));
  return true;
}

function runCall(t: Transaction, call: Call): unknown {
  switch (call.verb) {
    case "create":
      return t.create(call.name, call.spec);
    case "link":
      return t.link(call.name, call.object);
    case "discard":
      return t.discard(call.object);
    case "destroy":
      return t.destroy(call.name);
    case "lookup":
      return t.reader.lookup(call.name);
    case "names":
      return t.reader.names(call.after, call.limit);
    case "clear":
      return t.clear(call.object);
    case "count":
      // The count of an object is written at the end of the transaction; here it is asked for in its middle.
      return t.count(call.object);
    case "list":
      return t.reader.list(call.object, call.query);
    case "listText":
      return t.reader.listText(call.object, call.query);
    case "getMany":
      return t.reader.getMany(call.object, call.keys);
  }
}

function answer(reply: Reply): void {
  port.postMessage(reply);
  Atomics.add(done, 0, typeof reply === "number" ? reply : reply.results.length);
  Atomics.notify(done, 0);
}

function failure(e: unknown): Reply {
  return { results: [undefined], errors: [[0, toRecord(fromSqlite(e, CONTEXT, file), CONTEXT)]] };
}

// The records of cleared and destroyed objects go in small steps while nobody waits.
function purgeLater(): void {
  if (purging || transaction?.hasGarbage !== true) return;
  purging = true;
  setImmediate(() => {
    purging = false;
    if (closing) return;
    try {
      transaction?.write(() => transaction?.purge(PURGE_STEP), performance.now() + PURGE_WAIT_MS);
    } catch {
      return; // a full disk, a long lock: the garbage waits for a better day
    }
    purgeLater();
  });
}
