/** What a container does that has lost objects of its own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { onCluster, unique } from "./support.ts";

const ANSWER_MS = 20_000;

onCluster("a damaged container", { store: "memstore" }, (ground) => {
  test("a large value that has lost a part is DER_IO to read, not waited for", { timeout: ANSWER_MS }, async () => {
    const { cluster, pool } = ground();
    await using client = await ground().client();
    const dict = await client.dict(unique("damaged"), { large: Buffer.alloc(200_000, 1), small: "1" });
    const listed = (await cluster.rados("-p", pool, "--all", "ls")).split("\n").map((line) => line.split("\t"));
    const [namespace, part] = listed.find(([, object]) => object?.startsWith("b."))!;
    await cluster.rados("-p", pool, "-N", namespace!, "rm", part!);
    await assert.rejects(dict.get("large"), { code: "DER_IO" });
    assert.equal(String(await dict.get("small")), "1");
    await dict.put("large", "2");
    assert.equal(String(await dict.get("large")), "2");
  });
});
