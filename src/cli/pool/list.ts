/** `daos pool list` */
import { listPools } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { table } from "../output.ts";

export async function run(call: Call): Promise<Answer> {
  const pools = await listPools(call.system);
  const rows = pools.map(({ uuid, label }) => [uuid.padEnd(36), label]);
  return { text: pools.length === 0 ? "No pools." : table(["UUID", "Label"], rows), response: pools };
}
