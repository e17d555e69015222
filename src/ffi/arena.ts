/**
 * Memory for C: it does not move, is not collected while a call uses it, and JavaScript sees it through typed views.
 * koffi keeps no buffer alive that an `.async` call uses, so whatever a call reads or writes after it has returned is
 * to lie in an arena.
 */
import { loadKoffi } from "./koffi.ts";

const HIGH_WORD = 2 ** 32;

/** One block of memory. Offsets are in bytes from its start. */
export class Arena {
  /** Where it starts. */
  readonly address: number;
  /** Its length, bytes. */
  readonly size: number;
  /** All of it, as bytes. */
  readonly bytes: Buffer<ArrayBuffer>;
  /** The same as no Buffer: its `slice` copies. */
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly #words: Uint32Array;
  readonly #memory: unknown;

  /** @param size - bytes, a multiple of 8. */
  constructor(size: number) {
    const { alloc, address, view } = loadKoffi();
    this.#memory = alloc("uint8_t", size);
    this.address = Number(address(this.#memory));
    this.size = size;
    const buffer = view(this.#memory, size);
    this.bytes = Buffer.from(buffer);
    this.plain = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
  }

  /** The number in the 4 bytes at `offset`, a multiple of 4. */
  uint32(offset: number): number {
    return this.#words[offset >>> 2]!;
  }

  /** The same, signed: a C `int`. */
  int32(offset: number): number {
    return this.#words[offset >>> 2]! | 0;
  }

  setUint32(offset: number, value: number): void {
    this.#words[offset >>> 2] = value;
  }

  /** The pointer, handle or size in the 8 bytes at `offset`, a multiple of 4; exact up to 2^53. */
  pointer(offset: number): number {
    const word = offset >>> 2;
    return this.#words[word]! + this.#words[word + 1]! * HIGH_WORD;
  }

  setPointer(offset: number, value: number): void {
    const word = offset >>> 2;
    this.#words[word] = value >>> 0;
    this.#words[word + 1] = Math.floor(value / HIGH_WORD);
  }

  /** Gives the memory back to C's heap; every view of it is dead from here on. */
  free(): void {
    loadKoffi().free(this.#memory);
  }
}

/** Typed arrays of fewer bytes may lie inside an object that moves. */
export const MOVES_BELOW_BYTES = 4096;

/** The address of bytes that JavaScript owns, {@link MOVES_BELOW_BYTES} or more, for C to use while the caller keeps them alive. */
export function addressOf(bytes: Uint8Array): number {
  return Number(loadKoffi().address(bytes));
}
