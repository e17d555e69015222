/** The verbs of `daos pool`. */
import { POOL, type Verb } from "../call.ts";

export const poolVerbs: readonly Verb[] = [
  {
    name: "create",
    about: "create a pool",
    notes:
      "On the local engine a pool is a directory. Without --mode it is its owner's alone (0700);\n" +
      "a pool that a group may use has 0770.",
    words: [{ name: "label", about: "label of the new pool: 1 to 127 of A-Z a-z 0-9 : . - _" }],
    options: [["--mode <octal>", "permission bits of the pool, such as 0770 (default: 0700)"]],
    examples: ["pool create tank", "pool create shared --mode 0770"],
    load: () => import("./create.ts"),
  },
  {
    name: "list",
    about: "list the pools that you may use",
    words: [],
    examples: ["pool list", "-j pool list"],
    load: () => import("./list.ts"),
  },
  {
    name: "query",
    about: "show a pool, its containers and its space",
    words: [POOL],
    examples: ["pool query tank", "-j pool query tank"],
    load: () => import("./query.ts"),
  },
  {
    name: "destroy",
    about: "destroy a pool",
    words: [POOL],
    options: [["-f, --force", "also when it has containers: they are destroyed with all that is in them"]],
    examples: ["pool destroy tank", "pool destroy tank --force"],
    load: () => import("./destroy.ts"),
  },
];
