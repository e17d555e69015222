/** `daos dict list` */
import type { DCont } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { CliError } from "../failure.ts";
import { openContainer } from "../open-container.ts";
import { printable } from "../output.ts";

const KEY_OPTIONS = ["prefix", "start", "end", "limit", "reverse"];

export async function run(call: Call): Promise<Answer> {
  const dict = call.optional("dict");
  const limit = call.count("limit");
  const misplaced = KEY_OPTIONS.find((name) => call.options[name] !== undefined);
  if (dict === undefined && misplaced !== undefined)
    throw new CliError(`--${misplaced} chooses keys: name the dictionary whose keys to list`);
  await using dcont = await openContainer(call, "RO");
  return dict === undefined ? await listDictionaries(dcont) : await listKeys(dcont, dict, { ...call.options, limit });
}

async function listDictionaries(dcont: DCont): Promise<Answer> {
  const dicts: { name: string; oid: string }[] = [];
  for await (const { kind, name, oid } of dcont) if (kind === "dict") dicts.push({ name, oid });
  return { text: dicts.map(({ name }) => printable(name)).join("\n"), response: dicts };
}

async function listKeys(dcont: DCont, name: string, range: object): Promise<Answer> {
  const dict = await dcont.getDict(name);
  const keys = await Array.fromAsync(dict.keys(range));
  return { text: keys.map(printable).join("\n"), response: keys };
}
