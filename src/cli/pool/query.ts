/** `daos pool query` */
import { queryPool } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { inPool } from "../in-pool.ts";
import { size } from "../output.ts";

export async function run(call: Call): Promise<Answer> {
  const { uuid, label, mode, containers, totalBytes, freeBytes } = await inPool(
    call.word("pool"),
    call.system,
    (pool) => queryPool(pool, call.system),
  );
  const bits = mode?.toString(8).padStart(4, "0");
  const text = [
    `Pool ${uuid}, label=${label}${bits === undefined ? "" : `, mode=${bits}`}, containers=${containers}`,
    "Pool space info:",
    `  Total size: ${size(totalBytes)}`,
    `  Free      : ${size(freeBytes)}`,
  ];
  return {
    text: text.join("\n"),
    response: { uuid, label, mode: bits, containers, tier_stats: [{ total: totalBytes, free: freeBytes }] },
  };
}
