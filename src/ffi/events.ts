/**
 * Operations of libdaos under way at the same time, on one event queue.
 *
 * An operation is a generator that yields calls: functions that start a call of libdaos with an event and give its return
 * code; it gets back the code that the call ended with. One text serves both faces: {@link runBlocking} makes each call
 * with no event, so that it blocks; {@link EventQueue} makes them with events and goes on when they are complete.
 *
 * Completions are looked for without waiting, between turns of the event loop. When nothing has come for a while, one
 * `.async` call waits for them on another thread. Nothing is ever called back from a foreign thread.
 */
import { Arena } from "./arena.ts";
import { OFFSET, SIZE } from "./daos-abi.ts";
import type { LibDaos } from "./libdaos.ts";

/** Starts a call of libdaos; 0 instead of an event makes it block. Gives libdaos's return code. */
export type Launch = (event: number) => number;

/** An operation that ends with a `T`. */
export type Operation<T> = Generator<Launch, T, number>;

/** Memory for one operation at a time; it stays while the operation is under way. */
export interface Slot {
  /** {@link SCRATCH_BYTES} of memory; its content is left over from earlier operations. */
  readonly scratch: Arena;
  /** Further memory that C uses during the operation: held here, for a local variable that is not read again holds nothing. */
  readonly kept: unknown[];
}

/** Memory of a slot. */
export const SCRATCH_BYTES = 16 * 1024;

/** Runs an operation with blocking calls. */
export function runBlocking<T>(operation: Operation<T>): T {
  let next = operation.next();
  while (!next.done) next = operation.next(next.value(0));
  return next.value;
}

/** Work that waits for a slot or has one. */
interface Task {
  /** Begins the operation. */
  readonly begin: (slot: Slot) => Operation<unknown>;
  /** Told once: at the end, or when the deadline has passed. */
  done: ((error: unknown, result: unknown) => void) | undefined;
  /** How long DAOS may be silent. */
  readonly timeoutMs: number;
  /** When it was submitted or last went on, of `performance.now()`. */
  since: number;
}

class EventSlot implements Slot {
  readonly scratch: Arena = new Arena(SCRATCH_BYTES);
  readonly kept: unknown[] = [];
  event: Arena;
  task: Task | undefined;
  operation: Operation<unknown> | undefined;

  constructor(event: Arena) {
    this.event = event;
  }
}

/** For how long completions are looked for at every turn of the event loop before a thread waits, milliseconds. */
const SPIN_MS = 0.5;
/** The longest that one turn's completions hold up the event loop, milliseconds. */
const TURN_MS = 2;
/** How long one wait on a thread lasts, microseconds: short, because an exiting process has to wait for its end. */
const THREAD_WAIT_US = 10_000;
/** How long one wait of a blocking drain lasts, microseconds. */
const DRAIN_WAIT_US = 1000;
/** How often deadlines are looked at, milliseconds. */
const DEADLINE_LOOK_MS = 50;
/** What the error field of an event says until its call is complete; libdaos's codes are 0 or negative. */
const PENDING = 0x7fff_ffff;

/** An event queue of libdaos with room for some operations at a time; others wait for their turn, in order. */
export class EventQueue {
  readonly #lib: LibDaos;
  readonly #queue: number;
  readonly #room: number;
  readonly #free: EventSlot[] = [];
  readonly #busy = new Map<number, EventSlot>();
  // Events whose completion was seen before libdaos gave them back: not to be used again until then.
  readonly #seen = new Map<number, Arena>();
  readonly #spare: Arena[] = [];
  readonly #polled: Arena;
  readonly #polledByThread: Arena;
  #waiting: Task[] = [];
  #head = 0;
  #filling = false;
  #scheduled = false;
  #threadWaits = false;
  #lastCompletion = 0;
  #lastLook = 0;

