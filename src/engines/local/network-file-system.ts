/** Which file systems SQLite's shared-memory journal does not work on. */
import { existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { DaosError } from "../../errors.ts";

/** `f_type` of statfs(2), from `linux/magic.h` and the file systems' own headers. */
const NETWORK: Readonly<Record<number, string>> = {
  26985: "NFS",
  20859: "SMB",
  4266872130: "SMB2",
  4283649346: "CIFS",
  12805120: "CephFS",
  198183888: "Lustre",
  1196443219: "GPFS",
  1397113167: "AFS",
  428016422: "BeeGFS",
  537068840: "OrangeFS",
  1952539503: "OCFS2",
  18225520: "GFS2",
  2866260714: "PanFS",
};

/** The name of the network file system with this `f_type`; `undefined` for a file system of this host. */
export function networkFileSystem(type: number): string | undefined {
  // statfs gives a signed number on some platforms.
  return NETWORK[type >>> 0];
}

/**
 * Throws DER_INVAL when `directory` (or, while it does not exist, the directory that it would be made in) is on a file
 * system that several hosts share: processes of two hosts would not see each other's locks there, and data would be lost.
 *
 * @param typeOf - gives the `f_type` of a path.
 */
export function refuseNetworkFileSystem(directory: string, typeOf: (path: string) => number = fileSystemType): void {
  let path = directory;
  while (!existsSync(path) && dirname(path) !== path) path = dirname(path);
  const name = networkFileSystem(typeOf(path));
  if (name !== undefined)
    throw new DaosError("DER_INVAL", "failed to use the system", {
      detail: `${directory} is on ${name}; a file: system needs a file system of this host. Several hosts share a rados: or daos: system`,
    });
}

function fileSystemType(path: string): number {
  return statfsSync(path).type;
}
