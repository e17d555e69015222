/**
 * Operations of one process on one key take effect in the order of their calls: reads together, writes alone. A read of many
 * keys has its turn on all of those that are free, and costs little for those that nobody else asks for meanwhile.
 */

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

/** A read of many keys, none of which was in use when it began. */
export interface ManyReads {
  readonly keys: ReadonlyMap<string, unknown>;
  /** Those that others have asked for since. */
  readonly contended: string[];
}

/** Who is at work on which key, and who waits. */
export class KeyLocks<T extends Turn> {
  readonly #lines = new Map<string, Line<T>>();
  readonly #manyReads = new Set<ManyReads>();

  /** Whether someone is at work on the key, other than by reading many. */
  isInUse(key: string): boolean {
    return this.#lines.has(key);
  }

  /** Takes the turn of a read of keys that are not in use. */
  enterMany(keys: ReadonlyMap<string, unknown>): ManyReads {
    const many: ManyReads = { keys, contended: [] };
    this.#manyReads.add(many);
    return many;
  }

  /** The turn of a read of many keys is over. */
  leaveMany(many: ManyReads): void {
    this.#manyReads.delete(many);
    for (const key of many.contended) this.#leave(key, false);
  }

  /** Asks for a turn, which may come at once. */
  enter(turn: T): void {
    const line = this.#lines.get(turn.key) ?? this.#contend(turn.key);
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
    this.#leave(turn.key, turn.isWrite);
  }

  /** The line of a key that is being read among many. */
  #contend(key: string): Line<T> | undefined {
    let active = 0;
    for (const { keys, contended } of this.#manyReads)
      if (keys.has(key)) {
        active++;
        contended.push(key);
      }
    if (active === 0) return undefined;
    const line: Line<T> = { active, waiting: [] };
    this.#lines.set(key, line);
    return line;
  }

  #leave(key: string, wasWrite: boolean): void {
    const line = this.#lines.get(key)!;
    line.active = wasWrite ? 0 : line.active - 1;
    if (line.active > 0) return;
    const { waiting } = line;
    if (waiting.length === 0) {
      this.#lines.delete(key);
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
