/** A page has a record more than was asked for. */
import { broken } from "./wrap.ts";

export const engine = broken({ kv: (kv) => ({ list: (q, o) => kv.list({ ...q, limit: q.limit + 1 }, o) }) });
