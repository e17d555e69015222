/** `daos cont destroy` */
import { rm } from "node:fs/promises";
import { destroyContainer } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { inPool } from "../in-pool.ts";

export async function run(call: Call): Promise<Answer> {
  const { pool, container, system } = await call.container();
  const force = call.options.force === true;
  await inPool(pool, { system }, () => destroyContainer(pool, container, { system, force }));
  // A file that names what is gone would only mislead.
  const path = call.options.path as string | undefined;
  if (path !== undefined) await rm(path, { force: true });
  return { text: `Successfully destroyed container ${path ?? container}`, response: null };
}