  /**
   * @param inFlight - how many operations may be under way at a time.
   * @param check - throws for a return code that says failure.
   */
  constructor(lib: LibDaos, inFlight: number, check: (rc: number) => void) {
    this.#lib = lib;
    this.#room = inFlight;
    this.#polled = new Arena(8 * inFlight);
    this.#polledByThread = new Arena(8 * inFlight);
    check(lib.eqCreate(this.#polled.address));
    this.#queue = this.#polled.pointer(0);
    for (let i = 0; i < inFlight; i++) this.#free.push(new EventSlot(this.#newEvent()));
  }

  /** Whether an operation that is submitted now begins at once. */
  get hasRoom(): boolean {
    return this.#free.length > 0 && this.#head === this.#waiting.length;
  }

  /** Whether nothing is under way. */
  get idle(): boolean {
    return this.#busy.size === 0 && this.#head === this.#waiting.length;
  }

  /**
   * Begins the operation, or queues it.
   *
   * @param done - is told the end, once: maybe before this returns. When libdaos is silent for `timeoutMs` the error is
   *   {@link TimedOut}; the operation goes on if it had begun, and else never does.
   */
  submit<T>(begin: (slot: Slot) => Operation<T>, done: (error: unknown, result: T) => void, timeoutMs: number): void {
    this.#waiting.push({ begin, done: done as Task["done"], timeoutMs, since: performance.now() });
    this.#fill();
    this.#schedule();
  }

  /**
   * Blocks until `until` holds, while what is under way goes on. Gives false when libdaos is silent for `timeoutMs`, or
   * when nothing is under way that could make it hold.
   */
  drain(until: () => boolean, timeoutMs: number): boolean {
    this.#lastCompletion = performance.now();
    while (!until()) {
      if (this.idle || performance.now() - this.#lastCompletion > timeoutMs) return false;
      this.#reap(this.#polled, this.#lib.eqPoll(this.#queue, 1, DRAIN_WAIT_US, this.#room, this.#polled.address));
      if (this.#threadWaits) this.#reapUnpolled();
    }
    return true;
  }

  #fill(): void {
    // An operation that ends at once comes back here: the loop goes on, the stack does not grow.
    if (this.#filling) return;
    this.#filling = true;
    while (this.#free.length > 0 && this.#head < this.#waiting.length) {
      const task = this.#waiting[this.#head++]!;
      if (this.#head === this.#waiting.length) {
        this.#waiting = [];
        this.#head = 0;
      }
      const slot = this.#free.pop()!;
      slot.task = task;
      this.#busy.set(slot.event.address, slot);
      this.#advance(slot, undefined);
    }
    this.#filling = false;
  }

  /** Goes on with the operation until it waits for its next call or ends. `rc` is what its last call ended with. */
  #advance(slot: EventSlot, rc: number | undefined): void {
    this.#lastCompletion = performance.now();
    slot.task!.since = this.#lastCompletion;
    try {
      if (rc === undefined) slot.operation = slot.task!.begin(slot);
      let next = slot.operation!.next(rc as number);
      while (!next.done) {
        slot.event.setUint32(OFFSET.daos_event_t.ev_error, PENDING);
        const launched = next.value(slot.event.address);
        if (launched === 0) return;
        // Refused on the spot: the event was not used.
        next = slot.operation!.next(launched);
      }
      this.#end(slot, undefined, next.value);
    } catch (e) {
      this.#end(slot, e, undefined);
    }
  }

  #end(slot: EventSlot, error: unknown, result: unknown): void {
    const { done } = slot.task!;
    slot.task = undefined;
    slot.operation = undefined;
    slot.kept.length = 0;
    this.#busy.delete(slot.event.address);
    this.#free.push(slot);
    done?.(error, result);
    this.#fill();
  }

  #schedule(): void {
    if (this.#scheduled || this.#threadWaits || this.#busy.size === 0) return;
    this.#scheduled = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    if (this.#threadWaits) return;
    const started = performance.now();
    let now = started;
    for (let count = 1; count > 0 && this.#busy.size > 0 && now - started < TURN_MS; now = performance.now()) {
      count = this.#lib.eqPoll(this.#queue, 0, 0, this.#room, this.#polled.address);
      this.#reap(this.#polled, count);
    }
    if (now - this.#lastLook > DEADLINE_LOOK_MS) this.#expire(now);
    if (this.#busy.size === 0) return;
    if (now - this.#lastCompletion < SPIN_MS) {
      this.#scheduled = true;
      setImmediate(this.#turn);
    } else if (this.#isAwaited()) {
      this.#waitOnThread();
    } else {
      // Nobody waits any more: looked at now and then, without keeping the process alive.
      this.#scheduled = true;
      setTimeout(this.#turn, DEADLINE_LOOK_MS).unref();
    }
  };

  #waitOnThread(): void {
    this.#threadWaits = true;
    const { address } = this.#polledByThread;
    this.#lib.eqPoll.async(this.#queue, 1, THREAD_WAIT_US, this.#room, address, (error, count) => {
      this.#threadWaits = false;
      if (error === null) this.#reap(this.#polledByThread, count);
      if (!this.#scheduled) this.#turn();
    });
  }

  /** Tells those for whom libdaos was silent too long. What has not begun yet never will. */
  #expire(now: number): void {
    this.#lastLook = now;
    const expired: Task[] = [];
    const isExpired = (task: Task, since: number): boolean => {
      if (now - since < task.timeoutMs) return false;
      expired.push(task);
      return true;
    };
    for (const { task } of this.#busy.values()) if (task?.done !== undefined) isExpired(task, task.since);
    // Those that wait for a slot wait as long as others go on.
    const waiting = this.#waiting.slice(this.#head);
    this.#waiting = waiting.filter((task) => !isExpired(task, Math.max(task.since, this.#lastCompletion)));
    this.#head = 0;
    for (const task of expired) {
      const { done } = task;
      task.done = undefined;
      done?.(new TimedOut(), undefined);
    }
  }

  #isAwaited(): boolean {
    if (this.#head < this.#waiting.length) return true;
    for (const { task } of this.#busy.values()) if (task!.done !== undefined) return true;
    return false;
  }

  /** Takes the events that a poll has given back. */
  #reap(events: Arena, count: number): void {
    for (let i = 0; i < count; i++) {
      const address = events.pointer(8 * i);
      const slot = this.#busy.get(address);
      if (slot !== undefined) {
        this.#advance(slot, slot.event.int32(OFFSET.daos_event_t.ev_error));
        continue;
      }
      this.#spare.push(this.#seen.get(address)!);
      this.#seen.delete(address);
    }
  }

  /** Goes on with operations that are complete although a poll of the waiting thread has taken, or may take, their events. */
  #reapUnpolled(): void {
    for (const slot of [...this.#busy.values()]) {
      const { event } = slot;
      const error = event.int32(OFFSET.daos_event_t.ev_error);
      if (error === PENDING || this.#busy.get(event.address) !== slot) continue;
      this.#busy.delete(event.address);
      this.#seen.set(event.address, event);
      slot.event = this.#spare.pop() ?? this.#newEvent();
      this.#busy.set(slot.event.address, slot);
      this.#advance(slot, error);
    }
  }

  #newEvent(): Arena {
    const event = new Arena(SIZE.daos_event_t);
    event.bytes.fill(0);
    if (this.#lib.eventInit(event.address, this.#queue, 0) !== 0) throw new RangeError("libdaos refuses an event");
    return event;
  }
}

/** What {@link EventQueue.submit} tells when the deadline has passed. */
export class TimedOut extends Error {}
