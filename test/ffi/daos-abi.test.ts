import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DER } from "../../src/errors.ts";
import { DAOS, ERRNO, OFFSET, POOL_SPACE, SIZE } from "../../src/ffi/daos-abi.ts";

/** The directory of DAOS's headers: where this is set and gcc is there, the tables are compared with C. */
const INCLUDE = process.env.TSDAOS_TEST_DAOS_INCLUDE;

test("error numbers agree with the table of DaosError", () => {
  for (const [name, number] of Object.entries(ERRNO))
    if (`DER_${name}` in DER) assert.equal(number, DER[`DER_${name}` as keyof typeof DER][0], name);
});

test("sizes, offsets and constants agree with DAOS's headers", {
  skip: INCLUDE === undefined && "TSDAOS_TEST_DAOS_INCLUDE does not name the directory of DAOS's headers",
}, () => {
  const expected: [expression: string, value: number][] = [
    ...Object.entries(SIZE).map(([type, size]): [string, number] => [`sizeof(${type})`, size]),
    ...Object.entries(OFFSET).flatMap(([type, fields]) =>
      Object.entries(fields).map(([field, at]): [string, number] => [`offsetof(${type}, ${field})`, at as number]),
    ),
    ...Object.entries(DAOS).map(([name, value]): [string, number] => [name, value]),
    ...Object.entries(ERRNO).map(([name, value]): [string, number] => [`DER_${name}`, value]),
    ...[0, 1].flatMap((tier): [string, number][] => [
      [`offsetof(daos_pool_info_t, pi_space.ps_space.s_total[${tier}])`, POOL_SPACE.total[tier]!],
      [`offsetof(daos_pool_info_t, pi_space.ps_space.s_free[${tier}])`, POOL_SPACE.free[tier]!],
    ]),
  ];
  const directory = mkdtempSync(join(tmpdir(), "tsdaos-abi-"));
  try {
    const source = join(directory, "abi.c");
    writeFileSync(
      source,
      `#include <stddef.h>\n#include <stdio.h>\n#include <stdbool.h>\n#include <daos.h>\n#include <daos_uns.h>\n#include <daos_errno.h>
int main(void) {\n${expected.map(([expression]) => `printf("%lld\\n", (long long)(${expression}));`).join("\n")}\nreturn 0; }\n`,
    );
    const program = join(directory, "abi");
    execFileSync("gcc", ["-w", `-I${INCLUDE}`, source, "-o", program]);
    const printed = execFileSync(program, { encoding: "utf8" }).trim().split("\n").map(Number);
    const wrong = expected.flatMap(([expression, value], i) =>
      printed[i] === value ? [] : [`${expression} is ${printed[i]} in C and ${value} here`],
    );
    assert.equal(printed.length, expected.length);
    assert.deepEqual(wrong, []);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
