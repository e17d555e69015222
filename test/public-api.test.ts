/** What the package exports, name for name: a change here is a change of the public face. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const ADMIN = [
  "backupContainer",
  "checkContainer",
  "createContainer",
  "createPool",
  "destroyContainer",
  "destroyPool",
  "listContainers",
  "listPools",
  "queryContainer",
  "queryPool",
];
const ARRAYS = ["ndarray", "sel", "slice", "xp"];
const FACE = [...ADMIN, ...ARRAYS, "DCont", "DDict", "DObjNotFound", "DaosError", "json", "resolvePath"].sort();

/** By entry of `exports`: its source and the names of its values. */
const ENTRIES: Readonly<Record<string, readonly [source: string, names: readonly string[]]>> = {
  ".": ["index", FACE],
  "./sync": ["sync", FACE],
  "./engine": ["engine", []],
  "./testing": ["testing", ["testEngine"]],
};

test("package.json has these entries", () => {
  const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    exports: Record<string, { types: string; default: string } | string>;
  };
  assert.deepEqual(Object.keys(exports), [...Object.keys(ENTRIES), "./package.json"]);
  for (const [entry, [source]] of Object.entries(ENTRIES))
    assert.deepEqual(exports[entry], { types: `./dist/${source}.d.ts`, default: `./dist/${source}.js` });
});

for (const [entry, [source, names]] of Object.entries(ENTRIES))
  test(`${entry} exports these names`, async () => {
    const module = (await import(`../src/${source}.ts`)) as object;
    assert.deepEqual(Object.keys(module).sort(), names);
  });

const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  "index DCont": ["array", "close", "destroy", "dict", "get", "getArray", "getDict", "has", "toString"],
  "sync DCont": ["array", "close", "destroy", "dict", "get", "getArray", "getDict", "has", "toString"],
  "index DDict": [
    "bget",
    "bput",
    "clear",
    "delete",
    "dump",
    "entries",
    "equals",
    "get",
    "getOrInsert",
    "getOrInsertComputed",
    "has",
    "isEmpty",
    "keys",
    "modify",
    "pop",
    "popitem",
    "put",
    "set",
    "size",
    "toString",
    "values",
  ],
  "sync DDict": [
    "bget",
    "bput",
    "clear",
    "delete",
    "dump",
    "entries",
    "equals",
    "forEach",
    "get",
    "getOrInsert",
    "getOrInsertComputed",
    "has",
    "isEmpty",
    "keys",
    "modify",
    "object",
    "pop",
    "popitem",
    "put",
    "set",
    "size",
    "toString",
    "values",
  ],
};

for (const [what, members] of Object.entries(MEMBERS))
  test(`the members of ${what} are these`, async () => {
    const [source, name] = what.split(" ") as [string, string];
    const { prototype } = ((await import(`../src/${source}.ts`)) as Record<string, { prototype: object }>)[name]!;
    assert.deepEqual(
      Object.getOwnPropertyNames(prototype)
        .filter((member) => member !== "constructor")
        .sort(),
      members,
    );
  });
