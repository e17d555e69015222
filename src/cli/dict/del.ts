/** `daos dict del` */
import { DaosError } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { openContainer } from "../open-container.ts";

export async function run(call: Call): Promise<Answer> {
  await using dcont = await openContainer(call, "RW");
  const dict = await dcont.getDict(call.word("dict"));
  const missing: string[] = [];
  for (const key of call.all("key")) if (!(await dict.delete(key))) missing.push(key);
  if (missing.length > 0)
    throw new DaosError("DER_NONEXIST", "failed to delete KV value", {
      detail: `no key ${missing.map((key) => JSON.stringify(key)).join(", ")} in ${dict}`,
    });
  return { text: "", response: null };
}
