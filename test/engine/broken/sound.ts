/** No fault at all: what the suite says of this one it does not say because of the wrapping. */
import { broken } from "./wrap.ts";

export const engine = broken({});
