/**
 * A process that does what the test tells it: each message is a function (its source) with its arguments, run with both
 * faces at hand. Ends when the test lets go of it.
 */
import * as tsdaos from "../../../../src/index.ts";
import * as blocking from "../../../../src/sync.ts";
import type { Answer, Order, RemoteContext } from "../remote.ts";

const context: RemoteContext = { tsdaos, blocking, state: {} };

process.on("message", async (order: Order) => {
  let answer: Answer;
  try {
    // biome-ignore lint/security/noGlobalEval: the source comes from the test that started this process.
    const work = globalThis.eval(`(${order.source})`) as (c: RemoteContext, ...args: unknown[]) => unknown;
    answer = { id: order.id, result: await work(context, ...order.args) };
  } catch (e) {
    const { message, code } = e as { message: string; code?: string };
    answer = { id: order.id, error: { message, code, isDaosError: tsdaos.DaosError.is(e) } };
  }
  process.send?.(answer);
});
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: true });
