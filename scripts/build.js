/**
 * Compiles `src/` to `dist/`, which whoever runs something meanwhile, another build included, never sees missing or
 * half-written: a folder beside it is compiled into, and what is new there is then moved over, file by file.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const fresh = mkdtempSync(join(root, ".dist-"));
// Ctrl-C ends the compiler; then the folder goes as after any failure.
process.once("SIGINT", () => {});
try {
  const tsc = [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", "tsconfig.build.json", "--outDir", fresh];
  const { status } = spawnSync(process.execPath, tsc, { cwd: root, stdio: "inherit" });
  if (status === 0) replaceDist();
  process.exitCode = status ?? 1;
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

function replaceDist() {
  const made = filesIn(fresh);
  for (const file of made) {
    const target = join(dist, file);
    if (existsSync(target) && readFileSync(target).equals(readFileSync(join(fresh, file)))) continue;
    mkdirSync(dirname(target), { recursive: true });
    renameSync(join(fresh, file), target);
  }
  // What is left of sources that are gone.
  for (const file of filesIn(dist)) if (!made.has(file)) rmSync(join(dist, file), { force: true });
}

/** The paths of the files in a folder, relative to it. */
function filesIn(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Set(entries.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)));
}
