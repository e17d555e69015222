/** Many asynchronous calls, a few at a time. */

/**
 * What `work` gives for each item, in their order, with at most `limit` calls under way. After a failure or an abort no
 * further call begins; it rejects when those under way have ended, so that nothing of them goes on behind the caller's back.
 */
export async function mapBounded<T, U>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal | undefined,
  work: (item: T, index: number) => Promise<U>,
): Promise<U[]> {
  const results = new Array<U>(items.length);
  let next = 0;
  let failed = false;
  let failure: unknown;
  const run = async (): Promise<void> => {
    while (!failed && next < items.length) {
      const i = next++;
      try {
        signal?.throwIfAborted();
        results[i] = await work(items[i]!, i);
      } catch (e) {
        if (!failed) failure = e;
        failed = true;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, run));
  if (failed) throw failure;
  return results;
}
