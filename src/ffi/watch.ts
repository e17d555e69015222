/**
 * Watches: how others see that somebody has an object open. RADOS drops a watch by itself when its client is gone.
 *
 * Nobody listens to notifications here, they only count who is there; so the callback that librados wants is a function
 * of libc that does nothing, and none of librados' threads enters JavaScript.
 */
import type { Steps } from "../engine/steps.ts";
import { Arena } from "./arena.ts";
import { loadLibrary } from "./koffi.ts";
import { librados, type Pointer } from "./librados.ts";
import { blockingCall, wait } from "./pending.ts";

/** How long the watchers of an object have to show themselves, milliseconds. */
const NOTIFY_MS = 500;
const ENOENT = -2;
/** The reply is two lists, who has answered and who has not, each with its length (4 bytes) in front. */
const NO_WATCHERS_BYTES = 8;
/** `RTLD_DEFAULT` of dlsym(3). */
const RTLD_DEFAULT = 0;

/** A watch on an object. */
export class Watch {
  readonly #ioctx: Pointer;
  readonly #cookie: number | bigint;

  constructor(ioctx: Pointer, cookie: number | bigint) {
    this.#ioctx = ioctx;
    this.#cookie = cookie;
  }

  /** Ends the watch; blocks for one round trip. */
  *end(face: "async" | "sync"): Steps<void> {
    yield* wait(blockingCall(face, librados().unwatch2, this.#ioctx, this.#cookie));
  }
}

/** Watches an object. A negative errno when it cannot be. */
export function* watch(face: "async" | "sync", ioctx: Pointer, object: string): Steps<Watch | number> {
  const out = new Arena(8);
  try {
    const nothing = harmlessFunction();
    const result = yield* wait(
      blockingCall(face, librados().watch3, ioctx, object, out.address, nothing, nothing, 0, 0),
    );
    return result < 0 ? result : new Watch(ioctx, out.pointer(0));
  } finally {
    out.free();
  }
}

/** Whether anybody watches the object. */
export function* isWatched(face: "async" | "sync", ioctx: Pointer, object: string): Steps<boolean> {
  const out = new Arena(16);
  const lib = librados();
  try {
    out.bytes.fill(0);
    const result = yield* wait(
      blockingCall(face, lib.notify2, ioctx, object, 0, 0, NOTIFY_MS, out.address, out.address + 8),
    );
    const reply = out.pointer(0);
    const watchers = out.pointer(8) > NO_WATCHERS_BYTES;
    if (reply !== 0) lib.bufferFree(reply);
    return watchers && result !== ENOENT;
  } finally {
    out.free();
  }
}

let harmless: Pointer | undefined;

function harmlessFunction(): Pointer {
  harmless ??= loadLibrary("libc.so.6", "it is part of GNU/Linux").func("dlsym", "uintptr_t", ["uintptr_t", "str"])(
    RTLD_DEFAULT,
    "getpid",
  );
  return harmless;
}
