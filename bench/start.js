// Makes what the benchmarks need (their packages, the built tsdaos) and starts them.
import { execFileSync } from "node:child_process";
import { existsSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";

const bench = import.meta.dirname;
const root = join(bench, "..");
const installed = join(bench, "node_modules", ".package-lock.json");

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(join(bench, "package-lock.json")).mtimeMs) {
  console.log("installing the peers of the benchmarks; some compile, which takes a minute");
  execFileSync("npm", ["ci", "--no-fund", "--no-audit"], { cwd: bench, stdio: "inherit" });
}
execFileSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: "inherit" });
// A link, not a dependency: the benchmarks import the package by its name as a user would, from this checkout.
const link = join(bench, "node_modules", "tsdaos");
rmSync(link, { recursive: true, force: true });
symlinkSync(root, link, "dir");

await import("./main.ts");
