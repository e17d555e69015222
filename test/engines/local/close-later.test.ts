import assert from "node:assert/strict";
import { openSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { closeLater } from "../../../src/engines/local/close-later.ts";

test("files are closed without a turn of the event loop, and no more of them than a bound wait to be told of", {
  skip: process.platform !== "linux" && "needs /proc",
}, async () => {
  const waiting = (): number => process.getActiveResourcesInfo().filter((name) => name === "FSReqCallback").length;
  const descriptors = (): number => readdirSync("/proc/self/fd").length;
  const before = descriptors();
  const pause = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  for (let i = 0; i < 20_000; i++) {
    closeLater(openSync("/dev/null", "r"));
    while (i % 100 === 0 && descriptors() > before + 100) pause(1);
  }
  for (let waited = 0; descriptors() > before && waited < 10_000; waited += 5) pause(5);
  assert.equal(descriptors(), before);
  assert.ok(waiting() > 0 && waiting() <= 16_384, `${waiting()} wait`);
  // Once they have been told of, they are closed on other threads again.
  while (waiting() > 0) await new Promise((resolve) => setImmediate(resolve));
  closeLater(openSync("/dev/null", "r"));
  assert.equal(waiting(), 1);
});
