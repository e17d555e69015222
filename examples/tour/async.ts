// The transcript in PyDAOS's description, on the asynchronous face.
// Values are bytes, as in PyDAOS, unless the opener chooses text, as here.
import { DCont } from "tsdaos";

const dcont = await DCont.open("tank", "neo");
console.log(`${dcont}`);

const dd = await dcont.dict("stadium", { Barcelona: "Camp Nou", London: "Wembley" }, { valueEncoding: "utf8" });
console.log(`${dd}`);
console.log(await dd.size());

await dcont.dict("stadium"); // DER_EXIST
const dd1 = await dcont.get("stadium");
if (dd1.kind === "dict") console.log(await dd1.get("London"));

await dd.put("Milano", "San Siro");
await dd.put("Rio", "Maracanã");
console.log(await dd.get("Milano"));
console.log(await dd.size());

await dd.bput({ Madrid: "Santiago-Bernabéu", Manchester: "Old Trafford" });
console.log(await dd.size());
console.log(await dd.bget({ Madrid: null, Manchester: null }));

await dd.delete("Madrid");
await dd.pop("Rio");
console.log(await dd.size());

for await (const [key, value] of dd) console.log(key, value);

const d = await dd.dump();
console.log(d);
await dd.equals(d);
await dd.put("Rio", "Maracanã");
await dd.equals(d);

await dd.has("Rio");
await dd.has("Paris");
await dcont.close();
