import assert from "node:assert/strict";
import { test } from "node:test";
import { check, fromReturnCode } from "../../../src/engines/daos/daos-error.ts";
import { DER } from "../../../src/errors.ts";

test("a return code of DAOS becomes the error of that name", () => {
  for (const [code, [number]] of Object.entries(DER)) {
    const error = fromReturnCode(-number, "failed to do it");
    assert.equal(error.code, code);
    assert.equal(error.errno, -number);
  }
  assert.equal(
    fromReturnCode(-1004, "failed to create DAOS dict").message,
    "failed to create DAOS dict: DER_EXIST(-1004): Entity already exists",
  );
});

test("a code that tsdaos does not raise becomes its nearest, and is named", () => {
  for (const [rc, code, name] of [
    [-2003, "DER_NONEXIST", "DER_ENOENT(-2003)"],
    [-1020, "DER_UNREACH", "DER_HG(-1020)"],
    [-1017, "DER_REC2BIG", "DER_OVERFLOW(-1017)"],
    [-2026, "DER_IO", "DER_DATA_LOSS(-2026)"],
    [-2044, "DER_NO_PERM", "DER_BAD_CERT(-2044)"],
    [-4711, "DER_MISC", "-4711"],
  ] as const) {
    const error = fromReturnCode(rc, "failed");
    assert.equal(error.code, code);
    assert.match(error.message, new RegExp(`libdaos answered ${name.replace(/[()]/g, "\\$&")}`));
  }
});

test("a missing agent and silent servers come with what to do", () => {
  assert.match(fromReturnCode(-2034, "failed").message, /daos_agent.*DAOS_AGENT_DRPC_DIR/);
  assert.match(fromReturnCode(-1006, "failed").message, /dmg system query/);
});

test("only negative codes are failures", () => {
  check(0, "failed");
  check(3, "failed");
  assert.throws(() => check(-1012, "failed", "close it"), { code: "DER_BUSY", detail: "close it" });
});
