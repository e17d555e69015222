/**
 * When what has gathered in the queues of the shards is sent: at the end of the turn, so that all calls of one turn travel
 * together.
 *
 * Reads of a thread that has many of them travel in convoys: the next one leaves when the last one is back, with all that
 * has been asked for meanwhile. A few large groups cost much less than many small ones, and as many reads are under way.
 * A group that is late is not waited for.
 */
import { completions } from "../../ffi/completions.ts";

/** Up to so many reads, most of which would be groups of their own, leave at once. */
const FEW_READS = 32;
/** A convoy is waited for so many times as long as its groups take on average, */
const PATIENCE = 2;
/** and at most so long, milliseconds. */
const PATIENCE_MS = 10;
/** Over about how many groups that average is taken. */
const AVERAGE_OVER = 16;

/** A queue in which requests gather. */
export interface Sender {
  /** Sends what may be sent; with `holdReads`, no reads. Whether some were held that could have been sent. */
  send(holdReads: boolean): boolean;
}

let senders = new Set<Sender>();
let scheduled = false;
let timer: NodeJS.Timeout | undefined;

let readsAsked = 0;
let groupsUnderWay = 0;
let leftAt = 0;
let averageMs = 1;

/** Says that a queue has something to send. */
export function gathered(sender: Sender): void {
  senders.add(sender);
  schedule();
}

/** Sends all that has gathered, here and now; by itself this happens at the end of the turn. */
export function sendAll(): void {
  sendOrHold(0);
}

/** A read has been asked for, and is in a queue now. */
export function readAsked(): void {
  readsAsked++;
}

/** A group of reads leaves; gives the time, for {@link readsBack}. */
export function readsLeave(): number {
  groupsUnderWay++;
  leftAt = performance.now();
  return leftAt;
}

/** A group of so many reads is back, which left at that time. */
export function readsBack(count: number, left: number): void {
  readsAsked -= count;
  groupsUnderWay--;
  // One that was stuck says nothing about the others.
  const ms = Math.min(performance.now() - left, 2 * PATIENCE * averageMs);
  averageMs += (ms - averageMs) / AVERAGE_OVER;
  if (senders.size > 0) schedule();
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  // A tick that is asked for by a microtask comes when none is left: all calls that follow from the last answers are made.
  queueMicrotask(() => process.nextTick(atEndOfTurn));
}

function atEndOfTurn(): void {
  scheduled = false;
  if (senders.size === 0) return;
  const isConvoyOut = readsAsked > FEW_READS && groupsUnderWay > 0;
  sendOrHold(isConvoyOut ? leftAt + Math.min(PATIENCE * averageMs, PATIENCE_MS) - performance.now() : 0);
}

/** Sends; reads only if they are not to be held for some more milliseconds. */
function sendOrHold(holdMs: number): void {
  const all = senders;
  senders = new Set();
  completions().together(() => {
    for (const sender of all) if (sender.send(holdMs > 0)) senders.add(sender);
  });
  if (timer !== undefined) clearTimeout(timer);
  timer = senders.size > 0 && holdMs > 0 ? setTimeout(schedule, holdMs) : undefined;
}
