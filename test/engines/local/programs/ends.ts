/** Writes, and ends in the way that is asked for while handles are open: `node ends.ts <system> <how>`. */
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, Worker } from "node:worker_threads";
import { DCont } from "../../../../src/index.ts";
import * as blocking from "../../../../src/sync.ts";

const [system, how] = process.argv.slice(2) as [string, string];
const COUNT = 2000;

const c = await DCont.open("tank", "neo", { system });
const dict = await c.dict(how, null, { ifExists: "open" });
const other = new blocking.DCont("tank", "neo", { system });
const otherDict = other.getDict(how);

const putAll = (): Promise<void>[] => Array.from({ length: COUNT }, (_, i) => dict.put(`key ${i}`, `value ${i}`));

switch (how) {
  case "idle handles":
    await Promise.all(putAll());
    otherDict.put("sync", "too");
    break;
  case "writes that nobody awaits":
    void putAll();
    otherDict.put("sync", "too");
    void dict.bput([["batch", "too"]]);
    break;
  case "process.exit in the middle":
    void putAll();
    await sleep(Math.random() * 20);
    process.exit(7);
    break;
  case "an uncaught exception":
    void putAll();
    setTimeout(() => {
      throw new Error("uncaught on purpose");
    }, 5);
    break;
  case "a signal":
    void putAll();
    process.send?.("running");
    setInterval(() => {}, 1000);
    break;
  case "worker threads":
    if (isMainThread) {
      const workers = Array.from({ length: 3 }, () => new Worker(new URL(import.meta.url), { argv: [system, how] }));
      const codes = await Promise.all(workers.map((w) => new Promise((resolve) => w.once("exit", resolve))));
      if (codes.some((code) => code !== 0)) process.exitCode = 9;
    }
    for (let i = 0; i < 100; i++) {
      await dict.modify("counter", (old) => String(Number(old ?? 0) + 1));
      otherDict.modify("counter", (old) => String(Number(old ?? 0) + 1));
    }
    break;
  case "a writer thread that dies": {
    // The thread is not to be had from outside; this is the door.
    const post = Worker.prototype.postMessage;
    let thread: Worker | undefined;
    Worker.prototype.postMessage = function (this: Worker, ...args: Parameters<typeof post>) {
      thread = this;
      return post.apply(this, args);
    } as typeof post;
    await dict.put("before", "1");
    const writes = putAll();
    await Promise.resolve();
    await thread?.terminate();
    const results = await Promise.allSettled(writes);
    const failed = results.filter((r): r is PromiseRejectedResult => r.status === "rejected");
    const codes = new Set(failed.map(({ reason }) => (reason as { code?: string }).code));
    console.log(JSON.stringify({ failed: failed.length, codes: [...codes] }));
    for (const [i, { status }] of results.entries())
      if (status === "fulfilled" && !(await dict.has(`key ${i}`))) console.log(`key ${i} was acknowledged and is lost`);
    await dict.put("after", "2");
    otherDict.put("sync", "3");
    await Promise.all(putAll());
    await c.close();
    break;
  }
  default:
    throw new Error(how);
}
