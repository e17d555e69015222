/**
 * The order of the operations on one object in this process: each takes effect after those that were called before it and
 * that it could disturb. Operations on different keys, and reads, go on side by side.
 */

/** An operation that wants its turn. */
export interface Turn {
  /** The key that it is about, as text; `undefined`: the whole object. */
  readonly key: string | undefined;
  /** Whether it changes anything. */
  readonly writes: boolean;
  /** Called when its turn has come. */
  readonly start: () => void;
}

/** The operations on one key. */
interface Lane {
  readers: number;
  writing: boolean;
  readonly waiting: Turn[];
}

/** The turns of one object. */
export class ObjectOrder {
  readonly #lanes = new Map<string, Lane>();
  // Operations on single keys that are in a lane, running or waiting there.
  #keyReaders = 0;
  #keyWriters = 0;
  #wholeReaders = 0;
  #wholeWriting = false;
  readonly #waiting: Turn[] = [];

  /** Whether nothing is under way. */
  get idle(): boolean {
    return this.#lanes.size === 0 && this.#wholeReaders === 0 && !this.#wholeWriting && this.#waiting.length === 0;
  }

  /** Starts it, now or when its turn comes. When it has ended, `leave` must be called. */
  enter(turn: Turn): void {
    if (this.#waiting.length > 0 || !this.#fits(turn)) this.#waiting.push(turn);
    else this.#place(turn);
  }

  /** It has ended: whoever waited for it may start. */
  leave(turn: Turn): void {
    if (turn.key === undefined) {
      if (turn.writes) this.#wholeWriting = false;
      else this.#wholeReaders--;
    } else {
      this.#leaveLane(turn, turn.key);
    }
    while (this.#waiting.length > 0 && this.#fits(this.#waiting[0]!)) this.#place(this.#waiting.shift()!);
  }

  #fits({ key, writes }: Turn): boolean {
    if (this.#wholeWriting) return false;
    if (key !== undefined) return !writes || this.#wholeReaders === 0;
    return this.#keyWriters === 0 && (!writes || (this.#keyReaders === 0 && this.#wholeReaders === 0));
  }

  #place(turn: Turn): void {
    if (turn.key === undefined) {
      if (turn.writes) this.#wholeWriting = true;
      else this.#wholeReaders++;
      turn.start();
      return;
    }
    if (turn.writes) this.#keyWriters++;
    else this.#keyReaders++;
    let lane = this.#lanes.get(turn.key);
    if (lane === undefined) {
      lane = { readers: 0, writing: false, waiting: [] };
      this.#lanes.set(turn.key, lane);
    }
    if (lane.waiting.length > 0 || !fitsLane(lane, turn)) lane.waiting.push(turn);
    else startInLane(lane, turn);
  }

  #leaveLane(turn: Turn, key: string): void {
    const lane = this.#lanes.get(key)!;
    if (turn.writes) {
      lane.writing = false;
      this.#keyWriters--;
    } else {
      lane.readers--;
      this.#keyReaders--;
    }
    while (lane.waiting.length > 0 && fitsLane(lane, lane.waiting[0]!)) startInLane(lane, lane.waiting.shift()!);
    if (lane.readers === 0 && !lane.writing) this.#lanes.delete(key);
  }
}

function fitsLane(lane: Lane, { writes }: Turn): boolean {
  return !lane.writing && (!writes || lane.readers === 0);
}

function startInLane(lane: Lane, turn: Turn): void {
  if (turn.writes) lane.writing = true;
  else lane.readers++;
  turn.start();
}
