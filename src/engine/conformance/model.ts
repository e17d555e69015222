/** Random histories of calls, against a `Map` that does the same; a failure is shrunk to a short history. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type fastCheck from "fast-check";
import type { DDict as AsyncDict } from "../../dict/ddict.ts";
import type { Face } from "../contract.ts";
import { inUtf8Order } from "./data.ts";
import { type AnyCont, type AnyDict, sizeOf, walked } from "./faces.ts";
import type { Fixture } from "./fixture.ts";
import type { Suite } from "./suite.ts";

const fc = loadFastCheck();

/** It is an optional peer: who runs the suite has to install it. */
function loadFastCheck(): typeof fastCheck {
  try {
    return (createRequire(import.meta.url)("fast-check") as { readonly default: typeof fastCheck }).default;
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw e;
    throw new Error("tsdaos/testing needs the package fast-check; install it: npm install --save-dev fast-check", {
      cause: e,
    });
  }
}

/** Few keys, so that calls meet; some that are the beginning of others, some that break careless code. */
const KEYS = ["a", "ab", "b", "__proto__", "é", "\uffee", "\u{1f600}", "z".repeat(300)];
const LENGTHS = [1, 3, 100, 1024, 1025, 70_000];

type Value = readonly [letter: string, length: number];
type Step =
  | {
      readonly do: "put" | "set" | "putAbsent" | "putPresent" | "getOrInsert";
      readonly key: string;
      readonly value: Value;
    }
  | { readonly do: "get" | "has" | "delete" | "putNull" | "pop" | "append"; readonly key: string }
  | { readonly do: "size" | "isEmpty" | "dump" | "clear" | "popitem" | "reopen" | "equals" }
  | { readonly do: "bput"; readonly entries: readonly (readonly [string, Value | null])[] }
  | { readonly do: "bget"; readonly keys: readonly string[] }
  | { readonly do: "walk"; readonly range: Range }
  | { readonly do: "burst"; readonly steps: readonly SingleKey[] };
type SingleKey = Extract<Step, { readonly key: string }>;
interface Range {
  readonly prefix?: string;
  readonly start?: string;
  readonly end?: string;
  readonly limit?: number;
  readonly reverse?: boolean;
}

type Model = Map<string, string>;

export function testModel(suite: Suite, face: Face): void {
  const { seed, histories = 30 } = suite.options;
  suite.test("random histories end as those of a Map", async (f) => {
    const c = await f.cont(face);
    const property = fc.asyncProperty(
      fc.array(steps(suite.capabilities.orderedKeys), { maxLength: 40, size: "max" }),
      (history) => run(f, c, face, history),
    );
    await fc.assert(property, {
      numRuns: histories,
      ...(seed === undefined ? {} : { seed }),
      // The message has seed, path and the shortest history that fails: `testEngine({ seed })` repeats it.
      endOnFailure: false,
    });
  });
}

function steps(ordered: boolean): fastCheck.Arbitrary<Step> {
  const key = fc.constantFrom(...KEYS);
  const value = fc.tuple(fc.constantFrom("x", "y", "ü"), fc.constantFrom(...LENGTHS));
  const withValue = fc.record({
    do: fc.constantFrom("put", "set", "putAbsent", "putPresent", "getOrInsert"),
    key,
    value,
  });
  const withKey = fc.record({ do: fc.constantFrom("get", "has", "delete", "putNull", "pop", "append"), key });
  const single: fastCheck.Arbitrary<SingleKey> = fc.oneof(withValue, withKey);
  const range = fc.record(
    {
      prefix: fc.constantFrom("", "a", "é", "z", "_"),
      start: key,
      end: key,
      limit: fc.nat(5),
      ...(ordered ? { reverse: fc.boolean() } : {}),
    },
    { requiredKeys: [] },
  );
  return fc.oneof(
    { weight: 8, arbitrary: single },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("size", "isEmpty", "dump", "equals") }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("clear", "popitem", "reopen") }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("bput"),
        entries: fc.array(fc.tuple(key, fc.option(value)), { maxLength: 8 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("bget"), keys: fc.array(key, { maxLength: 5 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("walk"), range }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("burst"), steps: fc.array(single, { maxLength: 8 }) }) },
  ) as fastCheck.Arbitrary<Step>;
}

async function run(f: Fixture, container: AnyCont, face: Face, history: readonly Step[]): Promise<void> {
  const name = f.name();
  const model: Model = new Map();
  let dd = await container.dict<string>(name, null, { valueEncoding: "utf8" });
  try {
    for (const step of history) {
      if (step.do === "reopen") dd = await container.getDict<string>(name, { valueEncoding: "utf8" });
      else await take(dd, model, step, f, face);
      assert.equal(await sizeOf(dd), model.size);
    }
    assert.deepEqual(sorted(await dd.dump()), sorted(model));
    assert.deepEqual(inUtf8Order(await walked(dd.keys())), inUtf8Order(model.keys()));
  } finally {
    await container.destroy(name);
  }
}

