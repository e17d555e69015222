/**
 * A Ceph cluster of this machine's own: a monitor and OSDs on loopback, without systemd, in a directory of its own. For
 * tests, and for people by `npm run ceph`.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { accessSync, constants, existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Ports that a cluster takes, from that of its monitor on. */
const PORTS = 100;
const FIRST_PORT = 20_000;
const LAST_PORT = 31_000;
/** How long a started cluster may take to answer. */
const START_MS = 60_000;
const POLL_MS = 100;
/** How long a process may take to stop. */
const STOP_MS = 10_000;
/** How long a daemon may take to answer on its admin socket. */
const SOCKET_MS = 2000;
/** How long one command of `ceph` may take: one to an OSD that has just died never ends by itself. */
const COMMAND_MS = 20_000;

/** What a cluster is to be like. */
export interface CephOptions {
  /** `memstore` is quick and forgets everything when its OSDs stop; `bluestore` is what real clusters use. */
  readonly store: "memstore" | "bluestore";
  /** Whether clients need a key. */
  readonly auth?: "none" | "cephx";
  /** Default: 3. Objects have as many copies as there are OSDs, at most 3. */
  readonly osds?: number;
  /** Where it lives; default: a new temporary directory. */
  readonly directory?: string;
  /** Whether it goes on when this process has ended. */
  readonly outlives?: boolean;
}

/** Why there can be no cluster on this machine; `undefined` when there can. */
export function cephMissing(): string | undefined {
  const needed = ["ceph-mon", "ceph-osd", "ceph", "monmaptool", "ceph-authtool", "setpriv"];
  const missing = needed.filter((program) => !isOnPath(program));
  return missing.length === 0
    ? undefined
    : `no ${missing.join(", ")}: apt-get install --no-install-recommends ceph-mon ceph-osd ceph-common librados2`;
}

/** A running cluster, or one that was stopped. */
export class CephCluster {
  readonly directory: string;
  readonly #outlives: boolean;

  constructor(directory: string, outlives = false) {
    this.directory = directory;
    this.#outlives = outlives;
  }

  /** The configuration file. */
  get conf(): string {
    return join(this.directory, "ceph.conf");
  }

  /** The URL of the system; `parameters` is more of its query, such as `id=reader`. */
  system(parameters = ""): string {
    return `rados://${this.conf}?id=admin${parameters === "" ? "" : `&${parameters}`}`;
  }

