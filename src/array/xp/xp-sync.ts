/** `xp`, blocking. */
import { Arr } from "../darray-sync.ts";
import { createOperations } from "./operations.ts";
import type { Xp } from "./types.ts";

/** Computing with arrays bigger than memory: see {@link Xp}. */
export const xp: Xp<"sync"> = createOperations((source) => new Arr(source)) as unknown as Xp<"sync">;
