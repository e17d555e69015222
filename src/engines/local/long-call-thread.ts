/** A thread for one call on a system that may take long: checking, copying, removing. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { LocalSystem } from "./system.ts";
import { type ErrorRecord, toRecord } from "./thread-error.ts";

/** The calls that run here. */
export type LongVerb = "checkContainer" | "backupContainer" | "destroyContainer" | "destroyPool";

/** One of them. */
export interface LongCall {
  readonly href: string;
  readonly timeout: number;
  readonly verb: LongVerb;
  readonly args: readonly unknown[];
}

/** Its outcome. */
export type LongAnswer = { readonly result: unknown } | { readonly error: ErrorRecord };

const { href, timeout, verb, args } = workerData as LongCall;
let answer: LongAnswer;
try {
  const system = new LocalSystem({ url: new URL(href), timeout });
  answer = { result: (system[verb] as (...args: unknown[]) => unknown).apply(system, [...args]) };
} catch (e) {
  answer = { error: toRecord(e, verb) };
}
(parentPort as MessagePort).postMessage(answer);
