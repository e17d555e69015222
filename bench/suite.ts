/** What a suite is: `suites/<name>.ts` exports `run`. */
import type { Report } from "./harness.ts";

/** What a suite is given. */
export interface Bench {
  readonly report: Report;
  /** A directory on a disk, removed afterwards. */
  readonly directory: string;
  /** Only the parts whose name contains this. */
  readonly only: string | undefined;
  /** Small and short: to see that it runs, not to believe the figures. */
  readonly quick: boolean;
  readonly rounds: number;
  /** Sizes of the stores that are compared. */
  readonly records: readonly number[];
}

export type Suite = (bench: Bench) => Promise<void>;
