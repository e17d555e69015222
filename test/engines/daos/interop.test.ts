/** PyDAOS and tsdaos on the same containers: what one writes, the other reads, byte for byte. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { engine } from "../../../src/engines/daos/index.ts";
import { type DCont as AsyncDCont, DaosError, DObjNotFound, DCont as OpenAsync } from "../../../src/index.ts";
import { DCont } from "../../../src/sync.ts";
import { parseSystem } from "../../../src/system-url.ts";
import { needsPython, python, pythonAside } from "./python.ts";
import { newContainer, pool, system } from "./support.ts";

const MIB = 1024 * 1024;

/** Bytes that are the same in both languages: a repeated pattern with every byte value in it. */
function pattern(size: number): Buffer {
  return Buffer.alloc(size, Buffer.from(Array.from({ length: 251 }, (_, i) => i)));
}
const PATTERN = "pattern = lambda size: (bytes(range(251)) * (size // 251 + 1))[:size]\n";

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe("PyDAOS and tsdaos share containers", needsPython, () => {
  const container = needsPython.skip === false ? newContainer() : "";
  const opened = (): DCont => new DCont(pool, container, { system });
  const openedAsync = (): Promise<AsyncDCont> => OpenAsync.open(pool, container, { system });

  test("Python writes text and bytes, TypeScript reads them", async () => {
    const repr = python(
      container,
      `dd = dc.dict("from-python", {"text": "Camp Nou", "bytes": b"\\x00\\xff\\x00", b"key of bytes": "München", "Ω": b"omega"})
dd["later"] = b"x"
dd.put("gone", "for now")
dd.put("gone", None)
dd["emptied"] = "something"
dd["emptied"] = ""
return repr(dd)`,
    );
    const expected = new Map([
      ["text", Buffer.from("Camp Nou")],
      ["bytes", Buffer.from([0, 255, 0])],
      ["key of bytes", Buffer.from("München")],
      ["Ω", Buffer.from("omega")],
      ["later", Buffer.from("x")],
    ]);
    using dcont = opened();
    const dd = dcont.getDict("from-python");
    assert.equal(`[${dd.oid}]`, repr);
    assert.equal(dd.size, expected.size);
    assert.deepEqual(new Map([...dd.entries()].sort()), new Map([...expected].sort()));
    assert.equal(dd.has("gone"), false);
    assert.equal(dd.get("emptied"), undefined);
    await using async = await openedAsync();
    const there = await async.getDict("from-python");
    assert.deepEqual(await there.get("bytes"), Buffer.from([0, 255, 0]));
    assert.equal(await there.equals(expected), true);
  });

  for (const face of ["sync", "async"] as const)
    test(`TypeScript writes text and bytes, Python reads them (${face})`, async () => {
      const name = `from-typescript-${face}`;
      const init = { text: "Camp Nou", bytes: Uint8Array.of(0, 255, 0), Ω: "omega" };
      let oid: string;
      if (face === "sync") {
        using dcont = opened();
        const dd = dcont.dict(name, init);
        dd.put("gone", "for now");
        dd.put("gone", null);
        dd.set("later", "x");
        oid = dd.oid;
      } else {
        await using dcont = await openedAsync();
        const dd = await dcont.dict(name, init);
        await dd.put("gone", "for now");
        await dd.put("gone", null);
        await dd.set("later", "x");
        oid = dd.oid;
      }
      const [dump, repr, length] = python(
        container,
        `dd = dc.get(arg)
return [{key: value.hex() for key, value in dd.dump().items()}, repr(dd), len(dd)]`,
        name,
      ) as [Record<string, string>, string, number];
      assert.deepEqual(dump, {
        text: Buffer.from("Camp Nou").toString("hex"),
        bytes: "00ff00",
        Ω: Buffer.from("omega").toString("hex"),
        later: "78",
      });
      assert.equal(repr, `[${oid}]`);
      assert.equal(length, 4);
    });

  test("values of 1 MiB and 20 MiB go both ways", async () => {
    const sizes = { kilo: 5000, mega: MIB, twenty: 20 * MIB };
    using dcont = opened();
    const dd = dcont.dict("large");
    for (const [key, size] of Object.entries(sizes)) dd.put(`ts ${key}`, pattern(size));
    const hashes = python(
      container,
      `${PATTERN}dd = dc.get("large")
for key, size in arg.items():
    dd["py " + key] = pattern(size)
return {key: hashlib.sha256(dd["ts " + key]).hexdigest() for key in arg}`,
      sizes,
    ) as Record<string, string>;
    await using async = await openedAsync();
    const there = await async.getDict("large");
    for (const [key, size] of Object.entries(sizes)) {
      const expected = sha256(pattern(size));
      assert.equal(hashes[key], expected, `${key} written here`);
      assert.equal(sha256(dd.get(`py ${key}`)!), expected, `${key} written by Python, read blocking`);
      assert.equal(sha256((await there.get(`py ${key}`))!), expected, `${key} written by Python, read asynchronously`);
    }
    await there.put("async twenty", pattern(20 * MIB));
    assert.equal(
      python(container, `return hashlib.sha256(dc.get("large")["async twenty"]).hexdigest()`),
      sha256(pattern(20 * MIB)),
    );
  });

  test("10,000 keys go both ways, and deletes", async () => {
    using dcont = opened();
    const dd = dcont.dict("many");
    const key = (i: number): string => `key ${i}`;
    dd.bput(new Map(Array.from({ length: 10_000 }, (_, i) => [key(i), `value ${i}`])));
    const result = python(
      container,
      `dd = dc.get("many")
keys = {"key %d" % i: None for i in range(10000)}
dd.bget(keys)
wrong = [key for key, value in keys.items() if value != ("value" + key[3:]).encode()]
dd.bput({"key %d" % i: None for i in range(0, 10000, 2)})
dd.bput({"new %d" % i: b"%d" % i for i in range(10000)})
return [wrong, sorted([key for key in dd]) == sorted(["key %d" % i for i in range(1, 10000, 2)] + ["new %d" % i for i in range(10000)])]`,
    );
    assert.deepEqual(result, [[], true]);
    const expected = new Map([
      ...Array.from({ length: 5000 }, (_, i): [string, string] => [key(2 * i + 1), `value ${2 * i + 1}`]),
      ...Array.from({ length: 10_000 }, (_, i): [string, string] => [`new ${i}`, `${i}`]),
    ]);
    assert.equal(dd.size, 15_000);
    assert.equal(dd.equals(expected), true);
    await using async = await openedAsync();
    const there = await async.getDict("many");
    assert.equal(await there.size(), 15_000);
    assert.equal(await there.equals(expected), true);
    for (const i of [1, 3, 5]) assert.equal(await there.delete(key(i)), true);
    await there.clear();
    assert.equal(python(container, `return len(dc.get("many"))`), 0);
  });

  test("a key of Python that is not UTF-8 spoils a listing as text, and nothing else", async () => {
    python(
      container,
      `dd = dc.dict("odd keys", {"plain": "1", "Ω": "2"})
dd.put(b"\\xff\\xfe", b"odd")
return None`,
    );
    const refused = { code: "DER_INVAL", context: "failed to enumerate Dictionary", message: /not UTF-8/ };
    using dcont = opened();
    const dd = dcont.getDict("odd keys");
    assert.throws(() => [...dd.keys()], refused);
    assert.throws(() => [...dd.entries()], refused);
    assert.throws(() => dd.dump(), refused);
    assert.throws(() => [...dd.values()], refused);
    assert.equal(dd.size, 3);
    assert.equal(dd.get("Ω")?.toString(), "2");
    await using async = await openedAsync();
    const there = await async.getDict("odd keys");
    await assert.rejects(Array.fromAsync(there.keys()), refused);
    await assert.rejects(Array.fromAsync(there.entries()), refused);
    await assert.rejects(there.dump(), refused);
    assert.equal(await there.size(), 3);
    const raw = await engine
      .system("async", parseSystem(system, {}, "/"))
      .openContainer(pool, container, { mode: "RO" });
    const kv = raw.kv((await raw.lookup("odd keys"))!);
    const { entries } = await kv.list({ limit: 10 });
    await raw.close();
    assert.deepEqual(
      new Map(entries.map(([key, value]) => [Buffer.from(key).toString("latin1"), Buffer.from(value).toString()])),
      new Map([
        ["plain", "1"],
        ["Î©", "2"],
        ["ÿþ", "odd"],
      ]),
    );
    // The key has no text, and so no name here: where it is to go, Python removes it.
    python(container, `del dc.get("odd keys")[b"\\xff\\xfe"]`);
    assert.deepEqual([...dd.keys()].sort(), ["plain", "Ω"]);
  });

  test("object classes are the same, bit for bit, and what cannot be had both refuse", () => {
    using dcont = opened();
    const classes = ["OC_S1", "OC_S2", "OC_SX", "OC_RP_2G1", "OC_EC_2P1G1", "OC_TINY", "OC_MAX"];
    const theirs = python(
      container,
      `answers = []
for name in arg:
    try:
        answers.append(repr(dc.dict("python " + name, cid=name)))
    except pydaos.PyDError as e:
        answers.append(str(e))
answers.append(repr(dc.dict("python automatic")))
return answers`,
      classes,
    ) as string[];
    // Type, redundancy and groups are the upper half of the first number.
    const upper = (repr: string): string => repr.replace(/^\[?(0x[0-9a-f]+)[0-9a-f]{8}:.*$/, "$1");
    const mine = [...classes, undefined].map((oclass) => {
      try {
        return dcont.dict(`mine ${oclass}`, null, { oclass }).oid;
      } catch (e) {
        assert.equal(dcont.has(`mine ${oclass}`), false);
        if (!DaosError.is(e)) throw e;
        return `${e.context}: ${e.code}`;
      }
    });
    assert.match(mine[0]!, /^0x/);
    assert.deepEqual(mine.map(upper), theirs.map(upper));
  });

  test("a name is taken, found and gone for both", async () => {
    await using dcont = await openedAsync();
    await dcont.dict("mine", { a: "1" });
    python(container, `dc.dict("theirs", {"b": "2"})`);
    const taken = python(
      container,
      `try:
    dc.dict("mine")
except pydaos.PyDError as e:
    return str(e)`,
    );
    assert.equal(taken, "failed to create DAOS dict: DER_EXIST");
    await assert.rejects(dcont.dict("theirs"), { code: "DER_EXIST" });
    assert.deepEqual(
      (await Array.fromAsync(dcont)).map(({ name }) => name).filter((n) => /^(mine|theirs)$/.test(n)),
      ["mine", "theirs"],
    );
    await dcont.destroy("mine");
    await dcont.destroy("theirs");
    const found = python(
      container,
      `found = []
for name in ["mine", "theirs"]:
    try:
        dc.get(name)
        found.append(name)
    except pydaos.DObjNotFound as e:
        pass
return found`,
    );
    assert.deepEqual(found, []);
    await assert.rejects(dcont.get("theirs"), DObjNotFound);
    // A new object under an old name begins empty.
    await dcont.dict("mine");
    assert.equal(python(container, `return len(dc.get("mine"))`), 0);
  });

  test("an array of PyDAOS is an array here, and can be destroyed", () => {
    using dcont = opened();
    python(
      container,
      `try:
    dc.array("temperatures")
except NotImplementedError:
    pass`,
    );
    const kinds = [...dcont].filter(({ name }) => name === "temperatures").map(({ kind }) => kind);
    assert.deepEqual(kinds, ["array"]);
    assert.throws(() => dcont.getDict("temperatures"), { code: "DER_MISMATCH" });
    dcont.destroy("temperatures");
    assert.equal(dcont.has("temperatures"), false);
  });

  test("an array of PyDAOS has no elements, and the error says so", () => {
    using dcont = opened();
    python(container, "try:\n    dc.array('promised')\nexcept NotImplementedError:\n    pass");
    assert.throws(() => dcont.getArray("promised"), { code: "DER_MISMATCH", message: /array of PyDAOS/ });
    assert.throws(() => dcont.array("promised", { shape: [1], dtype: "int8" }), { code: "DER_EXIST" });
    dcont.destroy("promised");
    dcont.array("promised", { shape: [1], dtype: "int8", fill: 7 });
    assert.equal(dcont.getArray("promised").at(0), 7);
  });

  test("PyDAOS goes on with dictionaries beside arrays, and knows an array when it meets one", async () => {
    await using dcont = await openedAsync();
    const da = await dcont.array("beside", { shape: [1000], dtype: "float64", chunks: [100] });
    await da.set(null, 1.5);
    const answers = python(
      container,
      `dd = dc.dict("beside an array", {"a": "1"})
answers = [dd["a"].decode()]
for work in [lambda: dc.get("beside"), lambda: dc.dict("beside"), lambda: dc.array("beside")]:
    try:
        work()
        answers.append("nothing")
    except NotImplementedError:
        answers.append("not implemented")
    except pydaos.PyDError as e:
        answers.append(str(e))
return answers`,
    );
    assert.deepEqual(answers, [
      "1",
      "not implemented",
      "failed to create DAOS dict: DER_EXIST",
      "failed to create DAOS array: DER_EXIST",
    ]);
    assert.ok((await da.get()).data.every((v) => v === 1.5));
    assert.equal(await (await dcont.getDict("beside an array", { valueEncoding: "utf8" })).get("a"), "1");
    const kinds = (await Array.fromAsync(dcont)).filter(({ name }) => name.startsWith("beside"));
    assert.deepEqual(
      kinds.map(({ name, kind }) => [name, kind]),
      [
        ["beside", "array"],
        ["beside an array", "dict"],
      ],
    );
  });

  test("of two that create the same names, each name has one winner", async () => {
    await using dcont = await openedAsync();
    const names = Array.from({ length: 200 }, (_, i) => `race ${i}`);
    const theirs = pythonAside(
      container,
      `won = []
for name in arg:
    try:
        dc.dict(name, {"winner": "python"})
        won.append(name)
    except pydaos.PyDError as e:
        assert "DER_EXIST" in str(e)
return won`,
      names,
    );
    const mine: string[] = [];
    // From the other end, so that they meet.
    for (const name of names.toReversed()) {
      try {
        await dcont.dict(name, { winner: "typescript" });
        mine.push(name);
      } catch (e) {
        if (!DaosError.is(e, "DER_EXIST")) throw e;
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const won = (await theirs) as string[];
    assert.deepEqual([...mine, ...won].sort(), [...names].sort());
    for (const name of names) {
      const winner = await (await dcont.getDict(name, { valueEncoding: "utf8" })).get("winner");
      assert.equal(winner, mine.includes(name) ? "typescript" : "python", name);
    }
  });
});
