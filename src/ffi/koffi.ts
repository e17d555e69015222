/**
 * Shared libraries, called through koffi. koffi is an optional peer dependency: it is loaded when the first library is.
 *
 * Pointers and handles are `uintptr_t`, which JavaScript sees as plain numbers (addresses of user space are below 2^47);
 * that is koffi's fast way, and memory to be pointed at comes from {@link Arena}.
 */
import { createRequire } from "node:module";
import { DaosError } from "../errors.ts";

const require = createRequire(import.meta.url);

/** The C types that prototypes are written in, and what JavaScript has for each. */
interface CTypes {
  void: undefined;
  int: number;
  uint: number;
  bool: boolean;
  uint8_t: number;
  uint16_t: number;
  int32_t: number;
  uint32_t: number;
  /** A bigint only beyond 2^53. */
  int64_t: number | bigint;
  uint64_t: number | bigint;
  size_t: number;
  uintptr_t: number;
  /** A text going in, copied for the time of the call, which for `.async` is the time of the call only, too. */
  str: string | null;
}

/** The name of a C type. */
export type CType = keyof CTypes;

/** The arguments of a prototype, as JavaScript gives them. */
type Arguments<A extends readonly CType[]> = { -readonly [I in keyof A]: CTypes[A[I]] };

/** A C function. Called, it blocks; `async` calls it on a thread of libuv's pool. */
export interface CFunction<A extends readonly CType[] = readonly CType[], T extends CType = CType> {
  (...args: Arguments<A>): CTypes[T];
  /** Calls on another thread. At most 256 calls may be under way in a process. */
  async(...args: [...Arguments<A>, (error: Error | null, result: CTypes[T]) => void]): void;
}

/** A loaded shared library. */
export interface Library {
  /** Declares a function of the library. */
  func<const A extends readonly CType[], T extends CType>(name: string, result: T, args: A): CFunction<A, T>;
}

interface Koffi {
  load(file: string): Library;
  alloc(type: CType, length: number): unknown;
  free(memory: unknown): void;
  address(memory: unknown): bigint;
  view(memory: unknown, length: number): ArrayBuffer;
}

let koffi: Koffi | undefined;

/** koffi itself. DER_NOSYS with what to install when it is not there. */
export function loadKoffi(): Koffi {
  try {
    koffi ??= require("koffi") as Koffi;
  } catch (e) {
    throw new DaosError("DER_NOSYS", "failed to load koffi", {
      cause: e,
      detail: "rados: and daos: systems need the package koffi: npm install koffi@3.3.4",
    });
  }
  return koffi;
}

/**
 * Loads a shared library.
 *
 * @param file - the library's name, such as `librados.so.2`.
 * @param install - what to do when it is missing, such as "apt-get install librados2".
 * @throws DaosError DER_NOSYS when koffi or the library is missing, with what to install.
 */
export function loadLibrary(file: string, install: string): Library {
  const { load } = loadKoffi();
  try {
    return load(file);
  } catch (e) {
    throw new DaosError("DER_NOSYS", `failed to load ${file}`, { cause: e, detail: `install it: ${install}` });
  }
}
