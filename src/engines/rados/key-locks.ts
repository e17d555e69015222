/**
 * Operations of one process on one key take effect in the order of their calls: reads together, writes alone. A call on many
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

/** A call on many keys, none of which was in use when it began. */
export interface Many {
  readonly keys: ReadonlyMap<string, unknown>;
  readonly isWrite: boolean;
  /** Those that others have asked for since. */
  readonly contended: string[];
}

/** Who is at work on which key, and who waits. */
export class KeyLocks<T extends Turn> {
  readonly #lines = new Map<string, Line<T>>();
  readonly #manys = new Set<Many>();

  /** Whether someone is at work on the key. */
  isInUse(key: string): boolean {
    if (this.#lines.has(key)) return true;
    if (this.#manys.size > 0) for (const { keys } of this.#manys) if (keys.has(key)) return true;
    return false;
  }

  /** The same, but for reads of many. */
  isContended(key: string): boolean {
    if (this.#lines.has(key)) return true;
    if (this.#manys.size > 0) for (const { keys, isWrite } of this.#manys) if (isWrite && keys.has(key)) return true;
    return false;
  }

  /** Takes the turn of a call on many keys: to write them, none may be in use; to read them, none may be contended. */
  enterMany(keys: ReadonlyMap<string, unknown>, isWrite: boolean): Many {
    const many: Many = { keys, isWrite, contended: [] };
    this.#manys.add(many);
    return many;
  }

  /** The turn of a call on many keys is over. */
  leaveMany(many: Many): void {
    this.#manys.delete(many);
    for (const key of many.contended) this.#leave(key, many.isWrite);
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

  /** The line of a key that a call on many is at work on. */
  #contend(key: string): Line<T> | undefined {
    let active = 0;
    for (const { keys, isWrite, contended } of this.#manys)
      if (keys.has(key)) {
        active = isWrite ? -1 : active + 1;
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
