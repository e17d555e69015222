/** Other processes that work on the same container: started when first needed, kept until the run ends. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DaosError } from "../../errors.ts";
import type { Place } from "./fixture.ts";
import type { Acknowledgement, Answer, JobName, JobOf, PeerStart, Question } from "./peer-process.ts";

const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const PROGRAM = fileURLToPath(new URL(`./peer-process.${extension}`, import.meta.url));

/** Another process. */
export class Peer {
  readonly #process: ChildProcess;
  readonly #open = new Map<number, { resolve: (result: never) => void; reject: (error: unknown) => void }>();
  #questions = 0;
  #acknowledged = -1;

  constructor(place: Place, module: string | undefined) {
    const { system, pool, container } = place;
    const start: PeerStart = { system, pool, container, module };
    // It is a process of its own, not one of the test runner's files.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    this.#process = fork(PROGRAM, [JSON.stringify(start)], { serialization: "advanced", execArgv: [], env });
    this.#process.on("message", (answer: Answer | Acknowledgement) => {
      if ("acknowledged" in answer) {
        this.#acknowledged = answer.acknowledged;
        return;
      }
      const waiting = this.#open.get(answer.id)!;
      this.#open.delete(answer.id);
      if (answer.error === undefined) waiting.resolve(answer.result as never);
      else
        waiting.reject(
          answer.error.code === undefined
            ? new Error(answer.error.message)
            : new DaosError(answer.error.code, `in another process: ${answer.error.message}`),
        );
    });
    this.#process.on("exit", (code, signal) => {
      for (const { reject } of this.#open.values()) reject(new Error(`the process ended (${signal ?? code})`));
      this.#open.clear();
    });
  }

  /** The number of the last write that a job without end was told to be done; -1 before the first. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Waits until that many writes of a job without end are acknowledged; fails when the job ends before. */
  async acknowledges(writes: number, job: Promise<unknown>): Promise<void> {
    let end: { readonly why: unknown } | undefined;
    job.then(
      () => {
        end = { why: new Error("the job ended") };
      },
      (why) => {
        end = { why };
      },
    );
    while (this.#acknowledged + 1 < writes) {
      if (end !== undefined) throw end.why;
      await sleep(2);
    }
  }

  /** Has the process do a job; resolves with its result. */
  run<N extends JobName>(job: N, ...args: Parameters<JobOf<N>>): Promise<Awaited<ReturnType<JobOf<N>>>> {
    const id = this.#questions++;
    const question: Question = { id, job, args };
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      if (this.#process.connected) this.#process.send(question);
      else reject(new Error("the process has ended"));
    });
  }

  /** Waits for the process to end by itself. Its exit code. */
  async ended(): Promise<number | null> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, "exit");
    return this.#process.exitCode;
  }

  /** Kills the process at once. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill("SIGKILL");
    await once(this.#process, "exit");
  }
}

/** The processes of one run. */
export class Peers {
  readonly #place: Place;
  readonly #module: string | undefined;
  readonly #kept: Peer[] = [];
  readonly #all: Peer[] = [];

  constructor(place: Place, module: string | undefined) {
    this.#place = place;
    this.#module = module;
  }

  /** The first `n` of the processes that the tests share. */
  async some(n: number): Promise<readonly Peer[]> {
    while (this.#kept.length < n) this.#kept.push(this.start());
    const peers = this.#kept.slice(0, n);
    await Promise.all(peers.map((peer) => peer.run("ready")));
    return peers;
  }

  /** A process of the test's own, to be killed or let go. */
  start(): Peer {
    const peer = new Peer(this.#place, this.#module);
    this.#all.push(peer);
    return peer;
  }

  /** Ends all of them. */
  async end(): Promise<void> {
    await Promise.all(this.#all.map((peer) => peer.kill()));
  }
}
