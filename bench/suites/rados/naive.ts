/** The same reads and writes made naively: each is one `.async` call of the function of librados that blocks. */
import { Arena } from "../../../src/ffi/arena.ts";
import { loadLibrary } from "../../../src/ffi/koffi.ts";
import { librados, type Pointer } from "../../../src/ffi/librados.ts";
import { keyOf, VALUE_BYTES } from "../../records.ts";

/** koffi refuses the 257th call on another thread; some are left to tsdaos, which lives in the same process. */
export const MOST_IN_FLIGHT = 250;

// Where each of the operations in flight has its memory: what C writes; the key and the value with their addresses and lengths.
const OUT = 0;
const KEY = 64;
const KEY_LENGTH = 72;
const VALUE = 80;
const VALUE_LENGTH = 88;
const KEY_TEXT = 96;
const VALUE_TEXT = 160;
const SLOT_BYTES = 320;

/** Records in the omap of some objects of a namespace. */
export class Naive {
  readonly #lib = librados();
  readonly #write = loadLibrary("librados.so.2", "").func("rados_write_op_operate", "int", [
    "uintptr_t",
    "uintptr_t",
    "str",
    "uintptr_t",
    "int",
  ]);
  readonly #read = loadLibrary("librados.so.2", "").func("rados_read_op_operate", "int", [
    "uintptr_t",
    "uintptr_t",
    "str",
    "int",
  ]);
  readonly #arena = new Arena(SLOT_BYTES * MOST_IN_FLIGHT);
  readonly #cluster: Pointer;
  readonly #ioctx: Pointer;
  readonly #objects: number;

  constructor(conf: string, pool: number, namespace: string, objects: number) {
    const lib = this.#lib;
    this.#objects = objects;
    must(lib.create2(this.#arena.address, "ceph", "client.admin", 0));
    this.#cluster = this.#arena.pointer(0);
    must(lib.confReadFile(this.#cluster, conf));
    must(lib.confSet(this.#cluster, "admin_socket", ""));
    must(lib.connect(this.#cluster));
    must(lib.ioctxCreate2(this.#cluster, pool, this.#arena.address));
    this.#ioctx = this.#arena.pointer(0);
    lib.setNamespace(this.#ioctx, namespace);
  }

  /** Puts or gets this many records, some in flight. */
  async run(what: "put" | "get", inFlight: number, count: number): Promise<void> {
    let next = 0;
    const lane = async (slot: number): Promise<void> => {
      while (next < count) await this.#one(what, slot * SLOT_BYTES, next++);
    };
    await Promise.all(Array.from({ length: Math.min(inFlight, MOST_IN_FLIGHT) }, (_, slot) => lane(slot)));
  }

  close(): void {
    this.#lib.ioctxDestroy(this.#ioctx);
    this.#lib.shutdown(this.#cluster);
    this.#arena.free();
  }

  #one(what: "put" | "get", at: number, i: number): Promise<void> {
    const arena = this.#arena;
    const { address } = arena;
    const name = `single.${i % this.#objects}`;
    arena.setPointer(at + KEY, address + at + KEY_TEXT);
    arena.setPointer(at + KEY_LENGTH, arena.bytes.write(keyOf(i), at + KEY_TEXT, "latin1"));
    return new Promise((resolve, reject) => {
      const done = (finish: (result: number) => void) => (error: Error | null, result: number) => {
        try {
          if (error !== null) throw error;
          finish(result);
          resolve();
        } catch (e) {
          reject(e);
        }
      };
      if (what === "put") {
        arena.setPointer(at + VALUE, address + at + VALUE_TEXT);
        arena.setPointer(at + VALUE_LENGTH, VALUE_BYTES);
        arena.bytes.fill("v", at + VALUE_TEXT, at + VALUE_TEXT + VALUE_BYTES);
        const op = this.#lib.createWriteOp();
        const [key, value] = [address + at + KEY, address + at + VALUE];
        this.#lib.writeOpOmapSet(op, key, value, address + at + KEY_LENGTH, address + at + VALUE_LENGTH, 1);
        const finish = (result: number): void => {
          this.#lib.releaseWriteOp(op);
          must(result);
        };
        this.#write.async(op, this.#ioctx, name, 0, 0, done(finish));
      } else {
        const op = this.#lib.createReadOp();
        const out = address + at + OUT;
        this.#lib.readOpOmapByKeys(op, address + at + KEY, 1, address + at + KEY_LENGTH, out, out + 8);
        const finish = (result: number): void => {
          must(result);
          const iterator = arena.pointer(at + OUT);
          this.#lib.omapNext(iterator, out + 16, out + 24, out + 32, out + 40);
          if (arena.pointer(at + OUT + 40) !== VALUE_BYTES) throw new Error("a record has another value");
          const value = new Uint8Array(VALUE_BYTES);
          this.#lib.memcpy(address + at + VALUE_TEXT, arena.pointer(at + OUT + 24), VALUE_BYTES);
          value.set(arena.bytes.subarray(at + VALUE_TEXT, at + VALUE_TEXT + VALUE_BYTES));
          this.#lib.omapEnd(iterator);
          this.#lib.releaseReadOp(op);
        };
        this.#read.async(op, this.#ioctx, name, 0, done(finish));
      }
    });
  }
}

function must(result: number): void {
  if (result < 0) throw new Error(`librados gave ${result}`);
}
