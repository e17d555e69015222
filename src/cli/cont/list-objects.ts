/** `daos cont list-objects` */
import type { ObjectInfo } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { openContainer } from "../open-container.ts";
import { printable, table } from "../output.ts";

export async function run(call: Call): Promise<Answer> {
  await using dcont = await openContainer(call, "RO");
  const objects: ObjectInfo[] = [];
  for await (const object of dcont) objects.push(object);
  return {
    text: table(
      ["OID", "Kind", "Name"],
      objects.map(({ oid, kind, name }) => [oid, kind, printable(name)]),
    ),
    response: objects.map(({ oid, kind, name }) => ({ oid, kind, name })),
  };
}
