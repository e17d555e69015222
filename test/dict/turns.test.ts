import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { Turns } from "../../src/dict/turns.ts";
import { DCont } from "../../src/index.ts";
import { scratchSystem } from "../scratch.ts";

describe("calls that take turns", () => {
  test("run one after the other, in the order in which they were issued, on each subject", async () => {
    const turns = new Turns();
    const log: string[] = [];
    const call = (subject: string, name: string, ms: number): Promise<void> =>
      turns.take(subject, undefined, async () => {
        log.push(`${name} begins`);
        await setTimeout(ms);
        log.push(`${name} ends`);
      });
    await Promise.all([call("a", "first", 50), call("a", "second", 1), call("b", "other", 1)]);
    const begun = ["first begins", "other begins", "other ends", "first ends", "second begins", "second ends"];
    assert.deepEqual(log, begun);
  });

  test("go on after one that fails, or is aborted while it waits, which does not wait for its turn", async () => {
    const turns = new Turns();
    const abort = new AbortController();
    const long = Promise.withResolvers<string>();
    const first = turns.take("a", undefined, () => long.promise);
    const second = turns.take("a", { signal: abort.signal }, () => assert.fail("it was aborted"));
    let isThirdBegun = false;
    const third = turns.take("a", undefined, async () => {
      isThirdBegun = true;
      throw new Error("no");
    });
    abort.abort(new Error("enough"));
    await assert.rejects(second, /enough/);
    assert.equal(isThirdBegun, false);
    long.resolve("done");
    assert.equal(await first, "done");
    await assert.rejects(third, /no/);
    assert.equal(await turns.take("a", undefined, async () => "next"), "next");
  });
});

test("many modifications of one key at once call their function once each, whatever handle they come by", async () => {
  await using dcont = await DCont.open("tank", "neo", { system: scratchSystem(), create: true });
  await dcont.dict("hits");
  let calls = 0;
  const hit = async (): Promise<void> => {
    const hits = await dcont.getDict("hits", { valueEncoding: "utf8" });
    await hits.modify("/", (n = "0") => {
      calls++;
      return `${Number(n) + 1}`;
    });
  };
  await Promise.all(Array.from({ length: 200 }, hit));
  assert.equal(String(await (await dcont.getDict("hits")).get("/")), "200");
  assert.equal(calls, 200);
});
