/** Container types: the layouts that `daos cont create --type` knows (`daos_parse_ctype` of DAOS). */
import type { ContainerType } from "../engine/contract.ts";
import { DaosError } from "../errors.ts";

/** All of them. `DCont` opens `PYTHON` only. */
export const CONTAINER_TYPES: readonly string[] = [
  "PYTHON",
  "POSIX",
  "HDF5",
  "SPARK",
  "DATABASE",
  "ROOT",
  "SEISMIC",
  "METEO",
  "unknown",
];

/** The type of that name, in any case; DER_INVAL for one that DAOS does not know. */
export function parseContainerType(name: string, context: string): ContainerType {
  const type = CONTAINER_TYPES.find((known) => known.toLowerCase() === String(name).toLowerCase());
  if (type === undefined)
    throw new DaosError("DER_INVAL", context, {
      detail: `unknown container type ${JSON.stringify(name)}; known are ${CONTAINER_TYPES.join(", ")}`,
    });
  return type;
}
