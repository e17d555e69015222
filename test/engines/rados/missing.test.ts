/** Without koffi or librados, one sentence says what to install: on both faces, and of the command. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { skipWithout } from "../../needs.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const SYSTEM = "rados:///nowhere/ceph.conf";
const KOFFI = /DER_NOSYS\(-1010\): [^;]*; rados: and daos: systems need the package koffi: npm install koffi@3\.3\.4$/;
const LIBRADOS = /DER_NOSYS\(-1010\): [^;]*; install it: apt-get install librados2$/;

/** Runs Node and gives what it wrote, on either stream. */
function node(before: readonly string[], args: readonly string[]): Promise<{ code: unknown; text: string }> {
  const [command, ...rest] = [...before, process.execPath, ...args];
  return new Promise((resolve) => {
    execFile(command!, rest, { env: { ...process.env, DAOS_SYSTEM: SYSTEM } }, (e, stdout, stderr) => {
      resolve({ code: e?.code ?? 0, text: `${stdout}${stderr}`.trim() });
    });
  });
}

/** Opens a container on both faces, and lists pools by the command, of the package in `root`. */
async function assertTold(root: string, pattern: RegExp, before: readonly string[] = []): Promise<void> {
  const program = `
    const [index, sync] = process.argv.slice(1);
    const { DCont } = await import(index);
    await DCont.open("tank", "neo").then(() => console.log("opened"), (e) => console.log(e.message));
    const blocking = await import(sync);
    try { new blocking.DCont("tank", "neo"); console.log("opened"); } catch (e) { console.log(e.message); }`;
  const files = ["index.js", "sync.js"].map((file) => join(root, "dist", file));
  const faces = await node(before, ["--input-type=module", "-e", program, ...files]);
  const lines = faces.text.split("\n");
  assert.equal(lines.length, 2, faces.text);
  for (const line of lines) assert.match(line, pattern);
  const command = await node(before, [join(root, "bin", "daos.js"), "pool", "list"]);
  assert.match(command.text, /^ERROR: daos: /);
  assert.match(command.text, pattern);
  assert.equal(command.text.split("\n").length, 1, command.text);
  assert.equal(command.code, 1);
}

describe("a rados: system", () => {
  const copy = mkdtempSync(join(tmpdir(), "tsdaos-without-"));
  after(() => rmSync(copy, { recursive: true }));

  test("without koffi", async () => {
    for (const part of ["dist", "bin", "package.json"]) cpSync(join(ROOT, part), join(copy, part), { recursive: true });
    cpSync(join(ROOT, "node_modules/commander"), join(copy, "node_modules/commander"), { recursive: true });
    await assertTold(copy, KOFFI);
  });

  test("without librados", async (t) => {
    const library = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"]
      .map((directory) => join(directory, "librados.so.2"))
      .find((file) => existsSync(file));
    if (library === undefined) return await assertTold(ROOT, LIBRADOS);
    if (process.getuid?.() !== 0) return t.skip(skipWithout("root", "only root can hide an installed librados"));
    // In a namespace of its own, nothing is where librados is.
    const hide = 'mount --bind /dev/null "$0" && exec "$@"';
    await assertTold(ROOT, LIBRADOS, ["unshare", "--mount", "sh", "-c", hide, realpathSync(library)]);
  });
});
