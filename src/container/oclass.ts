/** Names of DAOS's object classes (`daos_obj_class.h`): how an object is protected and over how many targets it is spread. */
import { DaosError } from "../errors.ts";

/** An object class, taken apart. */
export interface ObjectClass {
  /** `S`: no redundancy. `RP`: replicas. `EC`: erasure code. `auto`: DAOS chooses (TINY, SMALL, LARGE, MAX). */
  readonly redundancy: "S" | "RP" | "EC" | "auto";
  /** Replicas of `RP`. */
  readonly replicas: number | undefined;
  /** Data and parity cells of `EC`. */
  readonly cells: readonly [data: number, parity: number] | undefined;
  /** Redundancy groups, so shards of the key space; Infinity for `X` (all targets); `undefined` when DAOS chooses. */
  readonly groups: number | undefined;
}

const S = /^S(\d{1,5}|X)$/;
const RP = /^RP_(\d{1,2})G(\d{1,5}|X)$/;
const EC = /^EC_(\d{1,2})P(\d)G(\d{1,5}|X)$/;
const AUTO: Readonly<Record<string, number | undefined>> = {
  TINY: 1,
  SMALL: 4,
  LARGE: 64,
  MAX: Number.POSITIVE_INFINITY,
};

/**
 * The object class of this name, with or without `OC_`: `OC_S1`, `SX`, `OC_RP_2G1`, `OC_EC_4P1GX`, `OC_SMALL`.
 *
 * @throws DaosError DER_INVAL for a name that DAOS does not know.
 */
export function parseObjectClass(name: string, context: string): ObjectClass {
  if (typeof name !== "string") throw new TypeError(`oclass is a string, not ${typeof name}`);
  const short = name.replace(/^OC_/, "");
  const s = S.exec(short);
  if (s !== null) return checked({ redundancy: "S", replicas: undefined, cells: undefined, groups: groups(s[1]!) });
  const rp = RP.exec(short);
  if (rp !== null)
    return checked({ redundancy: "RP", replicas: Number(rp[1]), cells: undefined, groups: groups(rp[2]!) });
  const ec = EC.exec(short);
  if (ec !== null)
    return checked({
      redundancy: "EC",
      replicas: undefined,
      cells: [Number(ec[1]), Number(ec[2])],
      groups: groups(ec[3]!),
    });
  if (Object.hasOwn(AUTO, short))
    return { redundancy: "auto", replicas: undefined, cells: undefined, groups: AUTO[short] };
  throw unknown();

  function checked(oclass: ObjectClass): ObjectClass {
    const { groups: g, replicas, cells } = oclass;
    if (g === 0 || (replicas ?? 2) < 2 || (cells !== undefined && (cells[0] < 2 || cells[1] < 1))) throw unknown();
    return oclass;
  }

  function unknown(): DaosError<"DER_INVAL"> {
    return new DaosError("DER_INVAL", context, {
      detail: `unknown object class ${JSON.stringify(name)}; known are names such as OC_S1, OC_SX, OC_RP_2G1, OC_EC_4P1GX`,
    });
  }
}

function groups(text: string): number {
  return text === "X" ? Number.POSITIVE_INFINITY : Number(text);
}
