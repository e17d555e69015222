/** What a tour prints, to be compared with another one. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const tour = fileURLToPath(new URL("../examples/tour.ts", import.meta.url));

/** Its lines; a new container has another UUID each time. */
export async function tourLines(...args: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [tour, ...args]);
  return stdout.split("\n").map((line) => line.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, "(UUID)"));
}
