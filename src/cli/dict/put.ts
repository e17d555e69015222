/** `daos dict put` */
import { buffer } from "node:stream/consumers";
import type { DCont, DDict } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { CliError } from "../failure.ts";
import { openContainer } from "../open-container.ts";

export async function run(call: Call): Promise<Answer> {
  await using dcont = await openContainer(call, "RW");
  const value = await givenValue(call.optional("value"));
  const condition = call.options.ifAbsent ? "absent" : call.options.ifPresent ? "present" : undefined;
  const dict = await dictionary(dcont, call.word("dict"), condition === "present");
  await dict.put(call.word("key"), value, { if: condition });
  return { text: "", response: null };
}

/** A condition that wants the key to be there is no reason to make a dictionary. */
async function dictionary(dcont: DCont, name: string, mustExist: boolean): Promise<DDict> {
  return mustExist ? dcont.getDict(name) : dcont.dict(name, null, { ifExists: "open" });
}

async function givenValue(word: string | undefined): Promise<string | Uint8Array> {
  if (word !== undefined && word !== "-") return word;
  if (process.stdin.isTTY) process.stderr.write("reading the value from the terminal; end it with Ctrl-D\n");
  const value = await buffer(process.stdin);
  // More likely a command that failed in front of the pipe than the wish to delete.
  if (value.length === 0)
    throw new CliError("standard input gave no bytes, and an empty value would delete the key; dict del does that");
  return value;
}
