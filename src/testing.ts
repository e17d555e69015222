/**
 * The conformance suite for engines, to be run with `node:test`. It needs the package `fast-check`.
 *
 * @packageDocumentation
 */
import "./node-version.ts";

export { type EngineUnderTest, testEngine } from "./engine/conformance/suite.ts";
