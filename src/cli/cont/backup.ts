/** `daos cont backup` */
import { backupContainer } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { inPool } from "../in-pool.ts";

export async function run(call: Call): Promise<Answer> {
  const { pool, container, system } = await call.container();
  const directory = call.word("directory");
  await inPool(pool, { system }, () => backupContainer(pool, container, directory, { system }));
  return { text: `Successfully backed up container ${container} to ${directory}`, response: null };
}
