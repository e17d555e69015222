/** `daos cont check` */
import { checkContainer } from "../../index.ts";
import type { Answer, Call } from "../call.ts";
import { CliError, visible } from "../failure.ts";
import { inPool } from "../in-pool.ts";

export async function run(call: Call): Promise<Answer> {
  const { pool, container, system } = await call.container();
  const repair = call.options.repair === true;
  const { started, completed, checked, skipped, findings } = await inPool(pool, { system }, () =>
    checkContainer(pool, container, { system, repair }),
  );
  const seconds = (completed.getTime() - started.getTime()) / 1000;
  const speed = Math.round(checked / Math.max(seconds, 0.001));
  const left = findings.filter(({ repaired }) => !repaired).length;
  const text = [
    `check container ${container} started at: ${started.toISOString()}`,
    `check container ${container} completed at: ${completed.toISOString()}`,
    `checked: ${checked}`,
    `skipped: ${skipped}`,
    `inconsistent: ${findings.length}`,
    `run_time: ${seconds} seconds`,
    `scan_speed: ${speed} objs/sec`,
    ...findings.map(({ message, repaired }) => `${repaired ? "repaired" : "found"}: ${visible(message)}`),
  ].join("\n");
  const answer: Answer = {
    text,
    response: {
      started,
      completed,
      checked,
      skipped,
      inconsistent: findings.length,
      run_time: seconds,
      scan_speed: speed,
      findings,
    },
  };
  if (left === 0) return answer;
  const advice = repair ? "they cannot be mended without losing data" : "--repair mends what can be mended";
  throw new CliError(`container ${container} is inconsistent: ${left} findings; ${advice}`, undefined, answer);
}
