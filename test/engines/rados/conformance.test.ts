import { testEngine } from "../../../src/testing.ts";

testEngine({ system: process.env.RADOS_SYSTEM! });
