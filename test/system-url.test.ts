import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DaosError } from "../src/errors.ts";
import { DEFAULT_TIMEOUT_MS, parseSystem } from "../src/system-url.ts";

const hrefOf = (system: string | URL | undefined, environment = {}): string =>
  parseSystem(system, environment, "/home/neo").url.href;

function refused(system: string | URL, timeout?: number): DaosError {
  try {
    parseSystem(system, {}, "/home/neo", timeout);
  } catch (e) {
    assert.ok(DaosError.is(e, "DER_INVAL"), String(e));
    return e;
  }
  return assert.fail(`${system} was taken`);
}

describe("which system a call is about", () => {
  test("the option comes before the environment, and that before the default", () => {
    const environment = { DAOS_SYSTEM: "file:///env", XDG_DATA_HOME: "/xdg" };
    assert.equal(hrefOf("file:///option", environment), "file:///option");
    assert.equal(hrefOf(undefined, environment), "file:///env");
    assert.equal(hrefOf(undefined, { XDG_DATA_HOME: "/xdg" }), "file:///xdg/daos");
    assert.equal(hrefOf(undefined), "file:///home/neo/.local/share/daos");
  });

  test("empty variables are as good as none, and a relative XDG_DATA_HOME is ignored", () => {
    assert.equal(hrefOf(undefined, { DAOS_SYSTEM: "", XDG_DATA_HOME: "" }), "file:///home/neo/.local/share/daos");
    assert.equal(hrefOf(undefined, { XDG_DATA_HOME: "data" }), "file:///home/neo/.local/share/daos");
  });

  test("a URL object is taken as it is", () => {
    assert.equal(hrefOf(new URL("file:///a%20b")), "file:///a%20b");
  });

  test("a home with unusual characters keeps them", () => {
    assert.equal(parseSystem(undefined, {}, "/home/a b#c%d").url.href, "file:///home/a%20b%23c%25d/.local/share/daos");
  });
});

describe("timeouts", () => {
  test("the option comes before the URL's parameter, and that before the default", () => {
    assert.equal(parseSystem("file:///d", {}, "/").timeout, DEFAULT_TIMEOUT_MS);
    assert.equal(parseSystem("file:///d?timeout=5", {}, "/").timeout, 5);
    assert.equal(parseSystem("file:///d?timeout=5", {}, "/", 0).timeout, 0);
  });

  test("what is no number of milliseconds is refused", () => {
    for (const query of ["", "x", "-1", "NaN"]) refused(`file:///d?timeout=${query}`);
    for (const timeout of [-1, Number.NaN, "5 s" as unknown as number]) refused("file:///d", timeout);
  });
});

describe("URLs that are refused", () => {
  test("those of no engine, by naming the scheme and the known ones", () => {
    const { message } = refused("redis://host/0");
    assert.match(message, /"redis:".*file:/);
  });

  test("those with a parameter that the engine does not know, by naming it", () => {
    const { message } = refused("file:///d?durabilty=process");
    assert.match(message, /"durabilty".*durability/);
  });

  test("those with a fragment, which would name another directory, by saying how # is written", () => {
    for (const system of ["file:///data/a#b", "file:///data#", "daos:#x"]) assert.match(refused(system).message, /%23/);
  });

  test("those that are none", () => {
    for (const system of ["", "tank", "/data/daos", "file", "://", "file:data", "file:/data", "FILE:data"])
      refused(system);
  });

  test("what is neither text nor URL is a TypeError", () => {
    for (const system of [7, {}, ["file:///d"]])
      assert.throws(() => parseSystem(system as unknown as string, {}, "/"), TypeError);
  });
});
