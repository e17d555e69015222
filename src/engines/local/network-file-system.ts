/** Which file systems SQLite's shared-memory journal does not work on. */
import { existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { DaosError } from "../../errors.ts";

/** `f_type` of statfs(2), from `linux/magic.h` and the file systems' own headers. */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x00006969, "NFS"],
  [0x0000517b, "SMB"],
  [0xfe534d42, "SMB2"],
  [0xff534d42, "CIFS"],
  [0x00c36400, "CephFS"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
  [0x5346414f, "AFS"],
  [0x19830326, "BeeGFS"],
  [0x20030528, "OrangeFS"],
  [0x7461636f, "OCFS2"],
  [0x01161970, "GFS2"],
  [0xaad7aaea, "PanFS"],
]);

/** The name of the network file system with this `f_type`; `undefined` for a file system of this host. */
export function networkFileSystem(type: number): string | undefined {
  // statfs gives a signed number on some platforms.
  return NETWORK.get(type >>> 0);
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
