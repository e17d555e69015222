import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { DCont } from "../../src/index.ts";
import { BIN, Playground } from "./daos.ts";

const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

/** The text with every UUID replaced: the first one by U1, the second by U2. */
function anonymous(text: string): string {
  const seen: string[] = [];
  return text.replaceAll(new RegExp(UUID, "g"), (uuid) => {
    if (!seen.includes(uuid)) seen.push(uuid);
    return `U${seen.indexOf(uuid) + 1}`;
  });
}

describe("daos pool and daos cont", () => {
  let play: Playground;
  before(() => {
    play = new Playground();
    play.daos("pool", "create", "tank");
    play.daos("cont", "create", "tank", "taken", "--type", "PYTHON");
  });
  after(() => play[Symbol.dispose]());

  it("a pool is created, listed, queried and destroyed", () => {
    const created = play.daos("pool", "create", "pond", "--mode", "0770");
    assert.equal(anonymous(created.stdout), "Successfully created pool U1\n  Pool UUID : U1\n  Pool Label: pond\n");
    assert.equal(statSync(play.file("system/pond")).mode & 0o777, 0o770);
    assert.match(play.daos("pool", "list").stdout, new RegExp(`^UUID +Label\n---- +-----\n${UUID} pond\n`));
    assert.match(play.daos("pool", "query", "pond").stdout, /label=pond, mode=2770, containers=0\n/);
    const { response } = play.json("pool", "query", "pond") as {
      response: { tier_stats: { total: number; free: number }[] };
    };
    assert.ok(response.tier_stats[0]!.total >= response.tier_stats[0]!.free);
    assert.equal(play.daos("pool", "destroy", "pond").stdout, "Successfully destroyed pool pond\n");
    assert.doesNotMatch(play.daos("pool", "list").stdout, /pond/);
  });

  it("a pool with containers is destroyed by force only", () => {
    play.daos("pool", "create", "full");
    play.daos("cont", "create", "full", "neo", "--type", "PYTHON");
    const refused = play.daos("pool", "destroy", "full");
    assert.equal(refused.status, 1);
    assert.match(
      refused.stderr,
      /^ERROR: daos: failed to destroy pool: DER_BUSY\(-1012\): Device or resource busy; .*\n$/,
    );
    assert.equal(play.daos("pool", "destroy", "full", "--force").status, 0);
  });

  it("a mode that is not octal is refused", () => {
    const { status, stderr } = play.daos("pool", "create", "odd", "--mode", "rwx");
    assert.equal(status, 1);
    assert.match(stderr, /^ERROR: daos: invalid argument for flag `--mode' .*\n$/);
    assert.doesNotMatch(play.daos("pool", "list").stdout, /odd/);
  });

  it("create with --label prints what DAOS 2.2 prints", () => {
    const { status, stdout, stderr } = play.daos("cont", "create", "tank", "--label", "seed", "--type", "PYTHON");
    assert.deepEqual([status, stderr], [0, ""]);
    assert.equal(
      anonymous(stdout),
      "  Container UUID : U1\n  Container Label: seed\n  Container Type : PYTHON\n\nSuccessfully created container U1\n",
    );
  });

  it("create with a positional label prints what DAOS 2.4 prints", () => {
    const { stdout } = play.daos("container", "create", "tank", "positional", "--type", "PYTHON");
    assert.equal(
      anonymous(stdout),
      "Successfully created container U1\n  Container UUID : U1\n  Container Label: positional\n  Container Type : PYTHON\n\n",
    );
  });

  it("without a label the line is missing, without a type it is unknown", () => {
    const { stdout } = play.daos("cont", "create", "tank");
    assert.equal(
      anonymous(stdout),
      "Successfully created container U1\n  Container UUID : U1\n  Container Type : unknown\n\n",
    );
  });

  it("a container that is not PYTHON is created, and refused where dictionaries are wanted", () => {
    assert.match(play.daos("cont", "create", "tank", "files", "-t", "posix").stdout, /Container Type : POSIX\n/);
    const { status, stderr } = play.daos("dict", "list", "tank", "files");
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^ERROR: daos: failed to access container: DER_INVAL\(-1003\): Invalid parameters; .*POSIX.*\n$/,
    );
  });

  it("lists containers as DAOS does", () => {
    play.daos("pool", "create", "listed");
    assert.equal(play.daos("cont", "list", "listed").stdout, "No containers.\n");
    play.daos("cont", "create", "listed", "a", "--type", "PYTHON");
    play.daos("cont", "create", "listed", "b", "--type", "PYTHON");
    const { stdout } = play.daos("cont", "list", "listed");
    assert.equal(anonymous(stdout), `UUID${" ".repeat(33)}Label\n----${" ".repeat(33)}-----\nU1 a\nU2 b\n`);
    const before = play.json("cont", "list", "listed") as { response: { uuid: string; label: string }[]; error: null };
    assert.deepEqual(
      before.response.map(({ label }) => label),
      ["a", "b"],
    );
    assert.deepEqual(Object.keys(before.response[0]!), ["uuid", "label"]);
    assert.deepEqual([before.error, play.json("cont", "list", "listed")], [null, { ...before, status: 0 }]);
    assert.deepEqual(JSON.parse(play.daos("cont", "-j", "list", "listed").stdout), before);
    assert.deepEqual(JSON.parse(play.daos("cont", "list", "listed", "--json").stdout), before);
  });

  it("queries a container; the engine's unknown facts have no line", () => {
    play.daos("cont", "create", "tank", "queried", "--type", "PYTHON");
    assert.match(
      play.daos("cont", "query", "tank", "queried").stdout,
      new RegExp(
        [
          `^ {2}Container UUID              : ${UUID}`,
          "  Container Label             : queried",
          "  Container Type              : PYTHON",
          `  Pool UUID                   : ${UUID}`,
          "  Container redundancy factor : 0",
          "  Latest close/modify time    : 0x[0-9a-f]{16} \\(20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(\\.\\d{1,3})? \\+0000 UTC\\)",
          "  Number of snapshots         : 0\n\n$",
        ].join("\n"),
      ),
    );
  });

  it("-j cont create and -j cont query respond with DAOS's fields", () => {
    const created = play.json("cont", "create", "tank", "fields", "--type", "PYTHON") as { response: object };
    const queried = play.json("cont", "query", "tank", "fields") as { response: Record<string, unknown> };
    assert.deepEqual(Object.keys(created.response), Object.keys(queried.response));
    assert.deepEqual(Object.keys(queried.response).sort(), [
      "close_modify_time",
      "container_label",
      "container_type",
      "container_uuid",
      "latest_snapshot",
      "num_handles",
      "num_snapshots",
      "open_time",
      "pool_uuid",
      "redundancy_factor",
    ]);
    assert.equal(queried.response.container_label, "fields");
    assert.equal(queried.response.container_type, "PYTHON");
    // Sixteenths of a nanosecond since 2021, as DAOS counts.
    const milliseconds = (queried.response.close_modify_time as number) / 16e6 + Date.UTC(2021, 0, 1);
    assert.ok(Math.abs(milliseconds - Date.now()) < 60_000);
  });

  it("shows properties, those that were set among them", () => {
    play.daos("cont", "create", "tank", "proper", "--type", "PYTHON", "--properties", "rd_fac:1,note:a:b");
    const { stdout } = play.daos("cont", "get-prop", "tank", "proper");
    assert.match(stdout, /^Name +Value\n---- +-----\n/m);
    assert.match(stdout, /^Label \(label\) +proper$/m);
    assert.match(stdout, /^Layout Type \(layout_type\) +PYTHON \(3\)$/m);
    assert.match(stdout, /^Redundancy Factor \(rd_fac\) +1$/m);
    assert.match(stdout, /^Health \(status\) +HEALTHY$/m);
    assert.match(stdout, /^note \(note\) +a:b$/m);
    for (const bad of ["rd_fac", "rd_fac:", ":1", "status:BAD"])
      assert.equal(play.daos("cont", "create", "tank", "unmade", "--properties", bad).status, 1, bad);
    assert.doesNotMatch(play.daos("cont", "list", "tank").stdout, /unmade/);
  });

  it("a path stands for pool and container, and goes with the container", () => {
    const path = play.file("neo.daos");
    play.daos("cont", "create", "tank", "pathed", "--type", "PYTHON", "--path", path);
    assert.match(play.daos("cont", "query", "--path", path).stdout, /: pathed\n/);
    assert.equal(play.daos("dict", "put", "--path", path, "stadium", "London", "Wembley").status, 0);
    assert.equal(play.daos("dict", "get", `--path=${path}`, "stadium", "London").stdout, "Wembley");
    // The file names the system too.
    const elsewhere = { env: { ...play.environment, DAOS_SYSTEM: "file:///nowhere" } };
    assert.match(play.run(process.execPath, [BIN, "dict", "list", "-d", path], elsewhere).stdout, /^stadium$/m);
    const again = play.daos("cont", "create", "tank", "other", "--path", path);
    assert.match(again.stderr, /^ERROR: daos: failed to create container: DER_EXIST\(-1004\): Entity already exists; /);
    assert.equal(play.daos("cont", "destroy", "-d", path).status, 0);
    assert.ok(!existsSync(path));
    assert.match(
      play.daos("cont", "query", "--path", path).stderr,
      /^ERROR: daos: failed to resolve path: DER_NONEXIST/,
    );
  });

  it("checks a container, and says by its status that something is wrong", async () => {
    play.daos("cont", "create", "tank", "checked", "--type", "PYTHON");
    play.daosReading('{"key": "a", "value": "1"}', "dict", "load", "tank", "checked", "d");
    const sound = play.daos("cont", "check", "tank", "checked");
    assert.match(
      sound.stdout,
      /^check container checked started at: .*\ncheck container checked completed at: .*\nchecked: 1\nskipped: 0\ninconsistent: 0\nrun_time: [\d.]+ seconds\nscan_speed: \d+ objs\/sec\n$/,
    );
    assert.equal(sound.status, 0);
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(play.file("system/tank/checked/container.sqlite"));
    database.exec("UPDATE objects SET count = 7");
    database.close();
    const broken = play.daos("cont", "check", "tank", "checked");
    assert.match(broken.stdout, /^inconsistent: 1$/m);
    assert.match(broken.stdout, /^found: dict "d" says that it has 7 records, and has 1$/m);
    assert.match(broken.stderr, /^ERROR: daos: container checked is inconsistent: 1 findings; .*\n$/);
    assert.equal(broken.status, 1);
    const envelope = play.json("cont", "check", "tank", "checked") as {
      response: { inconsistent: number };
      status: number;
    };
    assert.equal(envelope.response.inconsistent, 1);
    assert.ok(envelope.status < 0);
    const repaired = play.daos("cont", "check", "tank", "checked", "--repair");
    assert.match(repaired.stdout, /^repaired: dict "d" says/m);
    assert.equal(repaired.status, 0);
    assert.equal(play.daos("cont", "check", "tank", "checked").status, 0);
  });

  it("lists objects, and backs up", async () => {
    play.daos("cont", "create", "tank", "held", "--type", "PYTHON");
    play.daos("dict", "put", "tank", "held", "stadium", "London", "Wembley");
    assert.match(
      play.daos("cont", "list-objects", "tank", "held").stdout,
      /^OID +Kind +Name\n.*\n\S+ +dict +stadium\n$/,
    );
    const copy = play.file("copy");
    assert.equal(play.daos("cont", "backup", "tank", "held", copy).status, 0);
    assert.ok(existsSync(`${copy}/container.sqlite`));
    assert.match(play.daos("cont", "backup", "tank", "held", copy).stderr, /DER_EXIST\(-1004\)/);
  });

  it("an open container is destroyed by force only", async () => {
    play.daos("cont", "create", "tank", "busy", "--type", "PYTHON");
    await using dcont = await DCont.open("tank", "busy", { system: play.environment.DAOS_SYSTEM });
    await dcont.dict("d", { a: "1" });
    const refused = play.daos("cont", "destroy", "tank", "busy");
    assert.match(
      refused.stderr,
      /^ERROR: daos: failed to destroy container.*: DER_BUSY\(-1012\): Device or resource busy; /,
    );
    assert.equal(play.daos("cont", "destroy", "tank", "busy", "-f").stdout, "Successfully destroyed container busy\n");
  });

  const failures: readonly (readonly [line: string, error: string])[] = [
    ["cont create tank taken --type PYTHON", "failed to create container: DER_EXIST(-1004): Entity already exists"],
    ["cont create nopool neo --type PYTHON", "DER_NONEXIST(-1005): The specified entity does not exist"],
    ["cont create tank bad/label --type PYTHON", 'invalid label "bad/label"'],
    ["cont create tank .. --type PYTHON", 'invalid label ".."'],
    ["cont create b@d neo --type PYTHON", 'invalid label "b@d"'],
    ["pool create b@d", 'invalid label "b@d"'],
    [
      "cont destroy tank missing",
      "failed to destroy container missing: DER_NONEXIST(-1005): The specified entity does not exist",
    ],
    ["cont list nopool", "failed to connect to pool nopool: DER_NONEXIST(-1005): The specified entity does not exist"],
    [
      "cont query nopool neo",
      "failed to connect to pool nopool: DER_NONEXIST(-1005): The specified entity does not exist",
    ],
    ["cont query tank missing", "failed to query container: DER_NONEXIST(-1005): The specified entity does not exist"],
    ["dict list tank missing", "failed to access container: DER_NONEXIST(-1005): The specified entity does not exist"],
    [
      "dict list nopool neo",
      "failed to connect to pool nopool: DER_NONEXIST(-1005): The specified entity does not exist",
    ],
    ["pool query nopool", "failed to connect to pool nopool: DER_NONEXIST(-1005): The specified entity does not exist"],
    ["pool create tank", "failed to create pool: DER_EXIST(-1004): Entity already exists"],
    ["cont create tank a --label b", 'one container has one label, not "a" and "b"'],
    ["cont create", "the required argument `<pool>' was not provided; see daos cont create --help"],
    ["cont query tank", "the required argument `<container>' was not provided; see daos cont query --help"],
    ["cont list tank --frob", "unknown option '--frob'"],
    ["bogus", "Unknown command `bogus'. Please specify one command of: array, completion, cont, dict, pool or shell"],
    [
      "cont bogus",
      "Unknown command `bogus'. Please specify one command of: backup, check, create, destroy, get-prop, list, list-objects or query",
    ],
  ];
  for (const [line, error] of failures)
    it(`daos ${line} fails with ${error}`, () => {
      const outcome = play.daos(...line.split(" "), "-j");
      const { status, ...envelope } = JSON.parse(outcome.stdout);
      assert.deepEqual([outcome.status, outcome.stderr], [1, `ERROR: daos: ${error}\n`]);
      assert.deepEqual(envelope, { response: null, error });
      assert.equal(
        status,
        Number(/\((-\d+)\)/.exec(error)?.[1] ?? (error.startsWith("invalid label") ? -1003 : -1025)),
      );
    });

  it("without --json a failure prints nothing on standard output", () => {
    const { status, stdout, stderr } = play.daos("cont", "create", "tank", "taken", "--type", "PYTHON");
    const error = "failed to create container: DER_EXIST(-1004): Entity already exists";
    assert.deepEqual([status, stdout, stderr], [1, "", `ERROR: daos: ${error}\n`]);
  });

  it("an unknown type is told as DAOS tells it", () => {
    assert.match(
      play.daos("cont", "create", "tank", "badtype", "--type", "FOO").stderr,
      /^ERROR: daos: invalid argument for flag `-t, --type' \(.*PYTHON.*\): unknown container type "FOO"\n$/,
    );
  });

  it("a label with a space is told as DAOS tells it", () => {
    const { stderr } = play.daos("cont", "create", "tank", "bad label!", "--type", "PYTHON");
    assert.equal(stderr, 'ERROR: daos: invalid label "bad label!"\n');
  });

  it("--system wins over DAOS_SYSTEM, before and after the verb", () => {
    const other = `file://${play.file("other")}`;
    assert.equal(play.daos("--system", other, "pool", "create", "elsewhere").status, 0);
    assert.match(play.daos("pool", "list", "--system", other).stdout, /elsewhere/);
    assert.doesNotMatch(play.daos("pool", "list").stdout, /elsewhere/);
    assert.match(
      play.daos("pool", "list", "--system", "nowhere:x").stderr,
      /^ERROR: daos: failed to find the system: DER_INVAL.*\n$/,
    );
  });
});
