/** Work on arrays that Ctrl-C and `kill` end in good order: nothing of it is left. */
import { Interrupted } from "../failure.ts";
import { onInterrupt } from "../interrupt.ts";

/** Runs `work` with a signal that an interrupt aborts; the failure then is that it was interrupted. */
export async function interruptible<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  using interrupt = onInterrupt(() => controller.abort());
  try {
    return await work(controller.signal);
  } catch (error) {
    if (interrupt.status === undefined) throw error;
    throw new Interrupted(`interrupted; ${what}`, interrupt.status);
  }
}
