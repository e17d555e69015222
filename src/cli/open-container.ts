/** Opening the container that a call is about. */
import { DCont } from "../index.ts";
import type { Call } from "./call.ts";
import { inPool } from "./in-pool.ts";

/** Opens it; who only reads opens it `"RO"`. */
export async function openContainer(call: Call, mode: "RO" | "RW"): Promise<DCont> {
  const { pool, container, system } = await call.container();
  return inPool(pool, { system }, () => DCont.open(pool, container, { system, mode }));
}
