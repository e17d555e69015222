/** The verbs of `daos cont`. */
import { POOL, type Verb } from "../call.ts";

export const containerVerbs: readonly Verb[] = [
  {
    name: "create",
    about: "create a container in a pool",
    notes:
      "Dictionaries live in containers of type PYTHON; without --type it is unknown, as in DAOS.\n" +
      "Types: PYTHON, POSIX, HDF5, SPARK, DATABASE, ROOT, SEISMIC, METEO, unknown.",
    words: [
      POOL,
      { name: "label", about: "label of the new container; without one it has its UUID only", optional: true },
    ],
    options: [
      ["-l, --label <label>", "the label, as DAOS 2.2 takes it"],
      ["-t, --type <type>", "layout of the container (default: unknown)"],
      ["-d, --path <file>", "leave a unified-namespace file that names the container; other verbs take it by --path"],
      ["--properties <list>", "properties, name:value,name:value"],
    ],
    examples: [
      "cont create tank --label neo --type PYTHON",
      "cont create tank neo --type PYTHON",
      "cont create tank neo --type PYTHON --path ./neo.daos",
    ],
    load: () => import("./create.ts"),
  },
  {
    name: "list",
    about: "list the containers of a pool",
    words: [POOL],
    examples: ["cont list tank", "-j cont list tank"],
    load: () => import("./list.ts"),
  },
  {
    name: "query",
    about: "show a container",
    onContainer: true,
    words: [],
    examples: ["cont query tank neo", "cont query --path ./neo.daos"],
    load: () => import("./query.ts"),
  },
  {
    name: "get-prop",
    about: "show the properties of a container",
    onContainer: true,
    words: [],
    examples: ["cont get-prop tank neo"],
    load: () => import("./get-prop.ts"),
  },
  {
    name: "destroy",
    about: "destroy a container and all that is in it",
    onContainer: true,
    words: [],
    options: [["-f, --force", "also when it is open somewhere"]],
    examples: ["cont destroy tank neo", "cont destroy tank neo --force"],
    load: () => import("./destroy.ts"),
  },
  {
    name: "check",
    about: "look for what is wrong in a container",
    notes:
      "Checks the integrity of the storage, counts against records, names against objects, and looks for orphans.\n" +
      "Exits with status 1 when something is wrong and was not mended.",
    onContainer: true,
    words: [],
    options: [["--repair", "mend what can be mended without losing data"]],
    examples: ["cont check tank neo", "cont check tank neo --repair"],
    load: () => import("./check.ts"),
  },
  {
    name: "list-objects",
    about: "list the named objects of a container with their ids",
    onContainer: true,
    words: [],
    examples: ["cont list-objects tank neo"],
    load: () => import("./list-objects.ts"),
  },
  {
    name: "backup",
    about: "copy a container while others go on writing",
    onContainer: true,
    words: [{ name: "directory", about: "where the copy goes; a new directory" }],
    examples: ["cont backup tank neo /backup/neo-monday"],
    load: () => import("./backup.ts"),
  },
];
