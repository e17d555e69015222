/** The commands on Ceph, and the cluster for people who want to try them. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { cephMissing } from "../../helpers/ceph.ts";
import { skipWithout } from "../../needs.ts";
import { onCluster } from "./support.ts";

const BIN = fileURLToPath(new URL("../../../bin/daos.js", import.meta.url));
const CEPH = fileURLToPath(new URL("../../../scripts/ceph.ts", import.meta.url));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(file: string, words: readonly string[], env: NodeJS.ProcessEnv, input = ""): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [file, ...words], { env: { ...process.env, ...env } }, (e, out, err) =>
      resolve({ code: e === null ? 0 : Number(e.code), out, err }),
    );
    child.stdin!.end(input);
  });
}

onCluster("the daos command on Ceph", { store: "memstore", osds: 1 }, (ground) => {
  const daos = (line: string, input?: string): Promise<Ran> =>
    run(BIN, line.split(" "), { DAOS_SYSTEM: ground().system }, input);
  const said = async (line: string, input?: string): Promise<string> => {
    const { code, out, err } = await daos(line, input);
    assert.deepEqual({ code, err }, { code: 0, err: "" }, line);
    return out;
  };

  test("makes, fills, dumps, checks and destroys", async () => {
    await said("pool create lake");
    assert.match(await said("pool list"), /lake/);
    await said("cont create lake --label neo --type PYTHON");
    await said("dict put lake neo stadium Rio Maracanã");
    const records = '{"key": "Barcelona", "value": "Camp Nou"}\n{"key": "Rio", "value": "Maracanã"}\n';
    await said("dict load lake neo stadium", '{"key": "Barcelona", "value": "Camp Nou"}\n');
    assert.equal(await said("dict dump lake neo stadium"), records);
    assert.equal(await said("dict get lake neo stadium Rio"), "Maracanã");
    assert.match(await said("cont query lake neo"), /PYTHON/);
    assert.match(await said("cont list-objects lake neo"), /stadium/);
    await said("cont check lake neo --repair");
    await said("dict del lake neo stadium Rio");
    assert.equal(await said("dict list lake neo stadium"), "Barcelona\n");
    await said("cont destroy lake neo");
    await said("pool destroy lake");
    assert.doesNotMatch(await said("pool list"), /lake/);
  });

  test("tells in one line what is wrong, and fails", async () => {
    for (const [line, code] of [
      ["cont query nowhere neo", "DER_NONEXIST"],
      ["cont create tank --label neo", "DER_EXIST"],
      ["cont backup tank neo /nowhere", "DER_NOSYS"],
      ["pool destroy tank", "DER_BUSY"],
    ] as const) {
      const { code: status, out, err } = await daos(line);
      assert.match(err, new RegExp(`^ERROR: daos: .*${code}\\(-\\d+\\): .*\\n$`), line);
      assert.deepEqual({ status, out }, { status: 1, out: "" }, line);
    }
  });
});

test("npm run ceph starts a cluster that outlives it, kills an OSD and stops it", async (t) => {
  const missing = cephMissing();
  if (missing !== undefined) return t.skip(skipWithout("rados", missing));
  // Sockets have short paths: no deeper than that.
  const TMPDIR = mkdtempSync(join(tmpdir(), "ceph-"));
  const ceph = (...words: string[]): Promise<Ran> => run(CEPH, words, { TMPDIR });
  try {
    const started = await ceph("start", "memstore");
    const system = /^export DAOS_SYSTEM='(rados:.*)'\n$/.exec(started.out)?.[1];
    assert.ok(system !== undefined, started.out + started.err);
    assert.match((await ceph("start")).err, /stop it first/);
    assert.equal((await run(BIN, ["pool", "create", "tank"], { DAOS_SYSTEM: system })).code, 0);
    assert.match((await ceph("status")).out, /3 osds: 3 up/);
    assert.deepEqual(await ceph("kill", "1"), { code: 0, out: "", err: "" });
    while (!/3 osds: 2 up/.test((await ceph("status")).out));
    assert.match((await ceph("kill", "7")).err, /OSDs are 0, 1, 2/);
  } finally {
    assert.deepEqual(await ceph("stop"), { code: 0, out: "", err: "" });
    assert.match((await ceph("kill", "1")).err, /there is no cluster/);
    rmSync(TMPDIR, { recursive: true });
  }
});
