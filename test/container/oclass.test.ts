import assert from "node:assert/strict";
import { test } from "node:test";
import { parseObjectClass } from "../../src/container/oclass.ts";
import { DaosError } from "../../src/errors.ts";

const ALL = Number.POSITIVE_INFINITY;

test("object classes are read by DAOS's names, with and without OC_", () => {
  const cases: readonly [string, ReturnType<typeof parseObjectClass>][] = [
    ["S1", { redundancy: "S", replicas: undefined, cells: undefined, groups: 1 }],
    ["S32", { redundancy: "S", replicas: undefined, cells: undefined, groups: 32 }],
    ["SX", { redundancy: "S", replicas: undefined, cells: undefined, groups: ALL }],
    ["RP_2G1", { redundancy: "RP", replicas: 2, cells: undefined, groups: 1 }],
    ["RP_3GX", { redundancy: "RP", replicas: 3, cells: undefined, groups: ALL }],
    ["EC_4P1G32", { redundancy: "EC", replicas: undefined, cells: [4, 1], groups: 32 }],
    ["EC_16P2GX", { redundancy: "EC", replicas: undefined, cells: [16, 2], groups: ALL }],
    ["TINY", { redundancy: "auto", replicas: undefined, cells: undefined, groups: 1 }],
    ["MAX", { redundancy: "auto", replicas: undefined, cells: undefined, groups: ALL }],
  ];
  for (const [name, expected] of cases) {
    assert.deepEqual(parseObjectClass(name, "context"), expected);
    assert.deepEqual(parseObjectClass(`OC_${name}`, "context"), expected);
  }
});

test("names that DAOS does not know are DER_INVAL, and the message shows them", () => {
  for (const name of [
    "",
    "OC_",
    "S",
    "S0",
    "s1",
    "S-1",
    "S1 ",
    "OC_OC_S1",
    "RP_1G1",
    "RP_2",
    "RP_2G0",
    "EC_1P1G1",
    "EC_4P0G1",
    "toString",
    "__proto__",
    "UNKNOWN",
  ])
    assert.throws(
      () => parseObjectClass(name, "failed to create DAOS dict"),
      (e) => DaosError.is(e, "DER_INVAL") && e.message.includes(JSON.stringify(name)),
      name,
    );
});

test("what is no text is a TypeError", () => {
  for (const name of [1, null, {}])
    assert.throws(() => parseObjectClass(name as unknown as string, "context"), TypeError);
});
