/** `daos dict get` */
import { isUtf8 } from "node:buffer";
import { DaosError } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { openContainer } from "../open-container.ts";
import { write } from "../output.ts";

const LINE_BREAK = 10;

export async function run(call: Call): Promise<Answer | undefined> {
  await using dcont = await openContainer(call, "RO");
  const dict = await dcont.getDict(call.word("dict"));
  const key = call.word("key");
  const value = await dict.get(key);
  if (value === undefined)
    throw new DaosError("DER_NONEXIST", "failed to retrieve KV value", {
      detail: `no key ${JSON.stringify(key)} in ${dict}`,
    });
  if (call.json)
    return {
      text: "",
      response: isUtf8(value) ? { key, value: value.toString() } : { key, base64: value.toString("base64") },
    };
  await write(value);
  // A shell's prompt would follow on the same line.
  if (process.stdout.isTTY && value.at(-1) !== LINE_BREAK) await write("\n");
  return undefined;
}
