/** The tour says, line for line, what is in `test/transcript/`; key order is the local engine's: that of the bytes. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { createContainer, createPool, listContainers } from "../src/index.ts";

const root = join(import.meta.dirname, "..");
const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g;

async function tour(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const node = [join(root, "examples", "tour.ts"), ...args];
  // Another directory than the repository: nothing may depend on where it is run.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, node, { cwd: tmpdir(), env });
  assert.equal(stderr, "");
  return stdout.replaceAll(UUID, "<uuid>");
}

async function expected(face: string): Promise<string> {
  return readFile(join(import.meta.dirname, "transcript", `${face}.txt`), "utf8");
}

for (const face of ["sync", "async"])
  test(`the ${face} tour prints the transcript`, async () => {
    const { DAOS_SYSTEM: _, ...env } = process.env;
    assert.equal(await tour(["--face", face], env), await expected(face));
  });

test("the tour runs on a system of one's own and leaves it as it was", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tsdaos-transcript-"));
  try {
    const system = pathToFileURL(directory).href;
    const both = `${await expected("sync")}${await expected("async")}`;
    assert.equal(await tour(["--system", system], process.env), both);
    assert.deepEqual(await readdir(directory), []);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("the tour says why when it cannot run, and exits with 1", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tsdaos-transcript-"));
  try {
    const system = pathToFileURL(directory).href;
    await createPool("tank", { system });
    await createContainer("tank", "neo", { system });
    await assert.rejects(tour(["--system", system], process.env), {
      code: 1,
      stderr: "ERROR: daos: failed to create container: DER_EXIST(-1004): Entity already exists\n",
    });
    await assert.rejects(tour(["--system", "nfs:"], process.env), { code: 1, stderr: /^ERROR: .*unknown scheme/ });
    assert.equal((await listContainers("tank", { system })).length, 1);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("the tour removes its own system", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tsdaos-transcript-"));
  try {
    await tour(["--face", "sync"], { ...process.env, TMPDIR: directory });
    assert.deepEqual(await readdir(directory), []);
  } finally {
    await rm(directory, { recursive: true });
  }
});
