/** The declaration of `daos completion`. */
import type { Command } from "commander";
import type { Verb } from "../call.ts";

/** @param program - gives the tree that is to be completed. */
export function completionVerb(program: () => Command): Verb {
  return {
    name: "completion",
    about: "print a script that completes commands and options in your shell",
    notes:
      'bash: eval "$(daos completion bash)" in ~/.bashrc\n' +
      'zsh:  eval "$(daos completion zsh)" in ~/.zshrc, after compinit\n' +
      "fish: daos completion fish > ~/.config/fish/completions/daos.fish",
    words: [{ name: "shell", about: "bash, zsh or fish" }],
    examples: ["completion bash", "completion zsh", "completion fish"],
    load: async () => {
      const { complete } = await import("./complete.ts");
      return { run: async (call) => complete(program(), call.word("shell")) };
    },
  };
}
