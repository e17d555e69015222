/** Telling a missing pool from a missing container. */
import { DaosError, queryPool, type SystemOptions } from "../index.ts";

/** Runs `work`; when it finds that something does not exist and that is the pool, the failure says so, as DAOS's does. */
export async function inPool<T>(pool: string, system: SystemOptions, work: (pool: string) => Promise<T>): Promise<T> {
  try {
    return await work(pool);
  } catch (error) {
    if (DaosError.is(error, "DER_NONEXIST") && !(await poolExists(pool, system)))
      throw new DaosError("DER_NONEXIST", `failed to connect to pool ${pool}`);
    throw error;
  }
}

async function poolExists(pool: string, system: SystemOptions): Promise<boolean> {
  try {
    await queryPool(pool, system);
    return true;
  } catch (error) {
    return !DaosError.is(error, "DER_NONEXIST");
  }
}
