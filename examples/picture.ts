/**
 * The picture in the documentation: waves around an island, computed by `xp`, drawn by `daos array show`.
 *
 *     npm run picture                      # docs/waves.png
 *     npm run picture -- other.png
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { DCont, ndarray, xp } from "tsdaos";

const [ROWS, COLUMNS] = [240, 480];
const DAOS = fileURLToPath(new URL("../bin/daos.js", import.meta.url));
const file = resolve(process.argv[2] ?? fileURLToPath(new URL("../docs/waves.png", import.meta.url)));

const directory = mkdtempSync(join(tmpdir(), "tsdaos-picture-"));
process.env.DAOS_SYSTEM = pathToFileURL(directory).href;
try {
  await computeWaves();
  const daos = "array show tank neo waves --colors coolwarm --force --png".split(" ");
  execFileSync(process.execPath, [DAOS, ...daos, file], { stdio: "inherit" });
} finally {
  rmSync(directory, { recursive: true });
}

async function computeWaves(): Promise<void> {
  await using dcont = await DCont.open("tank", "neo", { create: true });
  const line = (length: number, from: number, step: number) => Float32Array.from({ length }, (_, i) => from + i * step);
  const x = ndarray("float32", [1, COLUMNS], line(COLUMNS, -6, 12 / COLUMNS));
  const y = ndarray("float32", [ROWS, 1], line(ROWS, -3, 6 / ROWS));
  const distance = (left: number, top: number) => xp.hypot(xp.subtract(x, left), xp.subtract(y, top));
  const wave = (left: number, top: number) => {
    const r = distance(left, top);
    return xp.divide(xp.cos(xp.multiply(r, 5)), xp.add(r, 1));
  };
  const sea = xp.add(wave(-3, -0.5), wave(2.5, 1));
  // The island is NaN: it is not drawn.
  const coast = xp.add(xp.multiply(xp.sin(xp.multiply(xp.atan2(y, x), 3)), 0.12), 0.8);
  const land = xp.less(distance(0, 0), coast);
  await xp.where(land, xp.multiply(sea, NaN), sea).store(dcont, "waves");
}
