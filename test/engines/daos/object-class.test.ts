import assert from "node:assert/strict";
import { test } from "node:test";
import { objectClassId } from "../../../src/engines/daos/object-class.ts";

// As `daos_obj_class.h` has them.
const NUMBERS: readonly (readonly [name: string, id: number])[] = [
  ["OC_S1", 0x01000001],
  ["S2", 0x01000002],
  ["OC_S32", 0x01000020],
  ["OC_SX", 0x0100ffff],
  ["OC_RP_2G1", 0x08000001],
  ["OC_RP_2GX", 0x0800ffff],
  ["OC_RP_3G1", 0x09000001],
  ["OC_RP_6G2", 0x0c000002],
  ["OC_RP_8G1", 0x0d000001],
  ["OC_RP_12G1", 0x0e000001],
  ["OC_EC_2P1G1", 0x20000001],
  ["OC_EC_4P2GX", 0x2300ffff],
  ["OC_EC_16P2G8", 0x27000008],
  ["OC_TINY", 51],
  ["OC_SMALL", 52],
  ["OC_LARGE", 53],
  ["OC_MAX", 54],
];

test("object classes have DAOS's numbers", () => {
  for (const [name, id] of NUMBERS) assert.equal(objectClassId(name, "test"), id, name);
});

test("names that DAOS has no class for are refused", () => {
  for (const name of ["OC_RP_7G1", "OC_EC_3P1G1", "OC_EC_8P3G1", "OC_S0", "nonsense", ""])
    assert.throws(() => objectClassId(name, "test"), { code: "DER_INVAL" }, name);
});
