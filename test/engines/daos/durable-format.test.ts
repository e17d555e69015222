/** PyDAOS's durable form, byte for byte: what a real container held. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_OID_HI, OidRange, oidText, parseOid, typeOf, withType } from "../../../src/engines/daos/oid.ts";
import { decodeRootEntry, encodeRootEntry } from "../../../src/engines/daos/root-entry.ts";

const FIRST_DICT = { lo: 0n, hi: 0x0801_0001_0000_0064n };
const ENTRY = `${"00".repeat(8)}6400000001000108${"00".repeat(4)}${"00".repeat(44)}`;

test("an entry of the root object is struct pydaos_df", () => {
  assert.equal(Buffer.from(encodeRootEntry({ oid: FIRST_DICT, kind: "dict" })).toString("hex"), ENTRY);
  const array = encodeRootEntry({ oid: { lo: 0x0123456789abcdefn, hi: 0x0b01_0001_0000_0001n }, kind: "array" });
  assert.equal(Buffer.from(array).toString("hex"), `efcdab8967452301010000000100010b01000000${"00".repeat(44)}`);
});

test("an entry is read back, whatever is in its reserved bytes", () => {
  const bytes = Buffer.from(ENTRY, "hex");
  bytes.fill(0xa5, 20);
  assert.deepEqual(decodeRootEntry(bytes), { oid: FIRST_DICT, kind: "dict" });
  // Also as a part of a larger buffer, at an odd place.
  const shifted = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
  assert.deepEqual(decodeRootEntry(shifted), { oid: FIRST_DICT, kind: "dict" });
});

test("what is no entry is refused", () => {
  assert.throws(() => decodeRootEntry(Buffer.alloc(63)), { code: "DER_INVAL" });
  assert.throws(() => decodeRootEntry(Buffer.alloc(65)), { code: "DER_INVAL" });
  const unknown = Buffer.from(ENTRY, "hex");
  unknown[16] = 2;
  assert.throws(() => decodeRootEntry(unknown), { code: "DER_MISMATCH" });
});

test("an object id is shown as PyDAOS shows it, and read back", () => {
  assert.equal(oidText(FIRST_DICT), "0x801000100000064:0x0");
  for (const oid of [FIRST_DICT, { lo: 2n ** 64n - 1n, hi: 2n ** 64n - 1n }])
    assert.deepEqual(parseOid(oidText(oid)), oid);
  for (const text of ["", "0x1", "0x1:0x", "1:2", "0x1:0x2 ", "0x10000000000000000:0x0"])
    assert.throws(() => parseOid(text), { code: "DER_INVAL" });
});

test("the root object of a container is given the type of key-value objects", () => {
  const root = withType({ lo: 0n, hi: 0x0001_0001_0000_0000n }, 8);
  assert.equal(oidText(root), "0x801000100000000:0x0");
  assert.equal(typeOf(root), 8);
  assert.equal(typeOf({ lo: 0n, hi: 0x0b01_0001_0000_0001n }), 11);
});

test("object ids count as in PyDAOS: from 100 under 0, from 0 under any other", () => {
  const oids = new OidRange();
  assert.equal(oids.exhausted, true);
  oids.allocated(0n);
  assert.equal(oids.exhausted, false);
  assert.deepEqual(
    [oids.next(), oids.next()],
    [
      { lo: 0n, hi: 100n },
      { lo: 0n, hi: 101n },
    ],
  );
  oids.allocated(7n);
  assert.deepEqual(oids.next(), { lo: 7n, hi: 0n });
  assert.equal(MAX_OID_HI, 0xffff_ffffn);
});
