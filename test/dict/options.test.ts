import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCondition, checkIfExists, refuseOptionsAsInit } from "../../src/dict/options.ts";

test("what reads as options in the place of entries is a TypeError that says where options go", () => {
  for (const init of [
    { valueEncoding: "json" },
    { ifExists: "open" },
    { oclass: "S1" },
    { signal: undefined },
    { onProgress: 1, valueEncoding: "utf8" },
  ])
    assert.throws(
      () => refuseOptionsAsInit(init, undefined),
      (e) => e instanceof TypeError && e.message.includes("dict(name, null, {"),
    );
});

test("entries are taken: empty ones, mixed ones, those with options after them, and all that is iterable", () => {
  for (const init of [
    {},
    { oclass: "S1", Rio: "v" },
    null,
    undefined,
    "text",
    [["oclass", "S1"]],
    new Map([["oclass", "S1"]]),
  ])
    refuseOptionsAsInit(init, undefined);
  refuseOptionsAsInit({ valueEncoding: "json" }, {});
});

test("ifExists is error or open", () => {
  for (const ifExists of [undefined, "error", "open"]) checkIfExists(ifExists);
  for (const ifExists of ["", "OPEN", null, true]) assert.throws(() => checkIfExists(ifExists), TypeError);
});

test("a condition is absent or present", () => {
  assert.equal(checkCondition(undefined), undefined);
  assert.equal(checkCondition("absent"), "absent");
  assert.equal(checkCondition("present"), "present");
  for (const condition of ["", "missing", null, true, { was: new Uint8Array(1) }])
    assert.throws(() => checkCondition(condition), TypeError);
});