  /** Makes a cluster and waits until its OSDs are up. */
  static async start(options: CephOptions): Promise<CephCluster> {
    const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "tsdaos-ceph-")));
    await mkdir(directory, { recursive: true });
    const cluster = new CephCluster(directory, options.outlives);
    if (options.outlives !== true) process.once("exit", () => cluster.remove());
    await cluster.#make(options);
    return cluster;
  }

  /** Runs `ceph` with these words. */
  async ceph(...words: string[]): Promise<string> {
    const client = run("ceph", ["-c", this.conf, "--connect-timeout", "20", ...words], {
      maxBuffer: 64 * 1024 * 1024,
      timeout: COMMAND_MS,
      killSignal: "SIGKILL",
    });
    // Some of its commands read what they can get.
    client.child.stdin!.end();
    return (await client).stdout;
  }

  /** Runs `rados` with these words. */
  async rados(...words: string[]): Promise<string> {
    const { stdout } = await run("rados", ["-c", this.conf, ...words]);
    return stdout;
  }

  /** Signals an OSD; one that was stopped does nothing any more when this returns. */
  signalOsd(id: number, signal: NodeJS.Signals): void {
    const name = `osd.${id}`;
    if (this.#signal(name, signal) && signal === "SIGSTOP") waitUntilStopped(this.#pid(name)!);
  }

  /** Signals the monitor. */
  signalMonitor(signal: NodeJS.Signals): void {
    this.#signal("mon.a", signal);
  }

  /** Kills an OSD, at once. */
  async killOsd(id: number): Promise<void> {
    await this.#kill(`osd.${id}`);
  }

  /** Kills the monitor, at once. */
  async killMonitor(): Promise<void> {
    await this.#kill("mon.a");
  }

  /** Kills every daemon, at once. */
  async killAll(): Promise<void> {
    await Promise.all([this.killMonitor(), ...this.osds().map((id) => this.killOsd(id))]);
  }

  startOsd(id: number): void {
    this.#spawn("ceph-osd", `osd.${id}`, ["-f", "-i", String(id), "-c", this.conf]);
  }

  startMonitor(): void {
    this.#spawn("ceph-mon", "mon.a", ["-f", "-i", "a", "-c", this.conf]);
  }

  /** Starts every daemon that was killed, and lets those go on that were stopped. */
  revive(): void {
    if (!this.#signal("mon.a", "SIGCONT")) this.startMonitor();
    for (const id of this.osds()) if (!this.#signal(`osd.${id}`, "SIGCONT")) this.startOsd(id);
  }

  /** The ids of the OSDs that the cluster was made with. */
  osds(): number[] {
    return Array.from({ length: Number(readFileSync(join(this.directory, "osds"), "utf8")) }, (_, id) => id);
  }

  /** Waits until so many OSDs are up. */
  async waitForOsds(up: number): Promise<void> {
    const end = performance.now() + START_MS;
    for (;;) {
      const status = await this.ceph("-s", "--format", "json").then(JSON.parse, () => undefined);
      if (status?.osdmap?.num_up_osds >= up) return;
      if (performance.now() > end) throw new Error(`${up} OSDs are not up: see ${this.directory}/*.out`);
      await sleep(POLL_MS);
    }
  }

  /** Waits until every copy of a pool's objects is where it belongs. Its placement groups are asked: there is no manager. */
  async waitForCleanPool(pool: string): Promise<void> {
    const pools = JSON.parse(await this.ceph("osd", "pool", "ls", "detail", "--format", "json")) as {
      pool_name: string;
      pool_id: number;
      pg_num: number;
    }[];
    const { pool_id: id, pg_num: groups } = pools.find((one) => one.pool_name === pool)!;
    const end = performance.now() + START_MS;
    for (let group = 0; group < groups; ) {
      if ((await this.#stateOfGroup(`${id}.${group.toString(16)}`)) === "active+clean") {
        group++;
        continue;
      }
      if (performance.now() > end) throw new Error(`pool ${pool} is not clean`);
      await sleep(POLL_MS);
    }
  }

  /** The state of a placement group, as the one OSD says that leads it: of those that think so, the one with the newest map. */
  async #stateOfGroup(pgid: string): Promise<string | undefined> {
    const asked = this.osds().map((osd) =>
      askDaemon(join(this.directory, `osd.${osd}.asok`), { prefix: "query", pgid }),
    );
    const answers = (await Promise.all(asked)) as ({ epoch: number; state: string } | undefined)[];
    return answers.reduce((a, b) => (b !== undefined && b.epoch > (a?.epoch ?? 0) ? b : a))?.state;
  }

  /** Makes a user; gives the path of its keyring. */
  async createUser(name: string, mon: string, osd: string): Promise<string> {
    const keyring = join(this.directory, `keyring.${name}`);
    await this.ceph("auth", "get-or-create", `client.${name}`, "mon", mon, "osd", osd, "-o", keyring);
    return keyring;
  }

  /** Ends every daemon and removes what is left. */
  remove(): void {
    for (const name of ["mon.a", ...this.#osdNames()]) this.#signal(name, "SIGKILL");
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  async #make({ store, auth = "none", osds = 3 }: CephOptions): Promise<void> {
    const { directory, conf } = this;
    const fsid = randomUUID();
    const port = await freePorts();
    writeFileSync(join(directory, "osds"), String(osds));
    writeFileSync(conf, configuration(directory, fsid, port, store, auth, osds));
    const keyring = join(directory, "keyring");
    writeFileSync(keyring, "");
    if (auth === "cephx") {
      const key = (...words: string[]): Promise<unknown> => run("ceph-authtool", [keyring, "--gen-key", ...words]);
      await key("-n", "mon.", "--cap", "mon", "allow *");
      await key("-n", "client.admin", "--cap", "mon", "allow *", "--cap", "osd", "allow *");
      for (let id = 0; id < osds; id++)
        await key("-n", `osd.${id}`, "--cap", "mon", "allow profile osd", "--cap", "osd", "allow *");
    }
    const uuids = Array.from({ length: osds }, () => randomUUID());
    const formatted = uuids.map(async (uuid, id) => {
      await mkdir(join(directory, `osd.${id}`));
      const words = ["--mkfs", "-i", String(id), "-c", conf, "--osd-uuid", uuid, "--no-mon-config"];
      await run("ceph-osd", words);
    });
    // A monitor map seeded from mon_host names the monitor "noname-a", which never forms a quorum.
    const map = join(directory, "monmap");
    await run("monmaptool", ["--create", "--clobber", "--fsid", fsid, "--addv", "a", `[v2:127.0.0.1:${port}]`, map]);
    const withKey = auth === "cephx" ? ["--keyring", keyring] : [];
    await run("ceph-mon", ["--mkfs", "-i", "a", "-c", conf, "--monmap", map, ...withKey]);
    this.startMonitor();
    // One process for all commands: each takes longer to start than to do.
    const commands = [...uuids.map((uuid, id) => `osd new ${uuid} ${id}`), "osd set noscrub", "osd set nodeep-scrub"];
    const client = run("ceph", ["-c", conf, "--connect-timeout", "20"]);
    client.child.stdin!.end(`${commands.join("\n")}\n`);
    await client;
    await Promise.all(formatted);
    for (let id = 0; id < osds; id++) this.startOsd(id);
    await this.waitForOsds(osds);
  }

  #spawn(program: string, name: string, words: string[]): void {
    const out = openSync(join(this.directory, `${name}.out`), "a");
    // A cluster of a test ends with the test, however that ends.
    const [command, ...before] = this.#outlives ? [program] : ["setpriv", "--pdeathsig", "KILL", program];
    const daemon: ChildProcess = spawn(command!, [...before, ...words], {
      cwd: this.directory,
      detached: true,
      stdio: ["ignore", out, out],
    });
    daemon.unref();
    writeFileSync(join(this.directory, `${name}.pid`), String(daemon.pid));
  }

  async #kill(name: string): Promise<void> {
    this.#signal(name, "SIGKILL");
    while (this.#signal(name, 0)) await sleep(5);
  }

  #signal(name: string, signal: NodeJS.Signals | 0): boolean {
    const pid = this.#pid(name);
    // The number may be another process's by now.
    if (pid === undefined || !isDaemon(pid)) return false;
    try {
      return process.kill(pid, signal);
    } catch {
      return false;
    }
  }

  #pid(name: string): number | undefined {
    const file = join(this.directory, `${name}.pid`);
    return existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
  }

  #osdNames(): string[] {
    return existsSync(join(this.directory, "osds")) ? this.osds().map((id) => `osd.${id}`) : [];
  }
}

