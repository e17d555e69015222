import { test } from "node:test";
import { DCont } from "../../src/index.ts";
import { DCont as SyncDCont } from "../../src/sync.ts";
import { tankNeo } from "../engines/local/support.ts";
import { agreeWithNumpy } from "./numpy-cases.ts";
import { numpyMissing } from "./numpy-judge.ts";

const CASES = 2400;
const missing = numpyMissing();
if (missing !== false) console.log(`# skipped: ${missing}`);

test(`${CASES} random reads, views, writes and conversions agree with NumPy`, { skip: missing }, async (t) => {
  const { system } = await tankNeo(t);
  await using cont = await DCont.open("tank", "neo", { system });
  using blocking = new SyncDCont("tank", "neo", { system });
  await agreeWithNumpy(cont, blocking, CASES);
});
