import { test } from "node:test";
import { testEngine } from "../../../src/testing.ts";
import { missing, pool, system } from "./support.ts";

if (missing === undefined) testEngine({ system, pool });
else test("the daos engine passes the conformance suite", { skip: missing }, () => {});
