/** `npm run build`, on a small project: whatever runs meanwhile finds a whole `dist/`. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

test("a build makes dist, and of an earlier one it replaces what has changed and removes what has no source", async (t) => {
  const project = makeProject(t, { "a.ts": "export const a = 1;", "b/c.ts": "export const c = 1;" });
  assert.equal(await build(project), 0);
  const unchanged = statSync(join(project, "dist/b/c.js"));
  rmSync(join(project, "src/a.ts"));
  writeFileSync(join(project, "src/d.ts"), "export const d = 1;");
  assert.equal(await build(project), 0);
  assert.deepEqual(filesOf(project), ["b/c.d.ts", "b/c.js", "d.d.ts", "d.js"]);
  assert.equal(statSync(join(project, "dist/b/c.js")).ino, unchanged.ino);
  writeFileSync(join(project, "src/b/c.ts"), "export const c = 2;");
  assert.equal(await build(project), 0);
  assert.match(readFileSync(join(project, "dist/b/c.js"), "utf8"), /c = 2/);
  assert.deepEqual(leftovers(project), []);
});

test("a build that fails leaves dist as it is, and nothing beside it", async (t) => {
  const project = makeProject(t, { "a.ts": "export const a = 1;" });
  assert.equal(await build(project), 0);
  writeFileSync(join(project, "src/a.ts"), "export const a: string = 2;");
  assert.notEqual(await build(project), 0);
  assert.match(readFileSync(join(project, "dist/a.js"), "utf8"), /a = 1/);
  assert.deepEqual(leftovers(project), []);
});

test("whoever reads dist while it is built, twice at once, finds whole files", async (t) => {
  const long = (version: number): string => `export const a = [\n${`  ${version},\n`.repeat(20_000)}];\n`;
  const project = makeProject(t, { "a.ts": long(1) });
  assert.equal(await build(project), 0);
  const whole = statSync(join(project, "dist/a.js")).size;
  writeFileSync(join(project, "src/a.ts"), long(2));
  let building = true;
  const builds = Promise.all([build(project), build(project)]).finally(() => {
    building = false;
  });
  while (building) {
    assert.equal(readFileSync(join(project, "dist/a.js")).length, whole);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(await builds, [0, 0]);
  assert.match(readFileSync(join(project, "dist/a.js"), "utf8"), / 2,/);
});

/** A project with these sources that is built as this one is. */
function makeProject(t: TestContext, sources: Readonly<Record<string, string>>): string {
  const project = mkdtempSync(join(tmpdir(), "tsdaos-build-"));
  t.after(() => rmSync(project, { recursive: true }));
  for (const file of ["scripts/build.js", "tsconfig.json", "tsconfig.build.json"])
    cpSync(join(root, file), join(project, file));
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
  for (const [path, text] of Object.entries(sources)) {
    mkdirSync(join(project, "src", path, ".."), { recursive: true });
    writeFileSync(join(project, "src", path), text);
  }
  return project;
}

/** The exit status of a build. */
async function build(project: string): Promise<unknown> {
  const [status] = await once(
    spawn(process.execPath, [join(project, "scripts/build.js")], { stdio: "ignore" }),
    "exit",
  );
  return status;
}

function filesOf(project: string): string[] {
  const paths = readdirSync(join(project, "dist"), { recursive: true, encoding: "utf8" });
  return paths.filter((path) => /\.\w+$/.test(path)).toSorted();
}

function leftovers(project: string): string[] {
  return readdirSync(project).filter((name) => name.startsWith(".dist"));
}
