/** Runs the real command, in a system of its own. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The command's file; `npm test` builds what it loads. */
export const BIN: string = fileURLToPath(new URL("../../bin/daos.js", import.meta.url));

/** How a run ended. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A directory with a system in it. */
export class Playground implements Disposable {
  readonly directory: string = mkdtempSync(join(tmpdir(), "tsdaos-cli-"));
  readonly environment: NodeJS.ProcessEnv;

  constructor() {
    // Other users are to come as far as the pools.
    chmodSync(this.directory, 0o755);
    this.environment = {
      ...process.env,
      DAOS_SYSTEM: pathToFileURL(join(this.directory, "system")).href,
      XDG_STATE_HOME: join(this.directory, "state"),
      NO_COLOR: undefined,
      FORCE_COLOR: undefined,
      // Where a machine tests, Node takes a terminal for one without colours.
      CI: undefined,
    };
  }

  /** The path of a file in the directory. */
  file(name: string): string {
    return join(this.directory, name);
  }

  /** `daos ...args` */
  daos(...args: string[]): Outcome {
    return this.daosReading("", ...args);
  }

  /** `daos ...args` with standard input. */
  daosReading(input: string | Uint8Array, ...args: string[]): Outcome {
    return this.run(process.execPath, [BIN, ...args], { input });
  }

  /** What `daos ...args` answers with --json. */
  json(...args: string[]): unknown {
    return JSON.parse(this.daos("-j", ...args).stdout);
  }

  /** A shell's command line in which `daos` is the command. */
  shell(line: string, options: { input?: string } = {}): Outcome {
    const script = `daos() { ${JSON.stringify(process.execPath)} ${JSON.stringify(BIN)} "$@"; }\n${line}`;
    return this.run("bash", ["-c", script], options);
  }

  /** `daos ...args` on a terminal, which is fed with `input`. Standard output is all that the terminal shows. */
  terminal(input: string, ...args: string[]): Outcome {
    const line = [process.execPath, BIN, ...args].map((word) => `'${word}'`).join(" ");
    return this.run("script", ["-qec", line, "/dev/null"], { input });
  }

  /** Starts `daos ...args`. */
  start(...args: string[]): ReturnType<typeof spawn> {
    return spawn(process.execPath, [BIN, ...args], { env: this.environment });
  }

  run(command: string, args: readonly string[], options: object): Outcome {
    return spawnSync(command, args, { env: this.environment, encoding: "utf8", cwd: this.directory, ...options });
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A playground with the pool tank and the container neo in it. */
export function playgroundWithContainer(): Playground {
  const playground = new Playground();
  playground.daos("pool", "create", "tank");
  playground.daos("cont", "create", "tank", "neo", "--type", "PYTHON");
  return playground;
}
