/** Opens a container, opens a dictionary and gets a record; prints how long that took. `face system name` */
import * as tsdaos from "tsdaos";
import * as blocking from "tsdaos/sync";

const [face, system, name] = process.argv.slice(2) as [string, string, string];
const started = performance.now();
let value: Buffer | undefined;
let close: () => unknown;
if (face === "sync") {
  const cont = new blocking.DCont("tank", "many", { system });
  value = cont.getDict(name).get("key");
  close = () => cont.close();
} else {
  const cont = await tsdaos.DCont.open("tank", "many", { system });
  value = await (await cont.getDict(name)).get("key");
  close = () => cont.close();
}
const ms = performance.now() - started;
await close();
if (value?.toString() !== name) throw new Error(`read ${value} where ${name} was written`);
console.log(JSON.stringify({ ms }));
