/**
 * The contract that an engine implements. See CONTRIBUTING.md, "How to write an engine".
 *
 * @packageDocumentation
 */
export type * from "./engine/contract.ts";