/** Asks a daemon by its admin socket; `undefined` when it does not answer, or with an error. */
function askDaemon(path: string, command: Readonly<Record<string, string>>): Promise<unknown> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const received: Buffer[] = [];
    socket.setTimeout(SOCKET_MS, () => socket.destroy());
    socket.on("error", () => {});
    socket.on("data", (data) => received.push(data));
    socket.on("close", () => {
      // The length of the answer comes first, in four bytes.
      const text = Buffer.concat(received).toString("utf8", 4);
      try {
        resolve(JSON.parse(text));
      } catch {
        resolve(undefined);
      }
    });
    socket.write(`${JSON.stringify({ ...command, format: "json" })}\0`);
  });
}

/** On a busy machine, a process goes on for some milliseconds after SIGSTOP, until the thread that is told has had its turn. */
function waitUntilStopped(pid: number): void {
  const end = performance.now() + STOP_MS;
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  while (!isStopped(pid)) {
    if (performance.now() > end) throw new Error(`process ${pid} does not stop`);
    Atomics.wait(sleeper, 0, 0, 1);
  }
}

/** Whether every thread of a process is stopped. */
function isStopped(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  try {
    // The state follows the name, in which there may be parentheses.
    return readdirSync(tasks).every((id) => /\) T [^)]*$/.test(readFileSync(join(tasks, id, "stat"), "utf8")));
  } catch {
    // A thread has just ended.
    return false;
  }
}

