/** A container's state in DAOS's words: the response of `-j cont create` and `-j cont query`, and its time stamps. */
import type { ContainerStatus } from "../../index.ts";

/** The response; facts that the engine does not keep are null. */
export function statusResponse(status: ContainerStatus): Record<string, unknown> {
  return {
    pool_uuid: status.poolUuid,
    container_uuid: status.uuid,
    container_label: status.label,
    latest_snapshot: status.snapshots === undefined ? null : 0,
    redundancy_factor: redundancyFactor(status),
    num_handles: status.openHandles ?? null,
    num_snapshots: status.snapshots ?? null,
    open_time: status.opened === undefined ? null : Number(hybridTime(openTime(status.opened))),
    close_modify_time: status.modified === undefined ? null : Number(hybridTime(status.modified)),
    container_type: status.type,
  };
}

/** The number in `rd_fac1`, null when the engine has none. */
export function redundancyFactor({ properties }: ContainerStatus): number | null {
  const digits = /\d+$/.exec(properties.rd_fac ?? "")?.[0];
  return digits === undefined ? null : Number(digits);
}

const EPOCH = Date.UTC(2021, 0, 1);

/** When a container was last opened; for one that never was, DAOS says zero, the beginning of its clock. */
export function openTime(opened: Date | null): Date {
  return opened ?? new Date(EPOCH);
}

/** A time as DAOS counts it: sixteenths of a nanosecond since 2021 (its hybrid logical clock, `d_hlc.c`). */
function hybridTime(time: Date): bigint {
  return BigInt(time.getTime() - EPOCH) * 16_000_000n;
}

/** `0x294cae99fa280000 (2026-11-23 17:43:09.383 +0000 UTC)` */
export function timeText(time: Date): string {
  const [date, clock] = time.toISOString().slice(0, -1).split("T") as [string, string];
  return `0x${hybridTime(time).toString(16)} (${date} ${clock.replace(/\.?0+$/, "")} +0000 UTC)`;
}
