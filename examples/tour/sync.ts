// The transcript in PyDAOS's description, on the blocking face: where PyDAOS has `dd[key]`, `dd.object` reads the same.
// Values are bytes, as in PyDAOS, unless the opener chooses text, as here.
import { DCont } from "tsdaos/sync";

const dcont = new DCont("tank", "neo");
console.log(`${dcont}`);

const dd = dcont.dict("stadium", { Barcelona: "Camp Nou", London: "Wembley" }, { valueEncoding: "utf8" });
console.log(`${dd}`);
console.log(dd.size);

dcont.dict("stadium"); // DER_EXIST
const dd1 = dcont.get("stadium");
if (dd1.kind === "dict") console.log(dd1.get("London"));

const stadium = dd.object;
stadium["Milano"] = "San Siro";
stadium["Rio"] = "Maracanã";
console.log(stadium["Milano"]);
console.log(dd.size);

dd.bput({ Madrid: "Santiago-Bernabéu", Manchester: "Old Trafford" });
console.log(dd.size);
console.log(dd.bget({ Madrid: null, Manchester: null }));

delete stadium["Madrid"];
dd.pop("Rio");
console.log(dd.size);

for (const key in stadium) console.log(key, stadium[key]);

const d = dd.dump();
console.log(d);
dd.equals(d);
stadium["Rio"] = "Maracanã";
dd.equals(d);

"Rio" in stadium;
"Paris" in stadium;
dcont.close();
