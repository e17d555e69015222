import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { clusterOptions } from "../../../src/engines/rados/address.ts";
import { keyOf, parseName, partName, shardName } from "../../../src/engines/rados/format.ts";
import { MAX_SHARDS, shardOf, shardsOf } from "../../../src/engines/rados/shards.ts";
import { parseSystem } from "../../../src/system-url.ts";

describe("shards of a dictionary", () => {
  test("their number is that of the object class's groups", () => {
    const expected = {
      S1: 1,
      OC_S2: 2,
      S16: 16,
      SX: 64,
      RP_2G4: 4,
      EC_4P1GX: 64,
      TINY: 1,
      SMALL: 4,
      LARGE: 64,
      MAX: 64,
    };
    for (const [oclass, shards] of Object.entries(expected)) assert.equal(shardsOf(oclass, "test"), shards, oclass);
    assert.equal(shardsOf(undefined, "test"), 8);
    assert.equal(shardsOf(`S${MAX_SHARDS}`, "test"), MAX_SHARDS);
  });

  test("more than the most is refused", () => {
    assert.throws(() => shardsOf(`S${MAX_SHARDS + 1}`, "test"), { code: "DER_INVAL" });
  });

  test("a key stays in its shard from release to release", () => {
    const expected = { a: 3, Barcelona: 11, "Camp Nou": 12, Zürich: 7 };
    for (const [key, shard] of Object.entries(expected)) {
      assert.equal(shardOf(keyOf(Buffer.from(key)), 16), shard, key);
      assert.equal(shardOf(keyOf(Buffer.from(key)), 1), 0, key);
    }
    const counts = new Array<number>(16).fill(0);
    for (let i = 0; i < 16_000; i++) counts[shardOf(`k${i}`, 16)]!++;
    assert.ok(Math.min(...counts) > 850 && Math.max(...counts) < 1150, counts.join(" "));
  });
});

test("names of objects are read as they are written", () => {
  assert.deepEqual(parseName(shardName("oid", "gen", 3)), { type: "shard", oid: "oid", generation: "gen", shard: 3 });
  assert.deepEqual(parseName(partName("oid", "blob", 7)), { type: "part", oid: "oid", blob: "blob" });
  for (const name of ["directory", "x.y", "s.a", "s.a.b", "b.a.b.c.d", ""]) assert.equal(parseName(name), undefined);
});

describe("rados: URLs", () => {
  const options = (url: string) => clusterOptions(parseSystem(url, {}, "/home/none"));

  test("name a file, a user, a keyring and a timeout", () => {
    const { conf, id, settings } = options("rados:///etc/ceph/my%20ceph.conf?id=alice&keyring=/k&timeout=2500");
    assert.equal(conf, "/etc/ceph/my ceph.conf");
    assert.equal(id, "alice");
    assert.equal(settings.keyring, "/k");
    assert.equal(settings.rados_osd_op_timeout, "3");
    assert.equal(settings.client_mount_timeout, "3");
    assert.equal(options("rados:").conf, undefined);
    assert.equal(options("rados:///c").id, "admin");
  });

  test("that make no sense are DER_INVAL", () => {
    for (const url of [
      "rados://host/etc/ceph.conf",
      "rados:ceph.conf",
      "rados:///c?id=",
      "rados:///c?id=client.admin",
      "rados:///c?keyring=relative",
      "rados:///c?user=x",
      "rados:///c?timeout=soon",
    ])
      assert.throws(() => options(url), { code: "DER_INVAL" }, url);
  });
});
