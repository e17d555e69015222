/** All objects of a namespace, and how they are removed. */
import type { Face } from "../../engine/contract.ts";
import type { Steps } from "../../engine/steps.ts";
import { Arena } from "../../ffi/arena.ts";
import { librados, type Pointer } from "../../ffi/librados.ts";
import { blockingCall, wait, waitAll } from "../../ffi/pending.ts";
import { removeObject } from "./blobs.ts";
import { DIRECTORY, parseName } from "./format.ts";
import { ERRNO, fromRados } from "./rados-error.ts";

/** Objects that are removed at a time. */
const REMOVALS = 32;

/** The names of the objects in the handle's namespace. */
export function* objectNames(face: Face, ioctx: Pointer): Steps<string[]> {
  const lib = librados();
  const out = new Arena(256);
  try {
    const opened = yield* wait(blockingCall(face, lib.listOpen, ioctx, out.address));
    if (opened < 0) throw fromRados(opened, "failed to list objects", "list");
    const list = out.pointer(0);
    const names: string[] = [];
    try {
      for (;;) {
        const next = yield* wait(blockingCall(face, lib.listNext, list, out.address, 0, 0));
        if (next === ERRNO.noEntry) return names;
        if (next < 0) throw fromRados(next, "failed to list objects", "list");
        const name = out.pointer(0);
        const length = Math.min(lib.strlen(name), out.size - 8);
        lib.memcpy(out.address + 8, name, length);
        names.push(out.bytes.toString("latin1", 8, 8 + length));
      }
    } finally {
      lib.listClose(list);
    }
  } finally {
    out.free();
  }
}

/** Removes every object of the namespace; first what others look at to learn that the rest is gone. */
export function* removeNamespace(face: Face, ioctx: Pointer): Steps<void> {
  const names = (yield* objectNames(face, ioctx)).sort((a, b) => rank(a) - rank(b));
  for (let from = 0; from < names.length; from += REMOVALS) {
    const results = yield* waitAll(names.slice(from, from + REMOVALS).map((name) => removeObject(ioctx, name)));
    const failed = results.find((result) => result < 0 && result !== ERRNO.noEntry);
    if (failed !== undefined) throw fromRados(failed, "failed to remove objects", "remove");
  }
}

function rank(name: string): number {
  return name === DIRECTORY ? 0 : parseName(name)?.type === "meta" ? 1 : 2;
}
