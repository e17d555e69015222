/** What some tests need of the machine: root, to mount file systems and to be other users. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { skipWithout } from "../../needs.ts";

/**
 * Skips the test, with the reason, where we are not root; with `root` among the words of the environment variable
 * TSDAOS_TEST_REQUIRE that is a failure instead. `true`: go on.
 */
export function needsRoot(t: TestContext, why: string): boolean {
  if (process.platform === "linux" && process.getuid?.() === 0) return true;
  return cannot(t, `${why} needs root on Linux`);
}

/** A directory that is a file system of that many bytes, until the test ends; `undefined`, and the test skipped: impossible here. */
export function smallDisk(t: TestContext, bytes: number): string | undefined {
  if (!needsRoot(t, "mounting a small file system")) return undefined;
  const directory = mkdtempSync(join(tmpdir(), "tsdaos-disk-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=0700`, "tmpfs", directory], {
    encoding: "utf8",
  });
  t.after(() => {
    // Lazily: what still has a file open there does not keep it.
    if (mounted.status === 0) spawnSync("umount", ["--lazy", directory]);
    rmdirSync(directory);
  });
  if (mounted.status === 0) return directory;
  cannot(t, `mounting a tmpfs: ${mounted.stderr || String(mounted.error)}`);
  return undefined;
}

function cannot(t: TestContext, reason: string): false {
  t.skip(skipWithout("root", reason));
  return false;
}
