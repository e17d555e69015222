/** Operations of one process on one key take effect in the order of their calls: reads together, writes alone. */

/** What waits for its key. */
export interface Turn {
  readonly key: string;
  readonly isWrite: boolean;
  /** Its turn has come. */
  granted(): void;
}

interface Line<T extends Turn> {
  /** Reads that have their turn; -1 while a write has. */
  active: number;
  readonly waiting: T[];
}

/** Who is at work on which key, and who waits. */
export class KeyLocks<T extends Turn> {
  readonly #lines = new Map<string, Line<T>>();

  /** Whether no key is in use. */
  get idle(): boolean {
    return this.#lines.size === 0;
  }

  /** Asks for a turn, which may come at once. */
  enter(turn: T): void {
    const line = this.#lines.get(turn.key);
    if (line === undefined) {
      this.#lines.set(turn.key, { active: turn.isWrite ? -1 : 1, waiting: [] });
      turn.granted();
    } else if (!turn.isWrite && line.active > 0 && line.waiting.length === 0) {
      line.active++;
      turn.granted();
    } else line.waiting.push(turn);
  }

  /** The last one that waits for this key. */
  lastWaiting(key: string): T | undefined {
    return this.#lines.get(key)?.waiting.at(-1);
  }

  /** The turn is over. */
  leave(turn: T): void {
    const line = this.#lines.get(turn.key)!;
    line.active = turn.isWrite ? 0 : line.active - 1;
    if (line.active > 0) return;
    const { waiting } = line;
    if (waiting.length === 0) {
      this.#lines.delete(turn.key);
      return;
    }
    let n = 1;
    if (waiting[0]!.isWrite) line.active = -1;
    else {
      while (n < waiting.length && !waiting[n]!.isWrite) n++;
      line.active = n;
    }
    for (const next of waiting.splice(0, n)) next.granted();
  }
}
