/** A closed container goes on working. */
import { broken } from "./wrap.ts";

export const engine = broken({ container: () => ({ close: () => undefined }) });
