/** One clear sentence on a Node that is too old. Written so that Node 20 parses it; imported before anything else. */

const [major = 0] = process.versions.node.split(".").map(Number);

if (major < 24) {
  const error = new Error(`tsdaos needs Node 24 or newer; this is Node ${process.versions.node}.`);
  error.stack = error.message;
  throw error;
}