async function take(dd: AnyDict<string>, model: Model, step: Step, f: Fixture, face: Face): Promise<void> {
  if ("key" in step) {
    assert.deepEqual(await outcomeOf(dd, step), expected(model, step), step.do);
    return;
  }
  switch (step.do) {
    case "isEmpty":
      assert.equal(await dd.isEmpty(), model.size === 0);
      return;
    case "size":
      assert.equal(await sizeOf(dd), model.size);
      return;
    case "dump":
      assert.deepEqual(sorted(await dd.dump()), sorted(model));
      return;
    case "equals":
      assert.equal(await dd.equals(model), true);
      assert.equal(await dd.equals(new Map([...model, ["not there", "v"]])), false);
      return;
    case "clear":
      await dd.clear();
      model.clear();
      return;
    case "popitem": {
      const item = await dd.popitem();
      assert.equal(item?.[1], item && model.get(item[0]));
      assert.equal(item === undefined, model.size === 0);
      if (item !== undefined) model.delete(item[0]);
      return;
    }
    case "bput":
      await dd.bput(step.entries.map(([key, value]) => [key, value && textOf(value)] as const));
      for (const [key, value] of step.entries) {
        if (value === null) model.delete(key);
        else model.set(key, textOf(value));
      }
      return;
    case "bget":
      assert.deepEqual(
        sorted(await dd.bget(step.keys)),
        sorted(new Map([...model].filter(([key]) => step.keys.includes(key)))),
      );
      return;
    case "walk":
      await compareWalk(dd, model, step.range, f.capabilities.orderedKeys);
      return;
    case "burst": {
      // Calls on one key take effect in the order in which they are made. These two make several calls of the contract.
      const calls = step.steps.filter((single) => single.do !== "append" && single.do !== "getOrInsert");
      if (face === "async") {
        const answers = await Promise.allSettled(
          calls.map(async (single) => call(dd as never as AsyncDict<string>, single)),
        );
        for (const [i, single] of calls.entries())
          assert.deepEqual(outcome(answers[i]!), expected(model, single), single.do);
      } else
        for (const single of calls) assert.deepEqual(await outcomeOf(dd, single), expected(model, single), single.do);
    }
  }
}

async function compareWalk(dd: AnyDict<string>, model: Model, range: Range, ordered: boolean): Promise<void> {
  const { limit, reverse, ...part } = range;
  const within = inUtf8Order(model.keys()).filter(
    (key) =>
      key.startsWith(part.prefix ?? "") &&
      (part.start === undefined || !before(key, part.start)) &&
      (part.end === undefined || before(key, part.end)),
  );
  if (reverse) within.reverse();
  const found = await walked(dd.entries(range));
  for (const [key, value] of found) assert.equal(value, model.get(key));
  const keys = found.map(([key]) => key);
  if (ordered) assert.deepEqual(keys, within.slice(0, limit));
  else {
    assert.equal(keys.length, Math.min(within.length, limit ?? Number.POSITIVE_INFINITY));
    assert.equal(new Set(keys).size, keys.length);
    assert.ok(keys.every((key) => within.includes(key)));
  }
}

/** A call's answer, or the code of its failure. */
type Outcome = { readonly value: unknown } | { readonly code: unknown };

async function outcomeOf(dd: AnyDict<string>, step: SingleKey): Promise<Outcome> {
  const [end] = await Promise.allSettled([(async () => call(dd as never as AsyncDict<string>, step))()]);
  return outcome(end!);
}

function outcome(end: PromiseSettledResult<unknown>): Outcome {
  if (end.status === "rejected") {
    const code = (end.reason as { code?: unknown }).code;
    if (code === undefined) throw end.reason;
    return { code };
  }
  return { value: end.value };
}

async function call(dd: AsyncDict<string>, step: SingleKey): Promise<unknown> {
  const { key } = step;
  switch (step.do) {
    case "put":
      return dd.put(key, textOf(step.value));
    case "set":
      await dd.set(key, textOf(step.value));
      return undefined;
    case "putAbsent":
      return dd.put(key, textOf(step.value), { if: "absent" });
    case "putPresent":
      return dd.put(key, textOf(step.value), { if: "present" });
    case "getOrInsert":
      return dd.getOrInsert(key, textOf(step.value));
    case "get":
      return dd.get(key);
    case "has":
      return dd.has(key);
    case "delete":
      return dd.delete(key);
    case "putNull":
      return dd.put(key, null);
    case "pop":
      return dd.pop(key);
    case "append":
      return dd.modify(key, (old) => `${(old ?? "").slice(0, 50)}+`);
  }
}

/** Does the same to the Map. */
function expected(model: Model, step: SingleKey): Outcome {
  const { key } = step;
  const old = model.get(key);
  switch (step.do) {
    case "putAbsent":
      if (old !== undefined) return { code: "DER_EXIST" };
      break;
    case "putPresent":
      if (old === undefined) return { code: "DER_NONEXIST" };
      break;
    case "getOrInsert":
      if (old !== undefined) return { value: old };
      model.set(key, textOf(step.value));
      return { value: textOf(step.value) };
    case "get":
      return { value: old };
    case "has":
      return { value: old !== undefined };
    case "delete":
      return { value: model.delete(key) };
    case "putNull":
      model.delete(key);
      return { value: undefined };
    case "pop":
      model.delete(key);
      return { value: old };
    case "append":
      model.set(key, `${(old ?? "").slice(0, 50)}+`);
      return { value: model.get(key) };
  }
  model.set(key, textOf(step.value));
  return { value: undefined };
}

function textOf([letter, length]: Value): string {
  return letter.repeat(length);
}

function before(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}

function sorted(map: ReadonlyMap<string, string>): [string, string][] {
  return inUtf8Order(map.keys()).map((key) => [key, map.get(key)!]);
}
