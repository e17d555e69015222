/** A Node that is too old for tsdaos: the machine's own, beside the one that the package brings. */
import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";

/** Its path; `undefined` when no directory of `PATH` has one. */
export function oldNode(): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((directory) => join(directory, "node"))
    .find(
      (node) => Number(/^v(\d+)/.exec(spawnSync(node, ["--version"], { encoding: "utf8" }).stdout ?? "")?.[1]) < 24,
    );
}
