/**
 * One text for both faces: an algorithm over the contract is a generator that yields what the twin answers, a value or
 * a promise of it, and gets the value back. Run by `runSync` it blocks, run by `runAsync` it awaits.
 */

/** An algorithm that ends with a `T`. */
export type Steps<T> = Generator<unknown, T, never>;

/** Waits, inside an algorithm, for an answer of the contract: `const n = yield* step(kv.count())`. */
export function* step<T>(answer: T | PromiseLike<T>): Steps<T> {
  return (yield answer) as T;
}

/** Waits for many answers, which are all under way already. */
export function* all<T>(answers: readonly (T | PromiseLike<T>)[]): Steps<T[]> {
  const asynchronous = answers.some((answer) => typeof (answer as PromiseLike<T> | undefined)?.then === "function");
  return yield* step<T[]>(asynchronous ? Promise.all(answers) : (answers as T[]));
}

/** The answer, whose failure is told when it is waited for, which may be later than it happens. */
export function handled<T>(answer: T): T {
  if (answer instanceof Promise) answer.catch(() => {});
  return answer;
}

/** Waits until an answer that is not needed any more is there, or has failed. */
export function* settled(answer: unknown): Steps<void> {
  try {
    yield* step(answer);
  } catch {
    // The failure before it is the one that is told.
  }
}

/**
 * Runs an algorithm up to its first wait, so that what it asks for is under way; gives the rest of it, which has to be run, or
 * {@link abandon}ed.
 */
export function begun<T>(steps: Steps<T>): Steps<T> {
  let next = steps.next();
  if (!next.done) handled(next.value);
  return (function* rest(): Steps<T> {
    while (!next.done) {
      let answer: never;
      try {
        answer = yield next.value;
      } catch (e) {
        next = steps.throw(e);
        continue;
      }
      next = steps.next(answer);
    }
    return next.value;
  })();
}

/** Ends what was {@link begun} and is not needed any more: waits until it touches nothing, and tells no failure of it. */
export function* abandon(rest: Steps<unknown>): Steps<void> {
  try {
    yield* rest;
  } catch {
    // What made it useless is what is told.
  }
}

/** Runs an algorithm over a blocking twin. */
export function runSync<T>(steps: Steps<T>): T {
  let next = steps.next();
  while (!next.done) next = steps.next(next.value as never);
  return next.value;
}

/** Runs an algorithm over an asynchronous twin; it begins before this returns, so calls keep their order. */
export async function runAsync<T>(steps: Steps<T>): Promise<T> {
  let next = steps.next();
  while (!next.done) {
    let answer: unknown;
    try {
      answer = await next.value;
    } catch (e) {
      next = steps.throw(e);
      continue;
    }
    next = steps.next(answer as never);
  }
  return next.value;
}

/** An algorithm that meets no storage for so long lets others have their turn, milliseconds. */
const HOLD_MS = 20;

/**
 * Turns for the rest of the program: an algorithm that gets its answers at once, as from an array whose chunks are not stored,
 * would hold the event loop to its end. `yield* turns.give()` in its loop; a blocking algorithm just goes on.
 */
export class Turns {
  #given = performance.now();

  /** Waits for a turn of the event loop, when the last one was long ago. */
  *give(): Steps<void> {
    if (performance.now() - this.#given < HOLD_MS) return;
    yield* step(new Promise((resolve) => setImmediate(resolve)));
    this.#given = performance.now();
  }
}
