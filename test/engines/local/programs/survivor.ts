/**
 * Goes on writing and reading beside the victims until it is told to stop; then says how many operations it made, how
 * long the longest took, in milliseconds, and what went wrong: `node survivor.ts <system> <dict> <async | sync>`.
 */
import { faces } from "../faces.ts";
import type { SurvivorReport } from "../kills.ts";

const [system, dictionary, face] = process.argv.slice(2) as [string, string, "async" | "sync"];
const report: SurvivorReport = { operations: 0, longestMs: 0, errors: [] };
let stop = false;
process.on("message", () => {
  stop = true;
});
process.send?.("ready");

const c = await faces.find(({ name }) => name === face)!.open("tank", "neo", { system });
const dict = await c.dict(dictionary);
while (!stop) {
  const n = report.operations++;
  const key = String(n % 1000);
  const began = performance.now();
  try {
    await dict.put(key, String(n));
    const seen = String(await dict.get(key));
    if (seen !== String(n)) report.errors.push(`${key} was written as ${n} and read as ${seen}`);
    if (n % 3 === 0 && !(await dict.delete(key))) report.errors.push(`${key} was not there to be deleted`);
  } catch (e) {
    report.errors.push(String(e));
  }
  report.longestMs = Math.max(report.longestMs, performance.now() - began);
  // Lets the request to stop come in, and the others write.
  await new Promise((resolve) => setTimeout(resolve, 1));
}
await c.close();
process.send?.(report);
process.disconnect();
