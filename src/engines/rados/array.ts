/** The array object of the rados engine, one text for both twins. */
import type { ArrayStore, At, ChunkPage, ChunkRead, ChunkUpdate, ChunkWrite, Face, R } from "../../engine/contract.ts";
import type { Steps } from "../../engine/steps.ts";
import type { ArrayCore } from "./array-core.ts";
import { type Call, runCall } from "./call.ts";
import type { Handle } from "./kv.ts";
import type { Runner } from "./runner.ts";

/** See the contract. */
export class RadosArray<S extends Face> implements ArrayStore<S> {
  readonly path = undefined;
  readonly #runner: Runner<S>;
  readonly #handle: Handle;
  readonly #oid: string;

  constructor(runner: Runner<S>, handle: Handle, oid: string) {
    this.#runner = runner;
    this.#handle = handle;
    this.#oid = oid;
  }

  getMetadata(o?: At): R<S, Uint8Array | undefined> {
    return this.#read(o, (array) => array.metadata());
  }

  setMetadata(bytes: Uint8Array, was: Uint8Array | undefined, o?: At): R<S, boolean> {
    const [now, before] = [Uint8Array.from(bytes), was && Uint8Array.from(was)];
    return this.#write(o, (array) => array.setMetadata(now, before));
  }

  readChunks(keys: readonly string[], o?: At): R<S, (Uint8Array | undefined)[]> {
    return this.#read(o, (array, call) => array.readChunks(keys, call));
  }

  readInto(reads: readonly ChunkRead[], o?: At): R<S, boolean[]> {
    return this.#read(o, (array, call) => array.readInto(reads, call));
  }

  writeChunks(writes: readonly ChunkWrite[], o?: At): R<S, void> {
    return this.#write(o, (array, call) => array.writeChunks(writes, call));
  }

  updateChunks(updates: readonly ChunkUpdate[], o?: At): R<S, void> {
    return this.#write(o, (array, call) => array.updateChunks(updates, call));
  }

  listChunks(after: string | undefined, limit: number, o?: At): R<S, ChunkPage> {
    return this.#read(o, (array) => array.list(after, limit));
  }

  #read<T>(o: At | undefined, steps: (array: ArrayCore, call: Call) => Steps<T>): R<S, T> {
    const find = () => this.#handle.core().object(this.#oid);
    return runCall(this.#runner, find, o, (object, call) => steps(object.array, call));
  }

  #write<T>(o: At | undefined, steps: (array: ArrayCore, call: Call) => Steps<T>): R<S, T> {
    const find = () => this.#handle.writable().object(this.#oid);
    return runCall(this.#runner, find, o, (object, call) => steps(object.array, call));
  }
}
