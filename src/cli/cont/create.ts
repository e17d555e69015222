/** `daos cont create` */
import { type ContainerInfo, createContainer, DaosError, queryContainer } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { CliError } from "../failure.ts";
import { facts } from "../output.ts";
import { statusResponse } from "./status-response.ts";

/** Properties that say what the container is; they cannot be chosen. */
const READ_ONLY = ["layout_type", "layout_version", "owner", "group", "status"];

export async function run(call: Call): Promise<Answer> {
  const pool = call.word("pool");
  const { label: flag, type, path, properties: list } = call.options as Readonly<Record<string, string | undefined>>;
  const { label: property, ...properties } = parseProperties(list);
  const label = oneLabel([call.optional("label"), flag, property]);
  const options = { ...call.system, type: type ?? "unknown", path, properties };
  const info = await create(() => createContainer(pool, label, options));
  const created = `Successfully created container ${info.uuid}`;
  const details = facts([
    ["Container UUID", info.uuid],
    ["Container Label", info.label],
    ["Container Type", info.type],
  ]);
  return {
    // DAOS 2.2, which has --label, prints the details first; 2.4, which has the positional label, last.
    text: flag === undefined ? `${created}\n${details}\n` : `${details}\n\n${created}`,
    response: call.json ? statusResponse(await queryContainer(pool, info.uuid, call.system)) : undefined,
  };
}

async function create(work: () => Promise<ContainerInfo>): Promise<ContainerInfo> {
  try {
    return await work();
  } catch (error) {
    if (!DaosError.is(error)) throw error;
    // A missing pool is told of without what was being done, as DAOS does.
    if (error.code === "DER_NONEXIST") throw new CliError(error.message.slice(error.context.length + 2), error.errno);
    const type = /^unknown container type (".*"); known are (.*)$/.exec(error.detail ?? "");
    if (type === null) throw error;
    throw new CliError(
      `invalid argument for flag \`-t, --type' (expected one of ${type[2]}): unknown container type ${type[1]}`,
      error.errno,
    );
  }
}

function oneLabel(given: readonly (string | undefined)[]): string | undefined {
  const labels = new Set(given.filter((label) => label !== undefined));
  if (labels.size > 1)
    throw new CliError(`one container has one label, not ${[...labels].map((l) => JSON.stringify(l)).join(" and ")}`);
  return [...labels][0];
}

function parseProperties(list: string | undefined): Record<string, string> {
  const properties: Record<string, string> = {};
  if (list === undefined) return properties;
  for (const property of list.split(",")) {
    const [, name, value] = /^([^:]+):(.+)$/.exec(property) ?? [];
    if (name === undefined || value === undefined)
      throw new CliError(
        `invalid argument for flag \`--properties' (expected name:value,name:value): ${JSON.stringify(property)}`,
      );
    if (READ_ONLY.includes(name)) throw new CliError(`property ${JSON.stringify(name)} cannot be set`);
    properties[name] = value;
  }
  return properties;
}
