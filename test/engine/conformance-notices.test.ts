/**
 * The conformance suite can fail: engines that are broken on purpose (`broken/`) are run through it, and it notices each
 * fault by a test that is about it.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";

const folder = join(import.meta.dirname, "broken");

/** By fault: the tests that must notice it. Names are matched from their beginning. */
const NOTICED: Readonly<Record<string, readonly RegExp[]>> = {
  "drops-a-delete": [/^the count equals the number of keys/, /^random histories/],
  "returns-a-stale-value": [
    /^both twins see each other's writes at once/,
    /^what one process has written, the next read of another sees/,
  ],
  "forgets-a-page": [/^pages of 3 give every record once/, /^keys, values and entries/],
  "absent-is-not-atomic": [/^of many puts if absent at once one wins/, /^put if absent succeeds for one process a key/],
  "loses-a-count": [/^take gives the value once/, /^random histories/],
  "ignores-read-only": [/^a read-only container refuses put /, /^a container that is open read-only/],
  "shares-memory": [/^changing what get gave/, /^values that come out are the caller's/],
  "shares-pages": [/^changing what list gave/, /^dump gives everything/],
  "keeps-its-arguments": [/^changing key and value right after/, /^what goes into put may be changed/],
  "reorders-calls": [/^calls on one key take effect in the order/, /^random histories/],
  "ignores-signals": [/^put with an aborted signal/, /^a signal ends bulk calls/],
  "tears-batches": [/^no process ever sees half a batch/],
  "compares-nothing": [/^put if it was w changes nothing/, /^many modifies of one key/],
  "acknowledges-too-early": [/^no acknowledged write of a killed process is lost \(async\)/],
  "never-closes": [/^after close every call is DER_NO_HDL/],
  "hands-out-a-taken-name": [/^a name is created once/, /^dict creates a name once/],
  "links-over-a-taken-name": [/^a nameless object does not get a taken name/],
  "forgives-destruction": [/^get of a destroyed object/, /^a destroyed dictionary answers/],
  "lists-backwards": [/^keys come in the order/, /^walks are in the order/],
  "orders-by-utf16": [/^keys come in the order/],
  "includes-the-end": [/^ranges begin at start/, /^start is included and end is not/],
  "gives-too-long-pages": [/^pages of 1 give/],
  "counts-by-listing": [/^count does not grow/],
  "cuts-big-values": [/^values of every size/, /^a value of 1 MiB/],
  "normalizes-keys": [/^unusual keys are keys like others/],
  "stores-empty-values": [/^an empty value removes the key/, /^bput takes a record/],
  "takes-twice": [/^of many takes at once/, /^popitem gives each record to one process/],
  "answers-out-of-order": [/^getMany answers in the order/],
  "forgets-a-name": [/^names are listed by 3/],
  "throws-in-the-callers-face": [/^a failure is a rejection/],
  "loses-an-update": [
    /^what several handles change at once/,
    /^of updates that make, change and remove/,
    /^elements of one chunk that processes set/,
  ],
  "compares-metadata-too-early": [/^of several who change the metadata from one state/],
  "loses-a-chunk": [/^hundreds of chunks in one call/],
  "acknowledges-chunks-too-early": [/^what one handle has written, the next read of another sees/],
  "tears-chunks": [/^a chunk that is replaced is old or new/],
  "lists-removed-chunks": [/^a chunk is listed while it is there/],
  "changes-more-than-the-range": [/^ranges are changed, and nothing else/],
  "fills-short-reads": [/^to read more of a chunk than there is/],
  "forgives-a-destroyed-array": [/^an array that was destroyed answers/],
  "keeps-the-memory-of-a-read": [/^an aborted call rejects with the reason/],
  "claims-no-limit": [/^a value of exactly maxValueBytes is stored/],
};

describe("the conformance suite notices an engine that", { concurrency: Math.min(2, availableParallelism()) }, () => {
  for (const [fault, tests] of Object.entries(NOTICED))
    test(fault.replaceAll("-", " "), async () => {
      const { failed, output } = await run(fault, tests);
      for (const name of tests)
        assert.ok(
          failed.some((test) => name.test(test)),
          `${name} did not fail; what failed: ${failed.join("; ") || "nothing"}\n${output}`,
        );
    });

  test("loses a count, and shows the shortest history and the seed that do so", async () => {
    const { output } = await run("loses-a-count", [/^random histories/]);
    assert.match(output, /seed: -?\d+/);
    assert.match(output, /Shrunk \d+ time/);
    const [history] = /Counterexample: .*/.exec(output) ?? assert.fail(output);
    // One write and one call that takes it out: nothing less shows it.
    assert.ok((history.match(/"do":/g) ?? []).length <= 4, history);
  });

  test("has no fault, by failing none of these tests", async () => {
    const { failed, output } = await run("sound", Object.values(NOTICED).flat());
    assert.deepEqual(failed, [], output);
    assert.match(output, /^# pass [1-9]/m);
  });
});

test("every broken engine is run", () => {
  const modules = globSync("*.ts", { cwd: folder }).map((file) => basename(file, ".ts"));
  const others = ["run", "sound", "wrap"];
  assert.deepEqual(modules.filter((name) => !others.includes(name)).sort(), Object.keys(NOTICED).sort());
});

/** Runs these tests and tells which of them failed. */
async function run(module: string, tests: readonly RegExp[]): Promise<{ failed: string[]; output: string }> {
  // It is a run of its own, not one of this runner's files.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  // The runner matches a pattern with the name of the test after those of its sections.
  const patterns = tests.map(
    ({ source }) => `--test-name-pattern=${source.replace("^", "(async\\)|sync\\)|processes|capabilities) ")}`,
  );
  const child = spawn(process.execPath, ["--test-reporter=tap", ...patterns, join(folder, "run.ts"), module], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 120_000,
  });
  const output = await text(child.stdout);
  const failed = [...output.matchAll(/^ *not ok \d+ - (.*)$/gm)].map((match) => match[1]!);
  return { failed, output };
}
