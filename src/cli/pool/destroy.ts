/** `daos pool destroy` */
import { destroyPool } from "../../index.ts";
import type { Answer, Call } from "../call.ts";

export async function run(call: Call): Promise<Answer> {
  const pool = call.word("pool");
  await destroyPool(pool, { ...call.system, force: call.options.force === true });
  return { text: `Successfully destroyed pool ${pool}`, response: null };
}
