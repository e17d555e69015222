/** Tries a write that cannot be sent, and has nothing else to do: `node unsendable.ts <system>`. */
import { engine } from "../../../../src/engines/local/index.ts";

const system = engine.system("async", { url: new URL(process.argv[2]!), timeout: 30_000 });
const cont = await system.openContainer("tank", "neo", { mode: "RW" });
const kv = cont.kv((await cont.lookup("d"))!);
const bytes = Uint8Array.of(1);
structuredClone(bytes, { transfer: [bytes.buffer] });
await kv.put(Buffer.from("k"), bytes).catch((e) => console.log(e.name));