function isDaemon(pid: number): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "latin1");
    return command.includes("ceph-osd") || command.includes("ceph-mon");
  } catch {
    return false;
  }
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function freePorts(): Promise<number> {
  for (;;) {
    const slots = Math.floor((LAST_PORT - FIRST_PORT) / PORTS);
    const port = FIRST_PORT + PORTS * Math.floor(Math.random() * slots);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

function configuration(
  directory: string,
  fsid: string,
  port: number,
  store: string,
  auth: string,
  osds: number,
): string {
  return `[global]
fsid = ${fsid}
mon_host = v2:127.0.0.1:${port}
ms_bind_msgr1 = false
ms_bind_port_min = ${port + 1}
ms_bind_port_max = ${port + PORTS - 1}
auth_cluster_required = ${auth}
auth_service_required = ${auth}
auth_client_required = ${auth}
keyring = ${directory}/keyring
run_dir = ${directory}
admin_socket =
log_file =
log_to_stderr = false
err_to_stderr = true
crash_dir = ${directory}/crash
mon_data = ${directory}/mon.$id
mon_cluster_log_to_file = false
osd_data = ${directory}/osd.$id
osd_objectstore = ${store}
osd_crush_chooseleaf_type = 0
osd_crush_initial_weight = 1
osd_pool_default_size = ${Math.min(3, osds)}
osd_pool_default_min_size = ${Math.min(2, osds)}
mon_allow_pool_size_one = true
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
mon_allow_pool_delete = true
mon_max_pg_per_osd = 5000
mon_warn_on_insecure_global_id_reclaim = false
mon_warn_on_insecure_global_id_reclaim_allowed = false
mon_data_avail_crit = 1
mon_data_avail_warn = 2
osd_failsafe_full_ratio = .999
mon_osd_full_ratio = .99
mon_osd_nearfull_ratio = .99
mon_osd_backfillfull_ratio = .99
# Decisions of the monitors at once, not gathered for a second.
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
mon_tick_interval = 1
# A dead OSD is noticed in seconds, on the word of one neighbour of the same host.
osd_heartbeat_interval = 1
osd_heartbeat_grace = 3
mon_osd_adjust_heartbeat_grace = false
mon_osd_adjust_down_out_interval = false
mon_osd_min_down_reporters = 1
mon_osd_reporter_subtree_level = osd
mon_osd_down_out_interval = 600
osd_max_markdown_count = 1000
# A file on what calls itself a spinning disk is not spared: each recovered object would cost a tenth of a second.
osd_recovery_sleep_hdd = 0
osd_recovery_sleep_hybrid = 0
osd_delete_sleep_hdd = 0
osd_class_update_on_start = false
osd_op_num_shards = 2
osd_op_num_threads_per_shard = 1
ms_async_op_threads = 2
osd_memory_target = 939524096
memstore_device_bytes = 4294967296
bluestore_block_size = 8589934592
bluestore_fsck_on_mount = false
bluestore_block_preallocate_file = false
[client]
objecter_tick_interval = 0.2
[osd]
# In [global] it would push the monitor to the default ports.
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
# Its placement groups are asked there. In its directory: the path of a socket must be short.
admin_socket = $name.asok
`;
}
