/**
 * The conformance suite: what an engine must do, as tests. See CONTRIBUTING.md, "How to write an engine". Each section is
 * a file beside this one; sections of the contract and of the faces run on both twins.
 */
import { createRequire } from "node:module";
import { after, before, describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { engineOf, substituteEngine } from "../../system.ts";
import type { Capabilities, Engine, Face } from "../contract.ts";
import { testCapabilities } from "./capabilities.ts";
import { testArrays } from "./contract/arrays.ts";
import { testConditions } from "./contract/conditions.ts";
import { testHandles } from "./contract/handles.ts";
import { testLists } from "./contract/lists.ts";
import { testMemory } from "./contract/memory.ts";
import { testNames } from "./contract/names.ts";
import { testRecords } from "./contract/records.ts";
import { testSignals } from "./contract/signals.ts";
import { testBulk } from "./faces/bulk.ts";
import { testContainers } from "./faces/containers.ts";
import { testDictionaries } from "./faces/dictionaries.ts";
import { testEncodings } from "./faces/encodings.ts";
import { testKeysAndValues } from "./faces/keys-and-values.ts";
import { testWalks } from "./faces/walks.ts";
import { Fixture, TWINS } from "./fixture.ts";
import { testModel } from "./model.ts";
import { testProcesses } from "./processes.ts";
import { testSystem } from "./system.ts";

/** What to test. */
export interface EngineUnderTest {
  /** The URL of a running system; the suite makes a container in it and removes it afterwards. */
  readonly system: string;
  /** The label of a pool that is there, for engines whose pools are the administrator's (`createsPools: false`). */
  readonly pool?: string | undefined;
  /** The module whose export `engine` is to serve the system, when it is not the one that tsdaos has for the URL's scheme. */
  readonly module?: URL | undefined;
  /** Why other processes on this machine cannot reach the system, if so: their tests are skipped with this reason. */
  readonly unreachableByOthers?: string | undefined;
  /** The seed of the model-based part, to repeat a run that failed; a failure prints it. */
  readonly seed?: number | undefined;
  /** How many random histories the model-based part tries on each face; default 30. */
  readonly histories?: number | undefined;
}

/** A capability that an engine has or has not. */
export type YesOrNo = { [C in keyof Capabilities]: Capabilities[C] extends boolean ? C : never }[keyof Capabilities];

/** A test's work. */
export type Work = (fixture: Fixture, t: TestContext) => void | Promise<void>;

/** An engine that hangs fails. */
const TEST_TIMEOUT_MS = 120_000;

/** Registers the tests of one engine. */
export class Suite {
  readonly capabilities: Capabilities;
  readonly options: EngineUnderTest;
  readonly #fixture: Fixture;

  constructor(capabilities: Capabilities, options: EngineUnderTest, fixture: Fixture) {
    this.capabilities = capabilities;
    this.options = options;
    this.#fixture = fixture;
  }

  /** A test that every engine must pass. */
  test(name: string, work: Work): void {
    test(name, { timeout: TEST_TIMEOUT_MS }, (t) => work(this.#fixture, t));
  }

  /** A test for engines that have the capability; for others it is skipped, and says so. */
  testIf(capability: YesOrNo, name: string, work: Work): void {
    if (this.capabilities[capability]) this.test(name, work);
    else this.#skip(name, `the engine declares ${capability}: false`);
  }

  /** A test for engines that lack the capability. */
  testUnless(capability: YesOrNo, name: string, work: Work): void {
    if (this.capabilities[capability]) this.#skip(name, `the engine declares ${capability}: true`);
    else this.test(name, work);
  }

  /** A test that needs other processes. */
  testAmongProcesses(name: string, work: Work): void {
    const reason = this.options.unreachableByOthers;
    if (reason === undefined) this.test(name, work);
    else this.#skip(name, reason);
  }

  /** A test that cannot be made here, whatever the engine. */
  cannotTest(name: string, reason: string): void {
    this.#skip(name, reason);
  }

  #skip(name: string, reason: string): void {
    test(name, { skip: reason });
  }
}

const ON_BOTH_TWINS: Readonly<Record<string, (suite: Suite, twin: Face) => void>> = {
  "contract: records": testRecords,
  "contract: conditions": testConditions,
  "contract: lists": testLists,
  "contract: memory": testMemory,
  "contract: signals and order": testSignals,
  "contract: names": testNames,
  "contract: handles": testHandles,
  "contract: arrays": testArrays,
  "face: dictionaries": testDictionaries,
  "face: bulk": testBulk,
  "face: walks": testWalks,
  "face: keys and values": testKeysAndValues,
  "face: encodings": testEncodings,
  "face: containers": testContainers,
  model: testModel,
};

/**
 * Registers the conformance suite for one engine with `node:test`; to be called in a test file of the engine.
 *
 * Tests are skipped only because of what the engine declares in its `capabilities`, because of `unreachableByOthers`, or
 * because no test on one host could see the thing; each skip prints its reason. A capability that is declared and does not
 * hold fails. The suite works in one container, which it makes and removes.
 */
export function testEngine(options: EngineUnderTest): void {
  const url = new URL(options.system);
  const module = options.module && fileURLToPath(options.module);
  if (module !== undefined) {
    const { engine } = createRequire(import.meta.url)(module) as { engine: Engine };
    substituteEngine(url.protocol, engine);
  }
  const { name, capabilities } = engineOf({ url });
  const fixture = new Fixture(options.system, capabilities, options.pool, module);
  const suite = new Suite(capabilities, options, fixture);
  describe(`conformance of the engine ${name}`, () => {
    before(() => fixture.start());
    after(() => fixture.stop());
    for (const [section, register] of Object.entries(ON_BOTH_TWINS))
      for (const twin of TWINS) describe(`${section} (${twin})`, () => register(suite, twin));
    describe("processes", () => testProcesses(suite));
    describe("capabilities", () => testCapabilities(suite));
    describe("system", () => testSystem(suite));
  });
}
