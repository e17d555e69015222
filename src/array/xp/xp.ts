/** `xp`, asynchronous. */
import { ArrayCalls, JointCalls } from "../calls.ts";
import { Arr, callsOf } from "../darray.ts";
import { createOperations } from "./operations.ts";
import type { Xp } from "./types.ts";

/** Computing with arrays bigger than memory: see {@link Xp}. */
export const xp: Xp<"async"> = createOperations((source, operands) => {
  const calls = new Set(operands.filter((operand) => operand instanceof Arr).map(callsOf));
  const [first = new ArrayCalls(), ...others] = calls;
  return new Arr(source, others.length === 0 ? first : new JointCalls([...calls]));
}) as unknown as Xp<"async">;
