#!/usr/bin/env node
// Plain JavaScript that every Node since 14 parses: an old one gets a sentence, not a SyntaxError.
const [major] = process.versions.node.split(".").map(Number);

if (major < 24) {
  process.stderr.write(`ERROR: daos: tsdaos needs Node 24 or newer; this is Node ${process.versions.node}.\n`);
  process.exitCode = 1;
} else {
  import("../dist/cli/main.js").then(
    ({ main }) => main(),
    (error) => {
      const why = error.code === "ERR_MODULE_NOT_FOUND" ? "it is not built; run npm run build" : error.message;
      process.stderr.write(`ERROR: daos: tsdaos cannot start: ${why}\n`);
      process.exitCode = 1;
    },
  );
}
