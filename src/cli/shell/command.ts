/** The declaration of `daos shell`. */
import type { Verb } from "../call.ts";

export const shellVerb: Verb = {
  name: "shell",
  about: "a Node REPL with top-level await and the container open as dcont",
  notes:
    "Lines may also come from a pipe; then nothing but results is printed, and a line that fails makes the status 1.\n" +
    "The history is kept in $XDG_STATE_HOME/tsdaos/history (~/.local/state/tsdaos/history).",
  onContainer: true,
  words: [],
  options: [
    ["--sync", "the blocking face: dcont and its dictionaries answer without await"],
    ["--read-only", "open the container so that nothing can be written"],
  ],
  examples: ["shell tank neo", "shell tank neo --sync", "shell tank neo < script.js"],
  load: () => import("./shell.ts"),
};
