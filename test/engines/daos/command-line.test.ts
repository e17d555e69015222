/** The `daos` command on a real pool: what it prints is what DAOS's own command prints. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, describe, test } from "node:test";
import { DCont } from "../../../src/index.ts";
import { Playground } from "../../cli/daos.ts";
import { needsDaos, pool, system } from "./support.ts";

const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

describe("the daos command on DAOS", needsDaos, () => {
  const play = new Playground();
  play.environment.DAOS_SYSTEM = system;
  const label = `cli-${process.pid}`;
  after(() => {
    play.daos("cont", "destroy", pool, label, "--force");
    play[Symbol.dispose]();
  });

  test("creates, lists, queries and destroys containers", async () => {
    const created = play.daos("cont", "create", pool, label, "--type", "PYTHON");
    assert.match(
      created.stdout,
      new RegExp(
        `^Successfully created container (${UUID})\n {2}Container UUID : \\1\n {2}Container Label: ${label}\n {2}Container Type : PYTHON\n\n$`,
      ),
    );
    assert.deepEqual([created.status, created.stderr], [0, ""]);
    assert.equal(
      play.daos("cont", "create", pool, label, "--type", "PYTHON").stderr,
      "ERROR: daos: failed to create container: DER_EXIST(-1004): Entity already exists\n",
    );
    const listed = play.daos("cont", "list", pool).stdout;
    assert.match(listed, new RegExp(`^UUID +Label\n---- +-----\n(${UUID}.*\n)*${UUID} ${label}\n`));
    const never = /^ {2}Latest open time {12}: 0x0 \(2021-01-01 00:00:00 \+0000 UTC\)$/m;
    assert.match(play.daos("cont", "query", pool, label).stdout, never);
    const queried = play.daos("cont", "query", pool, label).stdout;
    assert.match(queried, never, "a query is no opening");
    for (const line of [
      `  Container Label             : ${label}`,
      "  Container Type              : PYTHON",
      "  Container redundancy factor : 0",
      "  Number of snapshots         : 0",
    ])
      assert.ok(queried.includes(`${line}\n`), `${line}\n---\n${queried}`);
    assert.match(queried, /Number of open handles {6}: \d+\n/);
    assert.match(queried, /Latest close\/modify time {4}: 0x[0-9a-f]+ \(20\d\d-/);
    const properties = play.daos("cont", "get-prop", pool, label).stdout;
    for (const line of [
      new RegExp(`^Label \\(label\\) +${label}$`, "m"),
      /^Layout Type \(layout_type\) +PYTHON \(3\)$/m,
      /^Redundancy Factor \(rd_fac\) +(rd_fac)?0$/m,
      /^Health \(status\) +HEALTHY$/m,
      /^Owner \(owner\) +\S+@$/m,
    ])
      assert.match(properties, line);
    const { response } = play.json("cont", "query", pool, label) as { response: Record<string, unknown> };
    assert.deepEqual([response.container_label, response.container_type, response.open_time], [label, "PYTHON", 0]);
    const before = Date.now();
    await (await DCont.open(pool, label, { system })).close();
    const [, opened] = /Latest open time +: 0x[0-9a-f]+ \((.*) UTC\)/.exec(
      play.daos("cont", "query", pool, label).stdout,
    )!;
    assert.ok(Math.abs(Date.parse(opened!) - before) < 60_000, `${opened} is when it was opened`);
  });

  test("lists objects of both kinds, and checks them", async () => {
    assert.equal(play.daos("dict", "put", pool, label, "stadium", "Barcelona", "Camp Nou").status, 0);
    {
      await using dcont = await DCont.open(pool, label, { system });
      const da = await dcont.array("temps", { shape: [4], dtype: "float32" });
      await da.set(null, 1.5);
    }
    assert.equal(play.daos("dict", "get", pool, label, "stadium", "Barcelona").stdout, "Camp Nou");
    assert.match(
      play.daos("cont", "list-objects", pool, label).stdout,
      /^OID +Kind +Name\n.*\n0x\S+ +dict +stadium\n0x\S+ +array +temps\n$/,
    );
    const checked = play.daos("cont", "check", pool, label);
    assert.match(checked.stdout, /^checked: 2\nskipped: 0\ninconsistent: 0$/m);
    assert.equal(checked.status, 0);
    assert.equal(play.daos("cont", "check", pool, label, "--repair").status, 0);
  });

  test("opens by daos:// and refuses what is no path", () => {
    assert.match(play.daos("dict", "list", "--path", `daos://${pool}/${label}`).stdout, /^stadium$/m);
    mkdirSync(play.file("plain"));
    assert.match(play.daos("dict", "list", "--path", play.file("plain")).stderr, /DER_INVAL.*unified namespace/);
  });

  test("says what is the administrator's, and what is not there, in DAOS's words", () => {
    assert.match(play.daos("pool", "create", "lake").stderr, /^ERROR: daos: .*DER_NOSYS.*dmg pool create/);
    assert.match(play.daos("pool", "query", pool).stdout, new RegExp(UUID));
    for (const [line, error] of [
      ["cont create nopool neo --type PYTHON", "DER_NONEXIST(-1005): The specified entity does not exist"],
      [`cont create ${pool} bad/label --type PYTHON`, 'invalid label "bad/label"'],
      [
        `cont destroy ${pool} missing`,
        "failed to destroy container missing: DER_NONEXIST(-1005): The specified entity does not exist",
      ],
      [
        "cont list nopool",
        "failed to connect to pool nopool: DER_NONEXIST(-1005): The specified entity does not exist",
      ],
    ] as const)
      assert.equal(play.daos(...line.split(" ")).stderr, `ERROR: daos: ${error}\n`, line);
  });

  test("destroys what nobody has open, and the rest by force", async () => {
    {
      await using dcont = await DCont.open(pool, label, { system });
      assert.equal(await dcont.has("stadium"), true);
      const refused = play.daos("cont", "destroy", pool, label);
      assert.equal(refused.status, 1);
      assert.match(refused.stderr, /^ERROR: daos: failed to destroy container .*: DER_BUSY\(-1012\)/);
    }
    assert.equal(play.daos("cont", "destroy", pool, label).stdout, `Successfully destroyed container ${label}\n`);
    assert.doesNotMatch(play.daos("cont", "list", pool).stdout, new RegExp(label));
  });
});
