/** `daos cont get-prop` */
import { queryContainer } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { inPool } from "../in-pool.ts";
import { table } from "../output.ts";

/** DAOS's descriptions of its properties. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  label: "Label",
  layout_type: "Layout Type",
  layout_version: "Layout Version",
  owner: "Owner",
  group: "Group",
  rd_fac: "Redundancy Factor",
  rd_lvl: "Redundancy Level",
  status: "Health",
  acl: "Access Control List",
  cksum: "Checksum",
  cksum_size: "Checksum Chunk Size",
  compression: "Compression",
  dedup: "Deduplication",
  ec_cell_sz: "EC Cell Size",
  encryption: "Encryption",
  max_snapshot: "Max Snapshot",
  srv_cksum: "Server Checksumming",
};

/** DAOS's numbers of the layouts (`daos_cont_layout` in `daos_prop.h`). */
const LAYOUTS = ["unknown", "POSIX", "HDF5", "PYTHON", "SPARK", "DATABASE", "ROOT", "SEISMIC", "METEO"];

export async function run(call: Call): Promise<Answer> {
  const { pool, container, system } = await call.container();
  const status = await inPool(pool, { system }, () => queryContainer(pool, container, { system }));
  const properties = Object.entries(status.properties).map(([name, value]) => ({
    name,
    description: DESCRIPTIONS[name] ?? name,
    value: name === "layout_type" ? layoutText(value) : value,
  }));
  const rows = properties.map(({ name, description, value }) => [`${description} (${name})`, value]);
  return { text: `Properties for container ${container}\n${table(["Name", "Value"], rows)}`, response: properties };
}

function layoutText(type: string): string {
  const number = LAYOUTS.indexOf(type);
  return number === -1 ? type : `${type} (${number})`;
}
