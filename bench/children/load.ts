/** Loads NDJSON through the asynchronous face and answers as `daos dict load --json` does. `system file` */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { DCont } from "tsdaos";

const [system, file] = process.argv.slice(2) as [string, string];
await using cont = await DCont.open("tank", "load", { system });
const dict = await cont.dict("records");
await dict.bput(records(file));
console.log(JSON.stringify({ response: { records: await dict.size() } }));

async function* records(path: string): AsyncGenerator<[string, string]> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    const { key, value } = JSON.parse(line) as { key: string; value: string };
    yield [key, value];
  }
}
