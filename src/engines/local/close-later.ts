/** Closing files on another thread: to close the last one that has a deleted file open frees it, which takes long. */
import { close, closeSync } from "node:fs";

/** What Node keeps of each until the event loop turns is a kilobyte; a blocking program may never let it. */
const UNTOLD_MAX = 16_384;

let untold = 0;

/** Closes a file, some time soon. */
export function closeLater(fd: number): void {
  if (untold === UNTOLD_MAX) {
    closeSync(fd);
    return;
  }
  untold++;
  close(fd, () => {
    untold--;
  });
}
