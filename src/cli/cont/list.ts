/** `daos cont list` */
import { listContainers } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { inPool } from "../in-pool.ts";
import { table } from "../output.ts";

export async function run(call: Call): Promise<Answer> {
  const containers = await inPool(call.word("pool"), call.system, (pool) => listContainers(pool, call.system));
  const rows = containers.map(({ uuid, label }) => [uuid, label ?? ""]);
  return {
    text: containers.length === 0 ? "No containers." : table(["UUID", "Label"], rows),
    response: containers.map(({ uuid, label }) => ({ uuid, label })),
  };
}
