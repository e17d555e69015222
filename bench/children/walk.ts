/** Walks all records of a dictionary and prints how many there were. `face system` */
import * as tsdaos from "tsdaos";
import * as blocking from "tsdaos/sync";

const [face, system] = process.argv.slice(2) as [string, string];
let records = 0;
if (face === "sync") {
  using cont = new blocking.DCont("tank", "walk", { system });
  for (const [key, value] of cont.getDict("records")) if (key.length > 0 && value.length > 0) records++;
} else {
  await using cont = await tsdaos.DCont.open("tank", "walk", { system });
  for await (const [key, value] of await cont.getDict("records")) if (key.length > 0 && value.length > 0) records++;
}
console.log(records);
