/** Connections to Ceph clusters, shared by everything in this thread that names the same one, and counted. */
import type { Steps } from "../engine/steps.ts";
import { Arena } from "./arena.ts";
import { completions } from "./completions.ts";
import { loadLibrary } from "./koffi.ts";
import { type Librados, librados, type Pointer } from "./librados.ts";
import { blockingCall, callsOnThreads, drive, type Pending, wait } from "./pending.ts";

/** Which cluster, as whom. */
export interface ClusterOptions {
  /** The configuration file; `undefined`: where Ceph looks by itself, `/etc/ceph/ceph.conf` at last. */
  readonly conf: string | undefined;
  /** The Ceph user, `admin` for `client.admin`. */
  readonly id: string;
  /** Further settings, over those of the file. */
  readonly settings: Readonly<Record<string, string>>;
}

/** What went wrong while connecting. */
export class ConnectError extends Error {
  /** A negative errno. */
  readonly errno: number;
  /** The call that failed. */
  readonly call: "create" | "conf" | "connect";

  constructor(errno: number, call: "create" | "conf" | "connect") {
    super(`rados_${call} gave ${errno}`);
    this.errno = errno;
    this.call = call;
  }
}

/** How long an unused connection is kept: the next call of a program mostly comes at once. */
const LINGER_MS = 1000;
const FSID_BYTES = 37;

/** A connection. */
export class Cluster {
  /** The handle (`rados_t`). */
  readonly handle: Pointer;
  /** The cluster's id. */
  readonly fsid: string;
  /** What tells it from other connections of this process. */
  readonly key: string;
  #users = 0;
  #lingering: NodeJS.Timeout | undefined;

  constructor(key: string, handle: Pointer, fsid: string) {
    this.key = key;
    this.handle = handle;
    this.fsid = fsid;
  }

  /** One user more. */
  acquire(): this {
    this.#users++;
    clearTimeout(this.#lingering);
    return this;
  }

  /** One user less; unused for a moment, it is closed. */
  release(): void {
    if (--this.#users > 0) return;
    this.#lingering = setTimeout(() => {
      connections.delete(this.key);
      blockingCall("async", librados().shutdown, this.handle);
    }, LINGER_MS);
    this.#lingering.unref();
  }
}

const connections = new Map<string, Pending<Cluster>>();
let counter = 0;

/** The connection to that cluster, acquired. Throws {@link ConnectError}. */
export function* connect(face: "async" | "sync", options: ClusterOptions): Steps<Cluster> {
  const lib = librados();
  let key = JSON.stringify(options);
  let connection = connections.get(key);
  // A blocking call cannot wait for one that needs the event loop: it makes a connection of its own.
  if (connection !== undefined && !connection.settled && face === "sync") {
    key = `${key} ${counter++}`;
    connection = undefined;
  }
  if (connection === undefined) {
    if (connections.size === 0) atExit();
    connection = drive(open(lib, face, key, options));
    connections.set(key, connection);
    const made = connection;
    made.whenSettled(() => {
      try {
        made.result();
      } catch {
        connections.delete(key);
      }
    });
  }
  return (yield* wait(connection)).acquire();
}

function* open(lib: Librados, face: "async" | "sync", key: string, o: ClusterOptions): Steps<Cluster> {
  const out = new Arena(64);
  try {
    checked(lib.create2(out.address, "ceph", `client.${o.id}`, 0), "create");
    const handle = out.pointer(0);
    try {
      checked(lib.confReadFile(handle, o.conf ?? null), "conf");
      for (const [name, value] of Object.entries(o.settings)) checked(lib.confSet(handle, name, value), "conf");
      checked(yield* wait(blockingCall(face, lib.connect, handle)), "connect");
    } catch (e) {
      yield* wait(blockingCall(face, lib.shutdown, handle));
      throw e;
    }
    lib.clusterFsid(handle, out.address, FSID_BYTES);
    return new Cluster(key, handle, out.bytes.toString("latin1", 0, FSID_BYTES - 1));
  } finally {
    out.free();
  }
}

function checked(result: number, call: ConnectError["call"]): void {
  if (result < 0) throw new ConnectError(result, call);
}

let registered = false;

/**
 * The end of the process: operations are given a moment to land, connections are closed. When something hangs in
 * librados all the same, the process ends without C's own clean-up, which would wait for it or abort.
 */
function atExit(): void {
  if (registered) return;
  registered = true;
  process.on("exit", (code) => {
    if (!completions().end() || callsOnThreads() > 0) {
      loadLibrary("libc.so.6", "").func("_exit", "void", ["int"])(
        process.exitCode === undefined ? code : Number(process.exitCode),
      );
    }
    for (const connection of connections.values())
      if (connection.settled) librados().shutdown(connection.result().handle);
    connections.clear();
  });
}
