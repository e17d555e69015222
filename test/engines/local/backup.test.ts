/** Backups: what is in the copy, and that it can be put in the container's place. */
import assert from "node:assert/strict";
import { cpSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { checkContainer, DCont, destroyContainer, ndarray, sel } from "../../../src/index.ts";
import { faces } from "./faces.ts";
import { type TestSystem, tankNeo } from "./support.ts";

/** A container with a dictionary, an array, and an array whose files are gone, as those of one that is being destroyed. */
async function filled(t: TestContext): Promise<TestSystem & { readonly copy: string }> {
  const made = await tankNeo(t);
  await using dcont = await DCont.open("tank", "neo", made);
  await dcont.dict("stadium", { London: "Wembley" });
  const grid = await dcont.array("grid", { shape: [100, 100], dtype: "int16", chunks: [10, 10], fill: -1 });
  await grid.set(sel("5:25, 5:25"), 7);
  const going = await dcont.array("going", { shape: [2], dtype: "int8" });
  rmSync(join(made.container, "arrays", going.oid), { recursive: true });
  return { ...made, copy: join(made.directory, "copy") };
}

for (const { name, admin } of faces)
  test(`a backup has the dictionaries and the arrays, and takes the container's place (${name})`, async (t) => {
    const made = await filled(t);
    await admin.backupContainer("tank", "neo", made.copy, made);
    await destroyContainer("tank", "neo", made);
    cpSync(made.copy, made.container, { recursive: true });

    assert.deepEqual((await checkContainer("tank", "neo", made)).findings, []);
    await using restored = await DCont.open("tank", "neo", made);
    const names = (await Array.fromAsync(restored)).map((object) => object.name);
    assert.deepEqual(names, ["grid", "stadium"]);
    assert.equal(String(await (await restored.getDict("stadium")).get("London")), "Wembley");
    const grid = await restored.getArray("grid", { dtype: "int16" });
    assert.deepEqual(
      [await grid.at(4, 5), await grid.at(5, 5), await grid.at(24, 24), await grid.at(25, 24)],
      [-1, 7, 7, -1],
    );
    await grid.set([0, 0], ndarray("int16", [], Int16Array.of(3)));
    assert.equal(await grid.at(0, 0), 3);
  });

test("a backup of a container that never had an array has no directory for them", async (t) => {
  const made = await tankNeo(t);
  const copy = join(made.directory, "copy");
  await faces[0]!.admin.backupContainer("tank", "neo", copy, made);
  assert.equal(existsSync(join(copy, "arrays")), false);
});
