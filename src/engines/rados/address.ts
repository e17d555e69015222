/** `rados:` URLs: which cluster, as which Ceph user. Pure. */
import { isAbsolute } from "node:path";
import type { SystemAddress } from "../../engine/contract.ts";
import { DaosError } from "../../errors.ts";
import type { ClusterOptions } from "../../ffi/cluster.ts";

/** What librados is told to connect. DER_INVAL for a URL that makes no sense. */
export function clusterOptions({ url, timeout }: SystemAddress): ClusterOptions {
  const invalid = (detail: string): DaosError =>
    new DaosError("DER_INVAL", `invalid system ${JSON.stringify(url.href)}`, { detail });
  if (url.host !== "")
    throw invalid("a rados: URL names no host but a file; write three slashes, as in rados:///etc/ceph/ceph.conf");
  const conf = decodeURIComponent(url.pathname);
  if (conf !== "" && !isAbsolute(conf)) throw invalid("the path of Ceph's configuration file is absolute");
  const id = url.searchParams.get("id") ?? "admin";
  if (id === "" || id.startsWith("client.")) throw invalid("id is the Ceph user without client., such as admin");
  const keyring = url.searchParams.get("keyring");
  if (keyring !== null && !isAbsolute(keyring)) throw invalid("keyring is the absolute path of a file");
  // librados knows whole seconds, and 0 as "for ever".
  const seconds = Number.isFinite(timeout) ? String(Math.max(1, Math.ceil(timeout / 1000))) : "0";
  return {
    conf: conf === "" ? undefined : conf,
    id,
    settings: {
      ...(keyring === null ? {} : { keyring }),
      client_mount_timeout: seconds === "0" ? "2147483" : seconds,
      rados_mon_op_timeout: seconds,
      rados_osd_op_timeout: seconds,
      // Look after lost operations each second: the default of 10 is how long the death of an OSD could be felt.
      objecter_timeout: "1",
      // The calling thread, so JavaScript's, would wait at these limits; the engine bounds by itself what it sends.
      objecter_inflight_ops: "65536",
      objecter_inflight_op_bytes: "8589934592",
      // Two clients of one process would quarrel over the socket, and a library has nothing to say on stderr.
      admin_socket: "",
      log_to_stderr: "false",
      err_to_stderr: "false",
    },
  };
}
