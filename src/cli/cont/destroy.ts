/** `daos cont destroy` */
import { rm, rmdir } from "node:fs/promises";
import { destroyContainer } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { inPool } from "../in-pool.ts";

export async function run(call: Call): Promise<Answer> {
  const { pool, container, system } = await call.container();
  const force = call.options.force === true;
  await inPool(pool, { system }, () => destroyContainer(pool, container, { system, force }));
  const path = call.options.path as string | undefined;
  if (path !== undefined) await removePath(path);
  return { text: `Successfully destroyed container ${path ?? container}`, response: null };
}

/** What names a container that is gone would only mislead: a file, or a directory of DAOS's namespace. */
async function removePath(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== "ERR_FS_EISDIR") throw e;
    await rmdir(path);
  }
}
