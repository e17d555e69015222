/** A bound on what all calls of this thread have under way: operations, and the bytes that they move. */
import type { Steps } from "../../engine/steps.ts";
import { Pending, wait } from "../../ffi/pending.ts";

const OPERATIONS = 64;
const BYTES = 64 * 1024 * 1024;

interface Waiting {
  readonly bytes: number;
  readonly turn: Pending<void>;
}

let operations = 0;
let moving = 0;
const waiting: Waiting[] = [];

/** Runs `work`, which moves so many bytes, when there is room for it; first come, first served. */
export function* throughGate<T>(bytes: number, work: () => Steps<T>): Steps<T> {
  const turn = new Pending<void>();
  waiting.push({ bytes, turn });
  admit();
  yield* wait(turn);
  try {
    return yield* work();
  } finally {
    operations--;
    moving -= bytes;
    admit();
  }
}

function admit(): void {
  // What is too big for any room goes alone.
  while (waiting.length > 0 && operations < OPERATIONS && (moving + waiting[0]!.bytes <= BYTES || operations === 0)) {
    const { bytes, turn } = waiting.shift()!;
    operations++;
    moving += bytes;
    turn.resolve();
  }
}
