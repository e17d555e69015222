/** Prototypes of libduns, DAOS's unified namespace: paths in file systems that stand for containers (header `daos_uns.h`). */
import { type Library, loadLibrary } from "./koffi.ts";

const ADDRESS = "uintptr_t";

function declare(library: Library) {
  return {
    // path, in and out struct duns_attr_t; 0 or an errno
    resolvePath: library.func("duns_resolve_path", "int", ["str", ADDRESS]),
    // frees what the struct points to
    destroyAttr: library.func("duns_destroy_attr", "void", [ADDRESS]),
  };
}

/** The functions of libduns that tsdaos calls. */
export type LibDuns = ReturnType<typeof declare>;

const INSTALL =
  "DAOS's client packages (libduns.so), or set LD_LIBRARY_PATH to their directory before the program starts";

let loaded: LibDuns | undefined;

/** libduns, loaded once. DER_NOSYS, naming what to install, when it or koffi is not there. */
export function libduns(): LibDuns {
  loaded ??= declare(loadLibrary("libduns.so", INSTALL));
  return loaded;
}
