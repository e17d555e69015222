/** `npm run bench [-- suite ...] [--records n,n] [--rounds n] [--quick] [--dir path]`: measures and prints. */
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Report } from "./harness.ts";
import type { Suite } from "./suite.ts";

const TMPFS = 0x01021994;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    records: { type: "string" },
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    dir: { type: "string" },
    only: { type: "string" },
  },
});

const report = new Report((line) => console.log(line));
const parent = resolve(values.dir ?? diskDirectory());
const directory = mkdtempSync(join(parent, "tsdaos-bench-"));
process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

report.note(`node ${process.version}, linux ${release()}, ${cpus().length} x ${cpus()[0]?.model.trim()}`);
report.note(
  `${Math.round(totalmem() / 2 ** 30)} GiB of memory; files in ${directory}${onTmpfs(parent) ? " (tmpfs)" : ""}`,
);

for (const name of positionals.length > 0 ? positionals : ["local"]) {
  const { run } = (await import(`./suites/${name}.ts`)) as { run: Suite };
  await run({
    report,
    directory,
    only: values.only,
    quick: values.quick,
    rounds: Number(values.rounds ?? (values.quick ? 3 : 7)),
    records: (values.records ?? (values.quick ? "20000" : "100000,1000000")).split(",").map(Number),
  });
}
if (!report.end()) process.exitCode = 1;

/** The directory for temporary files, unless that is memory: a write to memory is not durable. */
function diskDirectory(): string {
  return onTmpfs(tmpdir()) ? import.meta.dirname : tmpdir();
}

function onTmpfs(path: string): boolean {
  return statfsSync(path).type === TMPFS;
}
