/** What the documentation says holds: its programs compile and run, its links lead somewhere, its tables are the code's. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Capabilities } from "../src/engine/contract.ts";
import { DER } from "../src/errors.ts";
import {
  anchors,
  announced,
  commentBlocks,
  markdownBlocks,
  namedFiles,
  type Program,
  programs,
  relativeLinks,
} from "./docs/blocks.ts";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const find = (...patterns: string[]): string[] => globSync(patterns, { cwd: root }).sort();

const pages = find("*.md", "docs/**/*.md", "bench/*.md");
const sources = find("src/**/*.ts");
const blocks = [
  ...pages.flatMap((page) => markdownBlocks(page, read(page))),
  ...sources.flatMap((source) => commentBlocks(source, read(source))),
];
const byFile = Object.values(Object.groupBy(blocks, ({ file }) => file)) as (typeof blocks)[];

describe("programs in the documentation", { concurrency: 2 }, () => {
  const all = byFile.flatMap(programs);
  let directory = "";

  before(async () => {
    // A package of its own that has tsdaos installed, as a user's has.
    directory = await mkdtemp(join(tmpdir(), "tsdaos-docs-"));
    mkdirSync(join(directory, "node_modules"));
    await symlink(root, join(directory, "node_modules", "tsdaos"));
    await symlink(join(root, "node_modules", "@types"), join(directory, "node_modules", "@types"));
    await writeFile(join(directory, "package.json"), '{ "type": "module" }');
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: "es2024",
      lib: ["esnext"],
      module: "nodenext",
      types: ["node"],
    };
    await writeFile(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    for (const program of all) await writeFile(join(directory, fileOf(program)), `${program.code}\nexport {};\n`);
  });

  after(() => rm(directory, { recursive: true }));

  test("there are some", () => assert.ok(all.length > 10));

  test("they compile against the package as it is built", async () => {
    const tsc = join(root, "node_modules", ".bin", "tsc");
    await run(tsc, ["-p", directory], { cwd: directory }).catch((e) => assert.fail(`${e.stdout}${e.stderr}`));
  });

  for (const program of all) {
    // The conformance suite takes a minute, and has test files of its own.
    const skip = program.code.includes('"tsdaos/testing"') ? "only compiled: it runs the conformance suite" : false;
    test(`${program.file}:${program.line} runs`, { skip }, async () => {
      const system = join(directory, "systems", fileOf(program));
      const cwd = join(directory, "cwd", fileOf(program));
      mkdirSync(cwd, { recursive: true });
      const env = { ...process.env, DAOS_SYSTEM: pathToFileURL(system).href };
      const { stdout } = await run(process.execPath, [join(directory, fileOf(program))], { cwd, env, timeout: 60_000 });
      const printed = stdout.split("\n");
      for (const line of announced(program)) {
        const at = printed.indexOf(line);
        assert.notEqual(at, -1, `prints ${JSON.stringify(line)}; it printed\n${stdout}`);
        printed.splice(0, at + 1);
      }
    });
  }
});

describe("commands in the documentation", () => {
  const { scripts, version } = JSON.parse(read("package.json")) as { scripts: Record<string, string>; version: string };

  for (const { file, line, language, code, marker } of blocks) {
    if (language !== "sh") continue;
    const isNpm = (command: string): boolean => command.startsWith("npm ");
    const commands = code.split("\n");

    for (const command of commands.filter(isNpm))
      test(`${file}:${line}: ${command.split("#")[0]!.trim()} exists`, () => {
        for (const [, script] of command.matchAll(/npm run ([\w:-]+)/g)) assert.ok(script! in scripts, script);
        for (const [, packed] of command.matchAll(/tsdaos-([\d.]+)\.tgz/g)) assert.equal(packed, version);
      });

    const others = commands.filter((command) => !isNpm(command)).join("\n");
    if (others.trim() === "" || marker?.startsWith("not run") === true) continue;
    test(`${file}:${line} runs in a shell`, async () => {
      assert.ok(!others.includes("&&"), "one command a line: bash does not stop where the first of two fails");
      const directory = await mkdtemp(join(tmpdir(), "tsdaos-docs-"));
      try {
        const daos = `#!/bin/sh\nexec ${process.execPath} ${join(root, "bin", "daos.js")} "$@"\n`;
        await writeFile(join(directory, "daos"), daos, { mode: 0o755 });
        const env = {
          ...process.env,
          PATH: `${directory}:${process.env.PATH}`,
          DAOS_SYSTEM: pathToFileURL(join(directory, "system")).href,
        };
        const shell = run("bash", ["-euo", "pipefail", "-c", others], { cwd: directory, env, timeout: 60_000 });
        shell.child.stdin?.end();
        await shell;
      } finally {
        await rm(directory, { recursive: true });
      }
    });
  }
});

describe("links in the documentation", () => {
  for (const page of pages)
    test(`${page}: every relative link leads somewhere`, () => {
      for (const link of relativeLinks(read(page))) {
        const [path, anchor] = link.split("#") as [string, string?];
        const target = path === "" ? page : join(dirname(page), path);
        assert.ok(existsSync(join(root, target)), `${link}: there is no ${target}`);
        if (anchor !== undefined) assert.ok(anchors(read(target)).has(anchor), `${link}: there is no such heading`);
      }
    });
});

describe("files that the documentation names", () => {
  for (const page of pages)
    test(`${page}: every one is there`, () => {
      for (const path of namedFiles(read(page))) assert.ok(existsSync(join(root, path)), `there is no ${path}`);
    });
});

test("README has at most 120 lines", () => {
  assert.ok(read("README.md").trimEnd().split("\n").length <= 120);
});

test("docs/errors.md has a heading for each code, with its number and description", () => {
  const headings = [...read("docs/errors.md").matchAll(/^## (DER_.*)\n\n`(.*)\.`/gm)].map(([, ...words]) => words);
  const codes = Object.entries(DER).map(([code, [number, description]]) => [code, `-${number}: ${description}`]);
  assert.deepEqual(headings.toSorted(), codes.toSorted());
});

test("every code that the sources raise is in the table of codes", () => {
  for (const source of sources)
    for (const [code] of read(source).matchAll(/\bDER_[A-Z0-9_]+\b/g)) assert.ok(code in DER, `${source}: ${code}`);
});

test("the table of capabilities in docs/engines.md is the engines' own", async () => {
  const engines = find("src/engines/*/capabilities.ts");
  const rows = read("docs/engines.md").matchAll(/^\| (.*) \|$/gm);
  const table = [...rows].map(([, row]) => row!.split("|").map((cell) => cell.trim().replaceAll("`", "")));
  const header = table.find(([first]) => first === "capability");
  assert.ok(header, "there is no table whose first column is named capability");
  assert.deepEqual(
    header.slice(2).toSorted(),
    engines.map((path) => path.split("/")[2]),
  );
  for (const path of engines) {
    const { capabilities } = (await import(join(root, path))) as { capabilities: Capabilities };
    const column: number = header.indexOf(path.split("/")[2]!);
    for (const [name, value] of Object.entries(capabilities)) {
      const said: string | undefined = table.find(([first]) => first === name)?.[column];
      const meant = typeof value === "boolean" ? (value ? "yes" : "no") : value.toLocaleString("en");
      assert.equal(said, meant, `${name} of ${path}`);
    }
  }
});

function fileOf({ file, line }: Program): string {
  return `${file.replaceAll(/[^\w]/g, "_")}_${line}.ts`;
}
