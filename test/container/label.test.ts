import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLabel, checkLabelOrUuid, isLabel, isUuid } from "../../src/container/label.ts";
import { DaosError } from "../../src/errors.ts";

const UUID = "3ee904b3-8868-46ed-96c7-ef608093732c";
const GOOD = ["tank", "neo", "a", "A-Z_0.9:x", "...", ".a", "-", "x".repeat(127), `${UUID}x`, UUID.replaceAll("-", "")];
const BAD = [
  "",
  ".",
  "..",
  "a/b",
  "/",
  "../x",
  "a b",
  " a",
  "a\n",
  "a\0",
  "ã",
  "\ud800",
  "x".repeat(128),
  "a\\b",
  "a%b",
  "~new-x",
  UUID,
  UUID.toUpperCase(),
];
const NO_TEXT = [undefined, null, 7, {}, ["tank"], Object("tank")];

test("labels are 1 to 127 of DAOS's characters", () => {
  for (const label of GOOD) {
    assert.equal(isLabel(label), true, label);
    checkLabel(label, "context");
    checkLabelOrUuid(label, "context");
  }
});

test("everything else is DER_INVAL, and the message shows it", () => {
  for (const label of [...BAD, ...NO_TEXT]) {
    assert.equal(isLabel(label), false, String(label));
    assert.throws(
      () => checkLabel(label, "failed to create pool"),
      (e) => DaosError.is(e, "DER_INVAL") && e.context === "failed to create pool",
    );
  }
  assert.throws(
    () => checkLabel("a b", "failed to create pool"),
    /^DaosError: failed to create pool: DER_INVAL\(-1003\): Invalid parameters; invalid label "a b"/,
  );
});

test("where a name is looked for, a UUID is one", () => {
  for (const uuid of [UUID, UUID.toUpperCase()]) {
    assert.equal(isUuid(uuid), true);
    checkLabelOrUuid(uuid, "context");
  }
  for (const label of [...BAD.filter((b) => !isUuid(b)), ...NO_TEXT])
    assert.throws(
      () => checkLabelOrUuid(label, "context"),
      (e) => DaosError.is(e, "DER_INVAL"),
    );
});

test("a message shows no more of a long label than its beginning", () => {
  assert.throws(
    () => checkLabel("x".repeat(1_000_000), "context"),
    (e) => DaosError.is(e) && e.message.length < 400,
  );
});
