/**
 * Which keys have operations under way in the writer thread. Reads go past the writer thread, straight to the file;
 * only a read of a key that is being written has to queue up behind the write, so that the calls of one process take
 * effect in their order.
 */
export class PendingKeys {
  readonly #objects = new Map<number, PendingObject>();
  #names = 0;

  /** Whether names are being created or destroyed. */
  get names(): boolean {
    return this.#names > 0;
  }

  /** Whether anything of this object is under way; an operation on names may be its destruction. */
  object(object: number): boolean {
    return this.#names > 0 || this.#objects.has(object);
  }

  /** Whether an operation on this key, or on the whole object, is under way. */
  key(object: number, key: Uint8Array): boolean {
    if (this.#names > 0) return true;
    const pending = this.#objects.get(object);
    return pending !== undefined && (pending.whole > 0 || pending.keys.has(text(key)));
  }

  /** Notes an operation on one key; the function that is returned says that it is done. */
  addKey(object: number, key: Uint8Array): () => void {
    const pending = this.#add(object);
    const name = text(key);
    pending.keys.set(name, (pending.keys.get(name) ?? 0) + 1);
    return () => {
      const left = pending.keys.get(name)! - 1;
      if (left === 0) pending.keys.delete(name);
      else pending.keys.set(name, left);
      this.#remove(object, pending);
    };
  }

  /** Notes an operation on the whole object. */
  addObject(object: number): () => void {
    const pending = this.#add(object);
    pending.whole++;
    return () => {
      pending.whole--;
      this.#remove(object, pending);
    };
  }

  /** Notes an operation on names. */
  addNames(): () => void {
    this.#names++;
    return () => {
      this.#names--;
    };
  }

  #add(object: number): PendingObject {
    let pending = this.#objects.get(object);
    if (pending === undefined) {
      pending = { total: 0, whole: 0, keys: new Map() };
      this.#objects.set(object, pending);
    }
    pending.total++;
    return pending;
  }

  #remove(object: number, pending: PendingObject): void {
    if (--pending.total === 0) this.#objects.delete(object);
  }
}

interface PendingObject {
  total: number;
  whole: number;
  readonly keys: Map<string, number>;
}

// One character a byte: any bytes make a text, and different bytes a different one.
function text(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
}
