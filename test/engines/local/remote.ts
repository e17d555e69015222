/** Other processes, told what to do by a test. */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type * as tsdaos from "../../../src/index.ts";
import type * as blocking from "../../../src/sync.ts";

/** What a function that runs in another process has at hand. It sees nothing of the test's own variables. */
export interface RemoteContext {
  readonly tsdaos: typeof tsdaos;
  readonly blocking: typeof blocking;
  /** Whatever later functions need of earlier ones: handles, say. */
  // biome-ignore lint/suspicious/noExplicitAny: the functions know what they have put there.
  readonly state: Record<string, any>;
}

export interface Order {
  readonly id: number;
  readonly source: string;
  readonly args: readonly unknown[];
}

export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly code: string | undefined; readonly isDaosError: boolean };
}

/** A failure in the other process. */
export class RemoteError extends Error {
  readonly code: string | undefined;
  readonly isDaosError: boolean;

  constructor({ message, code, isDaosError }: NonNullable<Answer["error"]>) {
    super(message);
    this.code = code;
    this.isDaosError = isDaosError;
  }
}

export interface RemoteOptions {
  /** Runs as this user and group. */
  readonly uid?: number;
  readonly gid?: number;
  readonly groups?: readonly number[];
  /** Where the sources are; default: this checkout. */
  readonly root?: string;
  readonly execPath?: string;
  /** It may have so many files open at most. */
  readonly descriptors?: number;
  readonly env?: NodeJS.ProcessEnv;
}

/** Another process. */
export class Remote implements AsyncDisposable {
  readonly process: ChildProcess;
  #next = 0;
  readonly #open = new Map<number, { resolve: (result: never) => void; reject: (e: Error) => void }>();

  private constructor(child: ChildProcess) {
    this.process = child;
    child.on("message", (answer: Answer) => {
      const waiting = this.#open.get(answer.id);
      this.#open.delete(answer.id);
      if (answer.error === undefined) waiting?.resolve(answer.result as never);
      else waiting?.reject(new RemoteError(answer.error));
    });
    child.on("exit", (code, signal) => {
      for (const { reject } of this.#open.values()) reject(new Error(`the process ended: ${signal ?? code}`));
      this.#open.clear();
    });
  }

  /** Starts one and waits until it listens. */
  static async start(o: RemoteOptions = {}): Promise<Remote> {
    const root = o.root ?? fileURLToPath(new URL("../../..", import.meta.url));
    const child = fork(`${root}/test/engines/local/programs/remote.ts`, [], {
      execArgv: [],
      execPath: o.execPath ?? process.execPath,
      serialization: "advanced",
      cwd: "/",
      env: o.env ?? process.env,
      ...(o.uid === undefined ? {} : { uid: o.uid }),
      ...(o.gid === undefined ? {} : { gid: o.gid }),
    });
    if (o.descriptors !== undefined)
      execFileSync("prlimit", [`--nofile=${o.descriptors}`, "--pid", String(child.pid)], { stdio: "inherit" });
    const [first] = (await Promise.race([
      once(child, "message"),
      once(child, "exit").then(([code, signal]) => {
        throw new Error(`the process did not start: ${signal ?? code}`);
      }),
    ])) as [unknown];
    if ((first as { ready?: boolean }).ready !== true) throw new Error("the process said something else than ready");
    return new Remote(child);
  }

  /** Runs `work` there; it is sent as source text, so it can use nothing but its arguments. */
  run<T, A extends unknown[]>(work: (c: RemoteContext, ...args: A) => T, ...args: A): Promise<Awaited<T>> {
    const id = this.#next++;
    return new Promise<Awaited<T>>((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      this.process.send({ id, source: work.toString(), args } satisfies Order);
    });
  }

  /** Ends it at once, as `kill -9` does. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
