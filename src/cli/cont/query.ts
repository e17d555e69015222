/** `daos cont query` */
import { queryContainer } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { inPool } from "../in-pool.ts";
import { facts } from "../output.ts";
import { openTime, redundancyFactor, statusResponse, timeText } from "./status-response.ts";

/** As wide as DAOS prints the names. */
const NAME_WIDTH = 28;

export async function run(call: Call): Promise<Answer> {
  const { pool, container, system } = await call.container();
  const status = await inPool(pool, { system }, () => queryContainer(pool, container, { system }));
  const text = facts(
    [
      ["Container UUID", status.uuid],
      ["Container Label", status.label],
      ["Container Type", status.type],
      ["Pool UUID", status.poolUuid],
      ["Container redundancy factor", redundancyFactor(status)?.toString()],
      ["Number of open handles", status.openHandles?.toString()],
      ["Latest open time", status.opened === undefined ? undefined : timeText(openTime(status.opened))],
      ["Latest close/modify time", status.modified === undefined ? undefined : timeText(status.modified)],
      ["Number of snapshots", status.snapshots?.toString()],
    ],
    NAME_WIDTH,
  );
  return { text: `${text}\n`, response: statusResponse(status) };
}
