/** Object classes as DAOS numbers them (`daos_obj_class.h`): redundancy in the upper 8 bits, groups in the lower 16. */
import { type ObjectClass, parseObjectClass } from "../../container/oclass.ts";
import { DaosError } from "../../errors.ts";

/** `enum daos_obj_redun`: no redundancy. */
const OR_RP_1 = 1;
/** `OR_RP_2` and on. */
const REPLICAS = new Map([2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 48, 64, 128].map((n, i) => [n, 8 + i]));
/** `OR_RS_2P1` and on. */
const CELLS = new Map(["2P1", "2P2", "4P1", "4P2", "8P1", "8P2", "16P1", "16P2"].map((n, i) => [n, 32 + i]));
/** Classes whose layout DAOS chooses: `OC_TINY` and on. */
const AUTO = new Map(["TINY", "SMALL", "LARGE", "MAX"].map((n, i) => [n, 51 + i]));

const REDUNDANCY_FACTOR = 2 ** 24;
/** All targets, `X` in a name (`MAX_NUM_GROUPS`). */
const MAX_GROUPS = 0xffff;

/** `OC_UNKNOWN`: DAOS chooses. */
export const AUTOMATIC = 0;

/**
 * The number (`daos_oclass_id_t`) of the object class of that name.
 *
 * @throws DaosError DER_INVAL for a name that DAOS does not know.
 */
export function objectClassId(name: string, context: string): number {
  const oclass = parseObjectClass(name, context);
  if (oclass.redundancy === "auto") return AUTO.get(name.replace(/^OC_/, ""))!;
  const redundancy = redundancyId(oclass);
  const groups = Math.min(oclass.groups ?? 0, MAX_GROUPS);
  if (redundancy === undefined || groups < 1)
    throw new DaosError("DER_INVAL", context, {
      detail: `DAOS has no object class ${JSON.stringify(name)}: replicas are ${[...REPLICAS.keys()].join(" ")}, erasure codes ${[...CELLS.keys()].join(" ")}`,
    });
  return redundancy * REDUNDANCY_FACTOR + groups;
}

function redundancyId({ redundancy, replicas, cells }: ObjectClass): number | undefined {
  if (redundancy === "RP") return REPLICAS.get(replicas!);
  if (redundancy === "EC") return CELLS.get(cells!.join("P"));
  return OR_RP_1;
}
