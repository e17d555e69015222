import assert from "node:assert/strict";
import { test } from "node:test";
import { dateOf, uuidText } from "../../../src/engines/daos/pool-operations.ts";
import { settingsOf } from "../../../src/engines/daos/system.ts";
import { parseSystem } from "../../../src/system-url.ts";

const settings = (url: string): ReturnType<typeof settingsOf> => settingsOf(parseSystem(url, {}, "/home/me"));

test("a daos: URL names a system, the agent's own when it names none", () => {
  assert.deepEqual(settings("daos:"), { name: null, inFlight: 16, timeoutMs: 30_000 });
  assert.deepEqual(settings("daos://daos_server"), { name: "daos_server", inFlight: 16, timeoutMs: 30_000 });
  assert.deepEqual(settings("daos://other/?inFlight=64&timeout=500"), { name: "other", inFlight: 64, timeoutMs: 500 });
});

test("a daos: URL that says more, or nonsense, is refused", () => {
  for (const url of [
    "daos://system/tank",
    "daos:tank",
    "daos://system:99",
    "daos://me@system",
    "daos:?inFlight=0",
    "daos:?inFlight=1.5",
    "daos:?inFlight=many",
    "daos:?durability=power",
  ])
    assert.throws(() => settings(url), { code: "DER_INVAL" }, url);
});

test("a UUID's bytes and DAOS's clock are read as the daos tool prints them", () => {
  assert.equal(
    uuidText(Buffer.from("ffff0d1b00417fba4386940729ed0b2d00c5", "hex"), 2),
    "0d1b0041-7fba-4386-9407-29ed0b2d00c5",
  );
  assert.equal(dateOf(0x294cae99fa280000n)?.toISOString(), "2026-11-23T17:43:09.383Z");
  assert.equal(dateOf(0n), undefined);
});
